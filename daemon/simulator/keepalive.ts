// SPDX-License-Identifier: Apache-2.0
import type { Ipv4 } from '#protocols/lib/ipv4'
import { StepFailure } from './failure.ts'
import type { PhoneIdentity } from './identity.ts'

export type Status = 'started' | 'registered' | 'unregistered' | 'offline'

export interface StatusFacts {
  readonly identity: PhoneIdentity
  readonly status: Status
  readonly firmware: string
  readonly userAgent: string
  readonly address: Ipv4
  readonly mask: Ipv4
  /** Eight hex digits. */
  readonly sessionId: string
  /** `ems_server/user_name`. */
  readonly emsUser: string
  /** 32 hex digits; how real phones compute them is not public. */
  readonly emsDigest: string
}

/** A report on its way: what to post, and where. */
export interface StatusReport {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** `base` is `ems_server/provisioning/url`. UC firmware sends no Content-Type, the older one a form's. */
export function statusReport(base: string, facts: StatusFacts): StatusReport {
  const url = `${base.trim().replace(/\/+$/, '')}/rest/v1/ipphoneMgrStatus/keep-alive`
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new StepFailure('ems_server/provisioning/url not understood')
  const form = facts.firmware.startsWith('UC_') ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' }
  return {
    url: new URL(url),
    headers: { 'User-Agent': facts.userAgent, Accept: '*/*', ...form },
    body: reportBody(facts),
  }
}

/** The report as a phone writes it: strings only, and with the UC firmware's comma before the closing brace. */
function reportBody(facts: StatusFacts): Uint8Array {
  const { identity, status, firmware } = facts
  const signedIn = status === 'registered'
  const json = JSON.stringify({
    sessionId: facts.sessionId,
    emsUserName: facts.emsUser,
    emsUserPassword: facts.emsDigest,
    mac: identity.mac,
    ip: facts.address,
    subnet: facts.mask,
    model: identity.model,
    fwVersion: firmware,
    userAgent: facts.userAgent,
    userName: signedIn ? identity.userName : '',
    userId: signedIn ? identity.userId : '',
    status,
    phoneNumber: signedIn ? identity.phoneNumber : '',
    location: identity.location,
    sipProxy: '',
  })
  return new TextEncoder().encode(firmware.startsWith('UC_') ? `${json.slice(0, -1)},}` : json)
}

/** The names of the commands in an answer; throws a StepFailure when it is not one. */
export function readAnswer(body: string): string[] {
  if (body.trim() === '') throw new StepFailure('empty answer')
  const answer = parse(body)
  const requests = isRecord(answer) ? answer.requests : undefined
  if (!Array.isArray(requests)) throw new StepFailure('answer without requests')
  return requests.slice(0, 3).map(commandOf)
}

/** A pending action is JSON within a JSON string. */
function commandOf(request: unknown): string {
  const command = typeof request === 'string' ? parse(request) : undefined
  if (!isRecord(command) || typeof command.cmd !== 'string') throw new StepFailure('command not understood')
  return command.cmd
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new StepFailure('answer is not JSON')
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

// SPDX-License-Identifier: Apache-2.0
import type { HandlerAnswer, HttpHandler, PhoneRequest } from '#protocols/http/port'
import type { Evidence } from '#protocols/lib/exchange'
import { parseIpv4 } from '#protocols/lib/ipv4'
import { decode } from './codec.ts'
import { keepalivePath } from './path.ts'
import type { KeepalivePort, StatusReport } from './port.ts'
import { respond } from './reply.ts'

/** Takes the phones' reports of themselves. A body that cannot be read throws MalformedPacket: the front answers 400. */
export class KeepaliveHandler implements HttpHandler {
  readonly name = 'keepalive'
  readonly bodyLimit = 64 * 1024
  readonly #port: KeepalivePort

  constructor(port: KeepalivePort) {
    this.#port = port
  }

  matches(method: string, path: string): boolean {
    return method === 'POST' && keepalivePath(path) !== undefined
  }

  async handle({ path, body, peer, headers }: PhoneRequest): Promise<HandlerAnswer> {
    const { operation, prefix } = keepalivePath(path) ?? { operation: 'keep-alive', prefix: [] }
    const { report, whole } = decode(body, { operation, peer, prefix })
    const answer = await this.#port.report(report)
    const reply = respond(answer, whole)
    const evidence = evidenceOf(report, headers['user-agent'])
    return answer.kind === 'refused' ? { reply, reason: answer.reason, evidence } : { reply, evidence }
  }
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

function evidenceOf({ mac, status, model, firmware, ip }: StatusReport, userAgent: string | undefined): Evidence {
  const evidence: Mutable<Evidence> = { mac, status, model, firmware }
  const address = parseIpv4(ip)
  if (address !== undefined) evidence.address = address
  if (userAgent !== undefined) evidence.userAgent = userAgent
  return evidence
}

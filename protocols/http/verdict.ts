// SPDX-License-Identifier: Apache-2.0
import type { Ending, Evidence } from '#protocols/lib/exchange'
import type { MalformedPacket } from '#protocols/lib/malformed'
import type { HandlerAnswer, HttpReply } from './port.ts'
import { statusReply } from './reply.ts'

/** What becomes of one request. */
export interface Verdict {
  readonly ending: Ending
  readonly reply: HttpReply
  readonly reason: string | undefined
  readonly evidence: Evidence
  /** The rest of what the client sends cannot be trusted to begin with a request. */
  readonly closes: boolean
}

/** By the code of the MalformedPacket; 400 for all others. */
const STATUS_OF: Readonly<Record<string, number>> = { 'target-too-long': 414, timeout: 408, 'head-too-large': 431 }

/** The request is not what it should be. A handler's decoder may say why: that sentence is sent along. */
export function malformed({ code, message }: MalformedPacket, evidence: Evidence, closes: boolean): Verdict {
  const status = STATUS_OF[code] ?? 400
  const said = message === code ? statusReply(status) : plainText(status, message)
  return { ending: 'malformed', reply: said, reason: code, evidence, closes }
}

export function refused(
  status: number,
  reason: string,
  evidence: Evidence,
  closes: boolean,
  headers?: Readonly<Record<string, string>>,
): Verdict {
  return { ending: 'refuse', reply: statusReply(status, headers), reason, evidence, closes }
}

/** Our own failure; the client learns nothing of it but the status. */
export function failed(error: unknown, evidence: Evidence): Verdict {
  const reason = (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, 200)
  return { ending: 'fault', reply: statusReply(500), reason, evidence, closes: false }
}

/** A handler's answer; a `connection: close` among its headers closes. `sender` is kept where the handler left it out. */
export function decided({ reply, reason, evidence: found }: HandlerAnswer, sender: Evidence): Verdict {
  const refuses = reply.kind === 'body' && reply.status >= 400
  const closes = reply.kind === 'body' && reply.headers?.connection === 'close'
  // Copying an object costs more than all else here: handlers name the user agent themselves.
  const evidence = found.userAgent === sender.userAgent ? found : { ...sender, ...found }
  return { ending: refuses ? 'refuse' : 'reply', reply, reason, evidence, closes }
}

function plainText(status: number, sentence: string): HttpReply {
  return { kind: 'body', status, contentType: 'text/plain; charset=utf-8', body: Buffer.from(`${sentence}\n`, 'utf8') }
}

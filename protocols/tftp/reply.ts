// SPDX-License-Identifier: Apache-2.0
import type { Outcome } from '#protocols/server'
import { ERROR_CODES, type TftpRequest } from './codec.ts'
import { negotiate, type Terms } from './options.ts'
import type { TftpAnswer, TftpFile } from './port.ts'

/** A file to send, and the terms agreed for it. */
export interface Delivery {
  readonly file: TftpFile
  readonly netascii: boolean
  readonly terms: Terms
}

export interface Refusal {
  readonly kind: 'refuse'
  readonly code: number
  readonly reason: string
}

/** What is refused before anybody looks for a file: this server only sends, in `octet` or `netascii`. */
export function screen(request: TftpRequest): Refusal | undefined {
  if (request.kind === 'WRQ') {
    return { kind: 'refuse', code: ERROR_CODES.accessViolation, reason: 'this server takes no files' }
  }
  if (request.mode === 'octet' || request.mode === 'netascii') return undefined
  // `mail` was only ever for writing [RFC1350 §1], and should not be served at all [RFC1123 §4.2.2.1].
  const reason = request.mode === 'mail' ? 'mail mode is not served' : 'unknown transfer mode'
  return { kind: 'refuse', code: ERROR_CODES.illegalOperation, reason }
}

export function respond(request: TftpRequest, answer: TftpAnswer, maxWindow: number): Outcome<Delivery> {
  if (answer.kind === 'refuse') return { kind: 'refuse', code: answer.code, reason: answer.reason }
  const netascii = request.mode === 'netascii'
  // The converted length is known only at the end, so tsize stays unanswered [RFC2349].
  const terms = negotiate(request.options, { size: netascii ? undefined : answer.file.size, maxWindow })
  return { kind: 'reply', reply: { file: answer.file, netascii, terms } }
}

// SPDX-License-Identifier: Apache-2.0
import { type Control, type LdapRequest, type LdapResponse, type LdapResult, OID, RESULT } from './messages.ts'

/** An answer, and the controls that go with it. */
export interface Reply {
  readonly op: LdapResponse
  readonly controls?: readonly Control[]
}

export function result(code: number, message = '', matchedDn = ''): LdapResult {
  return { code, matchedDn, message }
}

/** The response that ends `request`; undefined for the two that have none [RFC4511 §4.3, §4.11]. */
export function respond(request: LdapRequest, outcome: LdapResult): LdapResponse | undefined {
  switch (request.kind) {
    case 'bind':
      return { kind: 'bindResponse', result: outcome }
    case 'search':
      return { kind: 'searchDone', result: outcome }
    case 'compare':
      return { kind: 'compareResponse', result: outcome }
    case 'extended':
      return { kind: 'extendedResponse', result: outcome }
    case 'unbind':
    case 'abandon':
      return undefined
    default:
      return { kind: 'writeResponse', operation: request.kind, result: outcome }
  }
}

/** Told unasked before we hang up [RFC4511 §4.4.1]. */
export function noticeOfDisconnection(code: number, message: string): LdapResponse {
  return { kind: 'extendedResponse', result: result(code, message), oid: OID.noticeOfDisconnection }
}

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(RESULT).map(([name, code]) => [code, name]))

/** `success`, `noSuchObject`, …: how a result is called in logs and metrics. */
export function resultName(code: number): string {
  return NAMES.get(code) ?? `code ${code}`
}

/** Codes with which a request got what it asked for, as far as limits let it. */
export function isAnswer(code: number): boolean {
  return code === RESULT.success || code === RESULT.compareTrue || code === RESULT.compareFalse || isPartial(code)
}

function isPartial(code: number): boolean {
  return code === RESULT.sizeLimitExceeded || code === RESULT.timeLimitExceeded
}

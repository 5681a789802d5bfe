// SPDX-License-Identifier: Apache-2.0

/** `temporary` may be tried again; `missing` is an answer (there is no such file); `final` is everything else. */
export type FailureKind = 'temporary' | 'missing' | 'final'

/** A step of a boot that did not work out. The message is the reason in the report, so it comes from few words. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure'
  readonly kind: FailureKind

  constructor(reason: string, kind: FailureKind = 'final') {
    super(reason)
    this.kind = kind
  }
}

/** The simulator was told to stop; no fault of the phone or of the server. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

const ERRNO: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'leased address is not on this machine (--no-bind-leased)',
  EADDRINUSE: 'no local port left',
  EMFILE: 'no file descriptor left',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'no such host',
}

const PASSING = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EADDRINUSE', 'EMFILE', 'EAI_AGAIN'])

/** Whatever was thrown, as a step failure. */
export function asFailure(error: unknown): StepFailure {
  if (error instanceof StepFailure) return error
  if (!(error instanceof Error)) return new StepFailure(printable(String(error)))
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const reason = code === undefined ? printable(error.message) : (ERRNO[code] ?? code)
  return new StepFailure(reason, code !== undefined && PASSING.has(code) ? 'temporary' : 'final')
}

/** Text that a peer chose, made safe for a terminal: printable ASCII only, at most 60 characters. */
export function printable(text: string): string {
  return text
    .slice(0, 200)
    .replaceAll(/[^\x21-\x7e]+/g, ' ')
    .trim()
    .slice(0, 60)
}

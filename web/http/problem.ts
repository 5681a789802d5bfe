// SPDX-License-Identifier: Apache-2.0
import { STATUS_CODES } from 'node:http'

/** An error answer that programs can read [RFC 9457]. */
export interface ProblemDetails {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly detail: string
}

/** Thrown by routes for programs; `message` is the detail, a sentence for the one who called. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly expose = true

  constructor(status: number, detail: string) {
    super(detail)
    this.status = status
  }
}

export function problemDetails(status: number, detail: string): ProblemDetails {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail }
}

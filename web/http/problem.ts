// SPDX-License-Identifier: Apache-2.0
import { STATUS_CODES } from 'node:http'
import type { WebContext } from '#web/context'

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

/** What is wrong with each field, for answers 422 [RFC 9457 §3.2]. */
export interface FieldProblem {
  readonly field: string
  readonly message: string
}

/** Answers that fields of the request cannot be taken; each with the reason. */
export function answerFieldProblems(ctx: WebContext, detail: string, errors: readonly FieldProblem[]): void {
  ctx.status = 422
  ctx.body = { ...problemDetails(422, detail), errors }
  ctx.type = 'application/problem+json'
}

// SPDX-License-Identifier: Apache-2.0
import { STATUS_CODES } from 'node:http'
import type { Middleware } from 'koa'
import type { NoExtras, Web, WebContext, WebState } from '#web/context'
import { type Message, showMessage } from '#web/pages/message'
import { problemDetails } from './problem.ts'

/** What can be thrown here: our own errors and those of Koa's parts, which carry a status. */
interface StatusError {
  readonly status: number
  readonly message: string
  /** True if the message is meant for the client. */
  readonly expose: boolean
}

/** Turns errors, and paths that no route took, into a page for people or problem details for programs. */
export function errorPages(web: Web): Middleware<WebState, NoExtras> {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && !ctx.body && ctx.respond !== false) answer(web, ctx, 404, '')
      if (ctx.status === 405 && !ctx.body) answer(web, ctx, 405, '')
    } catch (thrown) {
      const error = statusError(thrown)
      if (error.status >= 500 && !error.expose)
        web.onFault(thrown instanceof Error ? thrown : new Error(String(thrown)))
      if (!ctx.headerSent) answer(web, ctx, error.status, error.expose ? error.message : '')
    }
  }
}

function statusError(thrown: unknown): StatusError {
  const { status, expose, message } = (thrown instanceof Error ? thrown : {}) as Partial<StatusError>
  if (typeof status !== 'number' || status < 400 || status > 599) return { status: 500, expose: false, message: '' }
  return { status, expose: expose === true, message: message ?? '' }
}

function answer(web: Web, ctx: WebContext, status: number, detail: string): void {
  ctx.set('Cache-Control', 'no-store')
  if (ctx.path.startsWith('/api/') || ctx.path === '/events') {
    ctx.status = status
    ctx.body = problemDetails(status, detail || sentenceFor(status))
    ctx.type = 'application/problem+json'
    return
  }
  showMessage(web, ctx, status, pageFor(status, detail))
}

function pageFor(status: number, detail: string): Message {
  const title = status === 404 ? 'Page not found' : (STATUS_CODES[status] ?? 'Error')
  return { title, sentence: detail || sentenceFor(status) }
}

function sentenceFor(status: number): string {
  switch (status) {
    case 404:
      return 'There is nothing at this address. It may have been mistyped or moved.'
    case 405:
      return 'This address does not take that kind of request.'
    case 413:
      return 'That was more than this form takes.'
    default:
      return status >= 500
        ? 'The server failed to answer. The fault is in its log; trying again may help.'
        : 'The request could not be understood.'
  }
}

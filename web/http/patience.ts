// SPDX-License-Identifier: Apache-2.0
import type { Middleware } from 'koa'
import type { NoExtras, WebContext, WebState } from '#web/context'

/** A body has come whole within this time, in milliseconds. */
const USUAL = 30_000
/** The same for a large file, as long as something of it comes every now and then. */
const LARGE = { whole: 2 * 3600_000, standstill: 30_000 }

/**
 * Ends connections whose bodies come too slowly. Node's own `requestTimeout` knows one time for all of them, which would
 * be too short for large files or too long for everything else.
 */
export function bodyPatience(usual = USUAL): Middleware<WebState, NoExtras> {
  return async (ctx, next) => {
    const { req } = ctx
    if (req.headers['content-length'] === undefined && req.headers['transfer-encoding'] === undefined) return next()
    wait(ctx, usual)
    req.once('close', () => clearTimeout(ctx.state.deadline))
    await next()
  }
}

/** For routes that take large files: a slow line is fine, one that stands still is not. */
export function takeTime(ctx: WebContext, { whole, standstill } = LARGE): void {
  const { req } = ctx
  if (req.complete) return
  wait(ctx, whole)
  const { socket } = req
  const cut = () => {
    if (!req.complete) socket.destroy()
  }
  socket.setTimeout(standstill, cut)
  const over = () => {
    socket.off('timeout', cut)
    socket.setTimeout(0)
  }
  req.once('end', over)
  req.once('close', over)
}

function wait({ req, state }: WebContext, milliseconds: number): void {
  clearTimeout(state.deadline)
  const cut = () => {
    if (!req.complete) req.socket.destroy()
  }
  state.deadline = setTimeout(cut, milliseconds).unref()
}

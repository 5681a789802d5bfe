// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { clearCookie, getCookie, SESSION_COOKIE, setCookie } from '#web/auth/cookies'
import { safeReturnPath } from '#web/auth/return-path'
import {
  clientAddress,
  formField,
  type NoExtras,
  queryText,
  type Web,
  type WebContext,
  type WebState,
} from '#web/context'
import type { Account } from '#web/port'
import { showPage } from './shell.ts'

const NOTICES = new Map<string, string>([
  ['ended', 'Your session has ended. Sign in again to go on.'],
  ['stale', 'The page had been open for too long. Please try once more.'],
])

/** Longer ones are cut: hashing a megabyte is an attack, not a password. */
const LONGEST = 256
/** Checking a password is slow on purpose; more at once would starve the daemon's other work. */
const MOST_AT_ONCE = 4

export function signInRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  let checking = 0

  router.get('/sign-in', (ctx) => {
    const next = safeReturnPath(queryText(ctx, 'next'))
    if (ctx.state.session) return ctx.redirect(next)
    showForm(web, ctx, { next, notice: NOTICES.get(queryText(ctx, 'why')) ?? '' })
  })

  router.post('/sign-in', async (ctx) => {
    const name = formField(ctx, 'name').trim().slice(0, LONGEST)
    const next = safeReturnPath(formField(ctx, 'next'))
    const refuse = (status: number, error: string, wrong = false) => {
      ctx.status = status
      showForm(web, ctx, { next, name, error, wrong })
    }
    if (checking >= MOST_AT_ONCE) return refuse(503, 'The server is busy. Try again in a moment.')
    checking++
    const result = await web.port.accounts
      .signIn(name, formField(ctx, 'password').slice(0, LONGEST), clientAddress(ctx))
      .finally(() => checking--)
    if (result.kind === 'welcome') {
      enter(web, ctx, result.account)
      const to = result.account.mustChangePassword ? passwordUrl(next) : next
      ctx.redirect(to)
      ctx.status = 303
    } else if (result.kind === 'wait') {
      const seconds = Math.max(1, Math.ceil(result.seconds))
      ctx.set('Retry-After', String(seconds))
      refuse(429, `Too many wrong tries. Wait ${seconds} ${seconds === 1 ? 'second' : 'seconds'}, then try again.`)
    } else refuse(401, 'The name or the password is wrong.', true)
  })

  router.post('/sign-out', (ctx) => {
    leave(web, ctx)
    web.feed.sweep()
    ctx.redirect('/sign-in')
    ctx.status = 303
  })
  return router
}

/** Gives the browser a new session with a new id, whatever it had before. */
export function enter(web: Web, ctx: WebContext, account: Account): void {
  leave(web, ctx)
  setCookie(ctx, SESSION_COOKIE, web.sessions.open(account).id)
}

function leave(web: Web, ctx: WebContext): void {
  const id = getCookie(ctx, SESSION_COOKIE)
  if (id !== undefined) web.sessions.end(id)
  clearCookie(ctx, SESSION_COOKIE)
}

function passwordUrl(next: string): string {
  return next === '/' ? '/password' : `/password?${new URLSearchParams({ next })}`
}

function showForm(
  web: Web,
  ctx: WebContext,
  data: { next: string; name?: string; error?: string; wrong?: boolean; notice?: string },
): void {
  showPage(web, ctx, {
    view: 'sign-in',
    title: 'Sign in',
    data: { name: '', error: '', wrong: false, notice: '', ...data },
  })
}

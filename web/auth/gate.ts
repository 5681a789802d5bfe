// SPDX-License-Identifier: Apache-2.0
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Middleware } from 'koa'
import type { NoExtras, WebContext, WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import { getCookie, SESSION_COOKIE } from './cookies.ts'
import { pathOnHost, safeReturnPath, signInUrl, type Why } from './return-path.ts'
import type { Sessions } from './sessions.ts'

/** The only pages that a visitor without a session may see. */
const OPEN_PATHS = new Set(['/sign-in'])
/** All that an account may do until its one-time password is replaced. */
const BEFORE_NEW_PASSWORD = new Set(['/password', '/sign-out', '/sign-in'])

/** What the local token opens: reading why DHCP did what it did, and all that commands on this machine are for. */
const LOCAL_READ = ['/api/v1/dhcp/', '/api/v1/health']
const LOCAL_WHOLE = [
  ...['/api/v1/alarms', '/api/v1/forwarding', '/api/v1/configuration'],
  ...['/api/v1/scopes', '/api/v1/users', '/api/v1/people', '/api/v1/devices'],
  ...[
    '/api/v1/directory',
    '/api/v1/approvals',
    '/api/v1/jobs',
    '/api/v1/rollouts',
    '/api/v1/changes',
    '/api/v1/drift',
    '/api/v1/placeholders',
    '/api/v1/backups',
    '/api/v1/archive',
    '/api/v1/firmware',
  ],
  ...['/api/v1/files', '/api/v1/pinned', '/api/v1/redirects', '/api/v1/provisioning-name'],
  ...['/api/v1/templates', '/api/v1/template-mapping', '/api/v1/levels'],
]

/**
 * Lets in who has a session and sends everybody else to sign in (and back). A new route is behind it by
 * default: only a change here could open one. `localToken` is known to those who may read the daemon's data folder.
 */
export function gate(sessions: Sessions, localToken?: string): Middleware<WebState, NoExtras> {
  return async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store')
    if (isLocal(ctx) && hasToken(ctx, localToken)) {
      ctx.state.local = true
      return next()
    }
    const id = getCookie(ctx, SESSION_COOKIE)
    const session = id === undefined ? undefined : isBackground(ctx) ? sessions.peek(id) : sessions.use(id)
    if (session) ctx.state.session = session
    else if (!OPEN_PATHS.has(ctx.path)) return turnAway(ctx, id === undefined ? undefined : 'ended')
    if (session?.account.mustChangePassword && !BEFORE_NEW_PASSWORD.has(ctx.path)) return askNewPassword(ctx)
    await next()
  }
}

function isLocal({ method, path }: WebContext): boolean {
  const reads = method === 'GET' || method === 'HEAD'
  const below = (root: string) => path === root || path.startsWith(`${root}/`)
  return LOCAL_WHOLE.some(below) || (reads && LOCAL_READ.some((start) => path.startsWith(start)))
}

/** Compares digests, so that neither time nor length tells anything of the token. */
function hasToken(ctx: WebContext, token: string | undefined): boolean {
  const [, given] = /^Bearer (\S{1,200})$/.exec(ctx.get('Authorization')) ?? []
  if (token === undefined || given === undefined) return false
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}

/** What an open page asks by itself does not keep its session alive. */
function isBackground(ctx: WebContext): boolean {
  return ctx.path === '/events' || ctx.get('X-Background') !== ''
}

function turnAway(ctx: WebContext, why: Why): void {
  if (isForPrograms(ctx)) throw new Problem(401, 'Sign in first: this needs a session.')
  if (ctx.get('HX-Request') !== '') {
    ctx.set('HX-Redirect', signInUrl(pathOnHost(ctx.get('HX-Current-URL'), ctx.host), why))
    ctx.status = 401
    return
  }
  // A form that was sent too late cannot be sent again: go back to the page it was on.
  const asked = ctx.method === 'GET' || ctx.method === 'HEAD'
  const next = asked ? safeReturnPath(ctx.url) : pathOnHost(ctx.get('Referer'), ctx.host)
  ctx.redirect(signInUrl(next, why))
  ctx.status = 303
}

function askNewPassword(ctx: WebContext): void {
  if (isForPrograms(ctx)) throw new Problem(403, 'Replace the one-time password first.')
  if (ctx.get('HX-Request') !== '') ctx.set('HX-Redirect', '/password')
  ctx.redirect('/password')
  ctx.status = 303
}

function isForPrograms(ctx: WebContext): boolean {
  return ctx.path.startsWith('/api/') || ctx.path === '/events'
}

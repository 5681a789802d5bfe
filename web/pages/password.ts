// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { notProved } from '#web/auth/proof'
import { safeReturnPath } from '#web/auth/return-path'
import { formField, type NoExtras, queryText, sessionOf, type Web, type WebContext, type WebState } from '#web/context'
import { showPage } from './shell.ts'
import { enter } from './sign-in.ts'

/** In characters; length is what makes a password hard to guess [NIST SP 800-63B §3.1.1.2]. */
const SHORTEST = 12
const LONGEST = 256

/** One error, beside the field that it is about. */
interface FieldError {
  readonly field: 'current' | 'next' | 'repeat'
  readonly message: string
}

export function passwordRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/password', (ctx) => showForm(web, ctx, safeReturnPath(queryText(ctx, 'next'))))

  router.post('/password', async (ctx) => {
    const { account } = sessionOf(ctx)
    const next = safeReturnPath(formField(ctx, 'return'))
    const error = await change(web, ctx, account.name)
    if (error) {
      ctx.status = 422
      return showForm(web, ctx, next, error)
    }
    web.sessions.endAllOf(account.name)
    enter(web, ctx, { ...account, mustChangePassword: false })
    web.feed.sweep()
    ctx.redirect(next)
    ctx.status = 303
  })
  return router
}

async function change(web: Web, ctx: WebContext, name: string): Promise<FieldError | undefined> {
  const current = formField(ctx, 'current').slice(0, LONGEST)
  const next = formField(ctx, 'next')
  const error = inputError(current, next, formField(ctx, 'repeat'), name)
  if (error) return error
  const wrong = await notProved(web, ctx, current)
  if (wrong !== undefined) return { field: 'current', message: wrong }
  const refusal = await web.port.accounts.changePassword(name, current, next)
  return refusal === undefined ? undefined : { field: 'next', message: refusal }
}

function inputError(current: string, next: string, repeat: string, name: string): FieldError | undefined {
  if (current === '') return { field: 'current', message: 'Enter your current password.' }
  const length = [...next].length
  if (length < SHORTEST) {
    return { field: 'next', message: `It has ${length} characters; at least ${SHORTEST} are needed.` }
  }
  if (length > LONGEST) return { field: 'next', message: `At most ${LONGEST} characters are possible.` }
  if (next === current) return { field: 'next', message: 'It must differ from the current password.' }
  if (next.toLowerCase().includes(name.toLowerCase()) && length < 2 * SHORTEST) {
    return { field: 'next', message: 'It must not contain your user name.' }
  }
  return next === repeat ? undefined : { field: 'repeat', message: 'The two new passwords are not the same.' }
}

function showForm(web: Web, ctx: WebContext, next: string, error?: FieldError): void {
  showPage(web, ctx, {
    view: 'password',
    title: 'Change password',
    data: { next, error, shortest: SHORTEST, forced: sessionOf(ctx).account.mustChangePassword },
  })
}

// SPDX-License-Identifier: Apache-2.0
import { clientAddress, formField, sessionOf, type Web, type WebContext } from '#web/context'
import { form, type Section } from '#web/kit/form'
import { showPage } from '#web/pages/shell'
import { TRAIL } from './words.ts'

/** What is asked before keys or whole backups leave the server: an open screen is not enough for that. */
export interface Again {
  readonly title: string
  readonly why: string
  readonly submit: string
  readonly cancel: string
}

const LONGEST = 256
const SECTIONS: readonly Section[] = [
  {
    fields: [
      {
        ...{ name: 'password', label: 'Your password', kind: 'password', required: true },
        ...{ autocomplete: 'current-password', hint: 'Asked once more, because of what this opens.' },
      },
    ],
  },
]

export function askAgain(web: Web, ctx: WebContext, { title, why, submit, cancel }: Again, error = ''): void {
  const errors = error === '' ? [] : [{ field: 'password', message: error }]
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title, section: 'backup' },
    data: {
      head: { title, lead: why, trail: TRAIL },
      form: form(web, ctx, { action: ctx.path, sections: SECTIONS, errors, submit, cancel }),
    },
  })
}

/** Whether the password that was sent is theirs; when it is not, the page that asks has been answered. */
export async function isThemselves(web: Web, ctx: WebContext, again: Again): Promise<boolean> {
  const { account } = sessionOf(ctx)
  const password = formField(ctx, 'password').slice(0, LONGEST)
  // Through the same throttle as signing in, so that an open screen is no place to guess it.
  const check = await web.port.accounts.signIn(account.name, password, clientAddress(ctx))
  if (check.kind === 'welcome') return true
  ctx.status = 422
  const wait = check.kind === 'wait' ? `Too many wrong tries. Wait ${Math.ceil(check.seconds)} seconds.` : ''
  askAgain(web, ctx, again, wait || 'That is not your password.')
  return false
}

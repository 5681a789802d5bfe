// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { formatMac, type Mac, parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { form, readForm, type Section, type Values } from '#web/kit/form'
import { showMessage } from '#web/pages/message'
import { userText } from '#web/pages/phone-row'
import { showPage } from '#web/pages/shell'
import type { ApprovalsPort, WaitingPhone } from '#web/ports/approvals'
import type { FieldError } from '#web/ports/saved'
import type { ScopesPort } from '#web/ports/scopes'
import { pathText, regionChoices } from './words.ts'

/** Letting one phone in, with its user; or keeping it out. */
export function approvalDeviceRoutes(
  web: Web,
  approvals: ApprovalsPort,
  scopes: ScopesPort,
): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/devices/:mac' })
  const find = (ctx: WebContext, text = ''): WaitingPhone | undefined => {
    const mac = parseMac(text)
    const found = mac && approvals.get(mac)
    if (!found) {
      showMessage(web, ctx, 404, {
        ...{ title: 'No such phone', section: 'approvals' },
        sentence: 'No phone with this MAC address has been seen.',
      })
    }
    return found
  }

  router.get('/approve', (ctx) => {
    const waiting = find(ctx, ctx.params.mac)
    if (!waiting) return
    const { phone } = waiting
    const values = { name: phone.userName, displayName: phone.displayName, phoneNumber: phone.phoneNumber }
    show(web, ctx, scopes, waiting, { values: { ...values, region: phone.scope }, errors: [] })
  })

  router.post('/approve', async (ctx) => {
    const waiting = find(ctx, ctx.params.mac)
    if (!waiting) return
    const { mac } = waiting.phone
    const { values, errors } = readForm(ctx, sectionsOf(scopes, waiting))
    const refused = errors.length > 0 ? errors : await letIn(mac, values, ctx)
    if (refused.length === 0) return goOn(web, ctx, `/devices/${mac}`, 'The phone is let in.')
    ctx.status = 422
    show(web, ctx, scopes, waiting, { values, errors: refused })
  })

  async function letIn(mac: Mac, values: Values, ctx: WebContext): Promise<readonly FieldError[]> {
    const { name = '', displayName = '', phoneNumber = '', region = '', password = '' } = values
    if (name === '') {
      const { changed } = await approvals.approve([mac], region, actorOf(ctx))
      return changed > 0 ? [] : [{ field: '', message: 'It was decided about this phone meanwhile.' }]
    }
    const texts = { name, displayName, phoneNumber, region, lineUri: '', authName: '', language: '' }
    const draft = { ...texts, ...(password !== '' && { password }) }
    const saved = await approvals.approveFor(mac, draft, actorOf(ctx))
    if (saved.kind === 'refused') return saved.errors
    return saved.kind === 'saved' ? [] : [{ field: '', message: 'The phone or the user has gone meanwhile.' }]
  }

  router.get('/reject', (ctx) => {
    const waiting = find(ctx, ctx.params.mac)
    if (!waiting) return
    const { mac } = waiting.phone
    showQuestion(web, ctx, {
      ...{ section: 'approvals', title: 'Keep this phone out?', act: 'Reject', cancel: `/devices/${mac}` },
      sentence: 'Its reports are refused from now on, and it gets no user and no password. You can have it wait again.',
      touches: [formatMac(mac)],
    })
  })
  router.post('/reject', async (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    const { changed } = mac ? await approvals.reject([mac], actorOf(ctx)) : { changed: 0 }
    const told = changed > 0 ? 'The phone is kept out.' : 'Nothing was changed.'
    goOn(web, ctx, mac ? `/devices/${mac}` : '/approvals', told)
  })
  return router
}

function sectionsOf(scopes: ScopesPort, { signsInItself, proposed }: WaitingPhone): readonly Section[] {
  const user: Section = {
    legend: 'Its user',
    hint: signsInItself
      ? 'People sign in on this phone itself: it needs no user of ours.'
      : 'Left empty, the phone is let in without a user. A name that is known gets this phone as a further one.',
    folded: signsInItself,
    fields: [
      { name: 'name', label: 'User name', maxLength: 64, autocomplete: 'off' },
      { name: 'displayName', label: 'Display name', maxLength: 128, autocomplete: 'off' },
      { name: 'phoneNumber', label: 'Phone number', maxLength: 128, autocomplete: 'off' },
      {
        ...{ name: 'password', label: 'SIP password', kind: 'password', maxLength: 128, autocomplete: 'new-password' },
        hint: 'Of a new user; kept encrypted and never shown again. May be left empty.',
      },
    ],
  }
  const place: Section = {
    legend: 'Where it is',
    fields: [
      {
        ...{ name: 'region', label: 'Region or site', kind: 'select', options: regionChoices(scopes) },
        hint: `Its address belongs to ${pathText(scopes, proposed.id)}.`,
      },
    ],
  }
  return [place, user]
}

function show(
  web: Web,
  ctx: WebContext,
  scopes: ScopesPort,
  waiting: WaitingPhone,
  filled: { readonly values: Values; readonly errors: readonly FieldError[] },
): void {
  const { phone } = waiting
  const back = `/devices/${phone.mac}`
  const name = userText(phone) || formatMac(phone.mac)
  showPage(web, ctx, {
    ...{ view: 'command', title: 'Let this phone in', section: 'approvals' },
    data: {
      head: {
        title: 'Let this phone in',
        lead: `${phone.model || 'A phone'}, ${formatMac(phone.mac)}. If it runs, it is told to restart.`,
        trail: [
          { label: 'Approvals', href: '/approvals' },
          { label: name, href: back },
        ],
      },
      form: form(web, ctx, {
        ...{ ...filled, action: ctx.path, sections: sectionsOf(scopes, waiting), submit: 'Let it in', cancel: back },
      }),
    },
  })
}

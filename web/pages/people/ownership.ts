// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { SYSTEM } from '#daemon/domain/scope'
import { formatMac, parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { goOn } from '#web/kit/flash'
import { type Filled, form, readForm, type Section } from '#web/kit/form'
import { showPage } from '#web/pages/shell'
import type { DeviceDetail } from '#web/port'
import type { ScopesPort } from '#web/ports/scopes'
import type { UsersPort } from '#web/ports/users'
import { scopeOptions } from './words.ts'

/** Follows its user, or else its address. */
const FOLLOW = SYSTEM.id

/** Whose a phone is and where: `/devices/<mac>/owner`. */
export function ownershipRoutes(web: Web, users: UsersPort, scopes: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/devices' })
  const known = (text: string | undefined) => {
    const mac = parseMac(text ?? '')
    return mac && web.port.fleet.device(mac)
  }
  router.get('/:mac/owner', (ctx) => {
    const device = known(ctx.params.mac)
    if (!device) return
    const { owner, scope } = device.phone
    show(web, ctx, scopes, device, { values: { owner, scope: scope || FOLLOW }, errors: [] })
  })
  router.post('/:mac/owner', async (ctx) => {
    const device = known(ctx.params.mac)
    if (!device) return
    const { mac } = device.phone
    const filled = readForm(ctx, sections(scopes))
    const { owner = '', scope = '' } = filled.values
    const answers = filled.errors.length > 0 ? [{ kind: 'refused' as const, errors: filled.errors }] : []
    if (answers.length === 0) {
      const [by, place] = [actorOf(ctx), scope === FOLLOW ? '' : scope]
      // Approval comes with an owner: saving the page as it was must not give it.
      if (owner.toLowerCase() !== device.phone.owner) answers.push(refusedOnly(await users.assign(mac, owner, by)))
      if (place !== device.phone.scope) answers.push(refusedOnly(await users.place(mac, place, by)))
    }
    const errors = answers.flatMap((answer) => answer.errors)
    if (errors.length === 0) return goOn(web, ctx, `/devices/${mac}`, 'Saved.')
    ctx.status = 422
    show(web, ctx, scopes, device, { values: filled.values, errors })
  })
  return router
}

function refusedOnly(saved: Awaited<ReturnType<UsersPort['assign']>>): { kind: 'refused'; errors: Filled['errors'] } {
  if (saved.kind === 'refused') return { kind: 'refused', errors: saved.errors }
  const errors = saved.kind === 'conflict' ? [{ field: '', message: 'This phone is not there any more.' }] : []
  return { kind: 'refused', errors }
}

function sections(scopes: ScopesPort): Section[] {
  return [
    {
      fields: [
        {
          ...{ name: 'owner', label: 'User', maxLength: 64 },
          hint: 'Login name of whom it belongs to, which also approves it; empty for nobody.',
        },
        {
          ...{ name: 'scope', label: 'Region or site', kind: 'select' },
          options: scopeOptions(scopes.tree(), 'Not set: that of its user, else of its address'),
          hint: 'Counts unless its user has a region.',
        },
      ],
    },
  ]
}

function show(web: Web, ctx: WebContext, scopes: ScopesPort, { phone }: DeviceDetail, filled: Filled): void {
  const href = `/devices/${phone.mac}`
  const name = formatMac(phone.mac)
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title: 'User and place', section: 'devices' },
    data: {
      head: {
        title: 'User and place',
        trail: [
          { label: 'Devices', href: '/devices' },
          { label: name, href },
        ],
      },
      form: form(web, ctx, {
        ...{ action: ctx.path, cancel: href, submit: 'Save', sections: sections(scopes) },
        ...filled,
      }),
    },
  })
}

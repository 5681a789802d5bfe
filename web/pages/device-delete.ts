// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { formatMac, parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import type { DevicesPort } from '#web/ports/devices'
import { showMessage } from './message.ts'
import { userText } from './phone-row.ts'

/** Forgetting one phone, after a question. */
export function deviceDeleteRoutes(web: Web, devices: DevicesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/devices/:mac/delete' })

  router.get('/', (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    const phone = mac && web.port.fleet.device(mac)?.phone
    if (!phone) return unknown(web, ctx)
    const name = userText(phone) || formatMac(phone.mac)
    showQuestion(web, ctx, {
      ...{ section: 'devices', title: 'Delete this phone?', act: 'Delete the phone', cancel: `/devices/${phone.mac}` },
      sentence:
        'It is forgotten, with its history, its alarms and what waits for it. Its user stays. If it reports again, it is a new phone that waits to be let in; keep it out instead if it shall not come back.',
      touches: [name === formatMac(phone.mac) ? name : `${name}, ${formatMac(phone.mac)}`],
      trail: [
        { label: 'Devices', href: '/devices' },
        { label: name, href: `/devices/${phone.mac}` },
      ],
    })
  })

  router.post('/', async (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    const saved = mac ? await devices.remove(mac, actorOf(ctx)) : { kind: 'conflict' as const }
    if (!mac || saved.kind !== 'saved') return unknown(web, ctx)
    goOn(web, ctx, '/devices', `${formatMac(mac)} is deleted.`)
  })
  return router
}

function unknown(web: Web, ctx: WebContext): void {
  const sentence = 'No phone with this MAC address is known; it may have been deleted already.'
  showMessage(web, ctx, 404, { title: 'No such phone', section: 'devices', sentence })
}

// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Approval } from '#daemon/domain/phone'
import type { PersonalUrl } from '#daemon/domain/phone-secrets'
import { formatMac, parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import type { TimeFormat } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import type { PersonalUrlsPort } from '#web/ports/phone-secrets'
import { showMessage } from './message.ts'
import { userText } from './phone-row.ts'
import type { Tone } from './presence.ts'

const ACTS = {
  renew: {
    title: 'Give it a new personal address?',
    sentence:
      'The phone gets a new address for its file when it next asks from its own place on the network; the old address is worth nothing from now on. Do this when the phone was reset, or when somebody may know the old one.',
    act: 'Give it a new one',
    done: 'The phone gets a new personal address when it next asks for its file.',
  },
  revoke: {
    title: 'Take its personal address back?',
    sentence:
      'The phone gets its file without its user and without passwords from now on, wherever it asks from, until you give it a new address.',
    act: 'Take it back',
    done: 'The phone gets no passwords any more.',
  },
} as const

export function personalUrlRoutes(web: Web, urls: PersonalUrlsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/devices/:mac/personal-url' })
  const deviceOf = (ctx: WebContext & { params: { mac?: string; act?: string } }) => {
    const mac = parseMac(ctx.params.mac ?? '')
    const { act } = ctx.params
    const device = mac && web.port.fleet.device(mac)
    return device && (act === 'renew' || act === 'revoke')
      ? { phone: device.phone, act: act as keyof typeof ACTS }
      : undefined
  }

  router.get('/:act', (ctx) => {
    const found = deviceOf(ctx)
    if (!found) return unknown(web, ctx)
    const { phone, act } = found
    const name = userText(phone) || formatMac(phone.mac)
    const back = `/devices/${phone.mac}`
    const { title, sentence } = ACTS[act]
    showQuestion(web, ctx, {
      ...{ section: 'devices', title, sentence, act: ACTS[act].act, cancel: back },
      touches: [name === formatMac(phone.mac) ? name : `${name}, ${formatMac(phone.mac)}`],
      trail: [
        { label: 'Devices', href: '/devices' },
        { label: name, href: back },
      ],
    })
  })
  router.post('/:act', async (ctx) => {
    const found = deviceOf(ctx)
    if (!found) return unknown(web, ctx)
    const { phone, act } = found
    await urls[act](phone.mac, actorOf(ctx))
    goOn(web, ctx, `/devices/${phone.mac}`, ACTS[act].done)
  })
  return router
}

const STATES: Readonly<Record<PersonalUrl['state'], { readonly badge: string; readonly tone: Tone }>> = {
  none: { badge: 'None yet', tone: 'idle' },
  offered: { badge: 'Not used yet', tone: 'info' },
  held: { badge: 'In use', tone: 'ok' },
  revoked: { badge: 'Taken back', tone: 'warn' },
}

/** The part of the device page that says what guards the phone's passwords. */
export function personalUrlView(url: PersonalUrl, approval: Approval, time: TimeFormat, now: number): object {
  const { mac, state, offeredAt, heldAt, changedBy, withheld } = url
  return {
    state: STATES[state],
    sentence: sentenceOf(url, approval),
    facts: [
      { label: 'Given', moment: offeredAt > 0 ? time.moment(offeredAt, now) : undefined },
      { label: 'First used', moment: heldAt > 0 ? time.moment(heldAt, now) : undefined },
      { label: 'Last changed by', text: changedBy },
    ],
    withheld: withheld && { ...withheld, at: time.moment(withheld.at, now) },
    actions:
      approval !== 'approved'
        ? []
        : [
            ...(state === 'held' || state === 'revoked' || (state === 'offered' && offeredAt > 0)
              ? [{ label: 'Give it a new one', href: `/devices/${mac}/personal-url/renew` }]
              : []),
            ...(state === 'revoked' ? [] : [{ label: 'Take it back', href: `/devices/${mac}/personal-url/revoke` }]),
          ],
  }
}

function sentenceOf({ state, offeredAt }: PersonalUrl, approval: Approval): string {
  if (approval !== 'approved')
    return 'It gets one when it is approved. Until then its file holds neither its user nor passwords.'
  switch (state) {
    case 'none':
      return 'It gets one when it next asks for its file from its own place on the network.'
    case 'offered':
      return offeredAt === 0
        ? 'It gets a new one when it next asks for its file from its own place on the network.'
        : 'It stands in the phone’s file. From its first use on, the file by any other address holds no passwords.'
    case 'held':
      return 'Its file holds passwords only when it is asked for by this address.'
    case 'revoked':
      return 'Its file holds neither its user nor passwords until you give it a new one.'
  }
}

function unknown(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    ...{ title: 'No such phone', section: 'devices' },
    sentence: 'No phone with this MAC address has been seen, or there is no such page.',
  })
}

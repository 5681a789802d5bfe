// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import {
  type Command,
  type CommandKind,
  type CommandState,
  isCommandKind,
  isOpen,
  proofOf,
} from '#daemon/domain/command'
import type { Phone } from '#daemon/domain/phone'
import { formatMac, type Mac, parseMac } from '#protocols/lib/mac'
import { actorOf, formField, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import type { TimeFormat } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { form, readForm, type Section } from '#web/kit/form'
import type { CommandsPort } from '#web/ports/commands'
import { showMessage } from './message.ts'
import { userText } from './phone-row.ts'
import type { Tone } from './presence.ts'
import { showPage } from './shell.ts'

const WORDS: Readonly<Record<CommandKind, { readonly title: string; readonly what: string; readonly done: string }>> = {
  restart: {
    title: 'Restart',
    what: 'The phone starts anew and fetches its configuration. A call on it is cut off.',
    done: 'The phone is being told to restart.',
  },
  check: {
    title: 'Check configuration',
    what: 'The phone fetches its configuration and, where it is newer, its firmware; it restarts only if it must.',
    done: 'The phone is being told to check its configuration.',
  },
  'update firmware': {
    title: 'Update firmware',
    what: 'The phone fetches the image that is chosen for it if its own is another one, and restarts with it.',
    done: 'The phone is being told to update its firmware.',
  },
  'factory reset': {
    title: 'Factory reset',
    what: 'The phone forgets all its settings and starts as if it were new.',
    done: 'The phone is being told to forget its settings.',
  },
  message: { title: 'Message', what: '', done: 'The message is on its way.' },
}

const STATES: Readonly<Record<CommandState, { readonly badge: string; readonly tone: Tone }>> = {
  waiting: { badge: 'Waiting', tone: 'info' },
  trying: { badge: 'Being told', tone: 'info' },
  accepted: { badge: 'Told', tone: 'info' },
  confirmed: { badge: 'Done', tone: 'ok' },
  failed: { badge: 'Failed', tone: 'bad' },
  expired: { badge: 'Expired', tone: 'warn' },
  cancelled: { badge: 'Cancelled', tone: 'idle' },
}

const MESSAGE: readonly Section[] = [
  {
    fields: [
      {
        ...{ name: 'text', label: 'Text', kind: 'textarea', rows: 4, maxLength: 500, required: true, wide: true },
        hint: 'Sent as a SIP message; whether a phone shows it depends on its firmware.',
      },
    ],
  },
]

/** A page to confirm each command, and the posts behind them. */
export function commandRoutes(web: Web, commands: CommandsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/devices/:mac/commands' })

  router.get('/message', (ctx) => showText(web, ctx, phoneOf(web, ctx.params.mac), {}))
  router.get('/cancel', (ctx) => {
    const phone = phoneOf(web, ctx.params.mac)
    if (!phone) return unknown(web, ctx)
    const sentence = 'The phone will not be told. What it was told already cannot be taken back.'
    ask(web, ctx, phone, { title: 'Cancel the command?', sentence, act: 'Do not tell it', id: queryText(ctx, 'id') })
  })
  router.get('/:kind', (ctx) => {
    const kind = (ctx.params.kind ?? '').replace('-', ' ')
    const phone = phoneOf(web, ctx.params.mac)
    if (!phone || !isCommandKind(kind)) return unknown(web, ctx)
    const { title, what } = WORDS[kind]
    ask(web, ctx, phone, { title: `${title}?`, sentence: what, act: title })
  })

  router.post('/message', async (ctx) => {
    const phone = phoneOf(web, ctx.params.mac)
    if (!phone) return unknown(web, ctx)
    const { values, errors } = readForm(ctx, MESSAGE)
    const text = values.text ?? ''
    const saved =
      errors.length > 0
        ? { kind: 'refused' as const, errors }
        : await commands.submit(phone.mac, { kind: 'message', text }, actorOf(ctx))
    if (saved.kind === 'saved') return goOn(web, ctx, `/devices/${phone.mac}`, WORDS.message.done)
    if (saved.kind === 'conflict') return unknown(web, ctx)
    ctx.status = 422
    showText(web, ctx, phone, { values, errors: saved.errors })
  })
  router.post('/cancel', async (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    if (!mac) return unknown(web, ctx)
    const saved = await commands.cancel(mac, formField(ctx, 'id'), actorOf(ctx))
    goOn(web, ctx, `/devices/${mac}`, saved.kind === 'saved' ? 'Cancelled.' : 'It was too late: the phone was told.')
  })
  router.post('/:kind', async (ctx) => {
    const kind = (ctx.params.kind ?? '').replace('-', ' ')
    const phone = phoneOf(web, ctx.params.mac)
    if (!phone || !isCommandKind(kind)) return unknown(web, ctx)
    const saved = await commands.submit(phone.mac, { kind }, actorOf(ctx))
    if (saved.kind === 'conflict') return unknown(web, ctx)
    const told = saved.kind === 'saved' ? WORDS[kind].done : (saved.errors[0]?.message ?? 'It was not told.')
    goOn(web, ctx, `/devices/${phone.mac}`, told)
  })
  return router
}

/** For the part of the device page that lists what the phone was told. */
export function commandsView(commands: CommandsPort, mac: Mac, time: TimeFormat, now: number): object {
  return {
    mac,
    actions: [
      { label: 'Restart', href: `/devices/${mac}/commands/restart` },
      { label: 'Check configuration', href: `/devices/${mac}/commands/check` },
      { label: 'Update firmware', href: `/devices/${mac}/commands/update-firmware` },
      { label: 'Send a message', href: `/devices/${mac}/commands/message` },
      { label: 'Factory reset', href: `/devices/${mac}/commands/factory-reset` },
      { label: 'Delete', href: `/devices/${mac}/delete` },
    ],
    rows: commands.of(mac).map((command) => rowOf(mac, command, time, now)),
  }
}

function rowOf(mac: Mac, command: Command, time: TimeFormat, now: number): object {
  const { id, kind, text, by, at, state, reason, attempts, expiresAt } = command
  return {
    title: kind === 'message' ? `Message: ${text}` : WORDS[kind].title,
    by,
    at: time.moment(at, now),
    state: STATES[state],
    waits: isOpen(command) && state !== 'waiting' && state !== 'trying' ? proofOf(command) : '',
    cancel: state === 'waiting' ? `/devices/${mac}/commands/cancel?id=${id}` : '',
    reason,
    expires: state === 'waiting' ? time.moment(expiresAt, now) : undefined,
    attempts: attempts.map(({ way, detail, at: tried }) => ({
      text: `${way === 'sip' ? 'SIP' : 'Keep-alive'}: ${detail}`,
      at: time.moment(tried, now),
    })),
  }
}

interface Asked {
  readonly title: string
  readonly sentence: string
  readonly act: string
  /** Of the command that is to be cancelled. */
  readonly id?: string
}

function ask(web: Web, ctx: WebContext, phone: Phone, { id, ...question }: Asked): void {
  const name = userText(phone)
  const back = `/devices/${phone.mac}`
  showQuestion(web, ctx, {
    ...{ section: 'devices', ...question, cancel: back },
    touches: [name === '' ? formatMac(phone.mac) : `${name}, ${formatMac(phone.mac)}`],
    trail: [
      { label: 'Devices', href: '/devices' },
      { label: name || formatMac(phone.mac), href: back },
    ],
    ...(id !== undefined && { hidden: { id } }),
  })
}

type Filled = Pick<Parameters<typeof form>[2], 'values' | 'errors'>

function showText(web: Web, ctx: WebContext, phone: Phone | undefined, filled: Filled): void {
  if (!phone) {
    unknown(web, ctx)
    return
  }
  const back = `/devices/${phone.mac}`
  const name = userText(phone) || formatMac(phone.mac)
  showPage(web, ctx, {
    ...{ view: 'command', title: 'Send a message', section: 'devices' },
    data: {
      head: {
        title: 'Send a message',
        trail: [
          { label: 'Devices', href: '/devices' },
          { label: name, href: back },
        ],
      },
      form: form(web, ctx, { ...filled, action: ctx.path, sections: MESSAGE, submit: 'Send', cancel: back }),
    },
  })
}

function phoneOf(web: Web, text = ''): Phone | undefined {
  const mac = parseMac(text)
  return mac && web.port.fleet.device(mac)?.phone
}

function unknown(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    ...{ title: 'No such phone', section: 'devices' },
    sentence: 'No phone with this MAC address has been seen, or there is no such command.',
  })
}

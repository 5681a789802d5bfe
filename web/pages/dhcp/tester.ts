// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Explanation } from '#daemon/domain/dhcp/explanation'
import { type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { form, readForm, type Section, type Values } from '#web/kit/form'
import { showPage } from '#web/pages/shell'
import type { DhcpDesk, MadeUp } from '#web/ports/dhcp'
import type { FieldError } from '#web/ports/saved'
import { explanationView } from './explanation.ts'
import { dhcpTabs } from './words.ts'

const PATH = '/dhcp/test'
const HEX = { mono: true, maxLength: 600, hint: 'In hex, e.g. 0x6c6f6262792d31.' }

const SECTIONS: readonly Section[] = [
  {
    fields: [
      { name: 'mac', label: 'MAC address', mono: true, placeholder: '00:90:8f:12:34:56', hint: 'Any client if empty.' },
      {
        ...{ name: 'giaddr', label: 'Relay address (giaddr)', mono: true, placeholder: '10.1.0.1' },
        hint: 'Picks the subnet; empty for our own link.',
      },
      { name: 'vendorClass', label: 'Option 60: vendor class', placeholder: '440HD' },
      { name: 'userClass', label: 'Option 77: user class', placeholder: '440HD' },
      {
        ...{ name: 'ask', label: 'Option 55: asked for', maxLength: 1_000, placeholder: '66, 67, 160' },
        hint: 'Names or codes with commas between; empty asks for everything.',
      },
      {
        ...{ name: 'kind', label: 'Message', kind: 'select', required: true },
        options: [
          { value: 'discover', label: 'DISCOVER: wants an address' },
          { value: 'inform', label: 'INFORM: wants options only' },
        ],
      },
    ],
  },
  {
    legend: 'From the relay (option 82)',
    folded: true,
    fields: [
      { name: 'circuitId', label: 'Circuit', ...HEX },
      { name: 'remoteId', label: 'Remote identifier', ...HEX },
    ],
  },
]

/** `/dhcp/test`: what a message that nobody sent would come to; no address is held and nothing is written. */
export function dhcpTesterRoutes(web: Web, desk: DhcpDesk): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(PATH, (ctx) => {
    const names = SECTIONS.flatMap(({ fields }) => fields.map(({ name }) => name))
    const values = Object.fromEntries(names.map((name) => [name, queryText(ctx, name).slice(0, 256)]))
    show(web, ctx, { ...values, kind: values.kind || 'discover' }, [])
  })
  router.post(PATH, (ctx) => {
    const { values, errors } = readForm(ctx, SECTIONS)
    const made = errors.length > 0 ? { kind: 'refused' as const, errors } : desk.rehearse(messageOf(values))
    if (made.kind === 'saved') return show(web, ctx, values, [], made.value)
    ctx.status = 422
    show(web, ctx, values, made.kind === 'refused' ? made.errors : [])
  })
  return router
}

/** A message as a form or a program describes it; fields that it leaves out are empty. */
export function messageOf(values: Values): MadeUp {
  const { mac = '', vendorClass = '', userClass = '', giaddr = '', circuitId = '', remoteId = '', ask = '' } = values
  const kind = values.kind === 'inform' ? 'inform' : 'discover'
  return { mac, vendorClass, userClass, giaddr, circuitId, remoteId, ask, kind }
}

function show(web: Web, ctx: WebContext, values: Values, errors: readonly FieldError[], found?: Explanation): void {
  showPage(web, ctx, {
    view: 'dhcp/tester',
    title: 'DHCP tester',
    section: 'dhcp',
    data: {
      head: {
        title: 'DHCP tester',
        lead: 'Make up a client, and see what it would get and why. No address is held, and nothing is written.',
      },
      tabs: dhcpTabs(PATH),
      form: form(web, ctx, { action: PATH, sections: SECTIONS, values, errors, submit: 'Try it', twoColumns: true }),
      explanation: found && explanationView(web, found),
    },
  })
}

// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { formatMac, type Mac, parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { goOn } from '#web/kit/flash'
import { type Filled, form, readForm, type Section } from '#web/kit/form'
import { table } from '#web/kit/table'
import type { Tone } from '#web/pages/presence'
import { showPage } from '#web/pages/shell'
import type { NameAnswer, NamePort, RedirectsPort } from '#web/ports/redirects'

const PATH = '/finding'
const SHOWN = 500
const ADD: readonly Section[] = [
  {
    fields: [
      {
        name: 'macs',
        label: 'MAC addresses',
        kind: 'lines',
        rows: 6,
        required: true,
        maxLength: 40_000,
        hint: 'One in each line.',
      },
      {
        ...{ name: 'url', label: 'Folder', placeholder: 'https://other.example/configfiles/', wide: true },
        hint: 'The phone appends <MAC>.cfg. Empty for this server.',
      },
      { name: 'note', label: 'Note', maxLength: 200, wide: true },
    ],
  },
]

const KINDS: Readonly<Record<NameAnswer['kind'], { readonly badge: string; readonly tone: Tone }>> = {
  ours: { badge: 'Finds us', tone: 'ok' },
  other: { badge: 'Leads elsewhere', tone: 'bad' },
  none: { badge: 'No such name', tone: 'idle' },
  failed: { badge: 'No answer', tone: 'warn' },
}

/** How phones find us that DHCP tells nothing: by a name, or through the redirect service. */
export function findingRoutes(web: Web, redirects: RedirectsPort, name: NamePort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: PATH })

  router.get('/', async (ctx) => {
    const all = [...redirects.list()].sort((a, b) => b.at - a.at)
    const { rows } = await name.check()
    const csrf = web.forms.token(ctx)
    showPage(web, ctx, {
      ...{ view: 'finding', title: 'Finding us', section: 'finding' },
      data: {
        head: {
          title: 'Finding us',
          lead: 'How phones find this server where DHCP tells them nothing: by the name ProvisioningServer, or by asking a redirect service for /<MAC>.',
          actions: [{ label: 'Redirect phones', href: `${PATH}/redirect`, look: 'primary' as const }],
        },
        names:
          rows.length > 0 &&
          table(
            'The name in each subnet',
            [{ label: 'Subnet' }, { label: 'Name' }, { label: 'State' }, { label: 'What was found' }],
            rows.map((row) => ({
              cells: [{ text: row.subnet }, { text: row.name, mono: true }, KINDS[row.kind], { text: row.sentence }],
            })),
          ),
        noNames: {
          title: 'No subnets are configured',
          sentence:
            'The name is looked up for each subnet below dhcp.subnets, with that subnet’s domain and DNS servers.',
        },
        off: !redirects.isOn(),
        redirects:
          all.length > 0 &&
          table(
            all.length > SHOWN ? `Redirected phones: the last ${SHOWN} of ${all.length}` : 'Redirected phones',
            [{ label: 'Phone' }, { label: 'Folder' }, { label: 'Note' }, { label: 'Set by' }],
            all.slice(0, SHOWN).map(({ mac, url, note, by, at }) => ({
              cells: [
                { text: formatMac(mac), mono: true },
                url === '' ? { text: 'This server' } : { text: url, mono: true },
                { text: note },
                { text: `${by}, ${web.time.moment(at, web.port.now()).exact}` },
              ],
              actions: [{ label: 'Take off', of: formatMac(mac), href: `${PATH}/redirect/${mac}/remove`, csrf }],
            })),
          ),
        noRedirects: {
          title: 'Nobody is redirected elsewhere',
          sentence: 'Approved phones that ask for /<MAC> are sent to this server. Name others to send them to theirs.',
        },
      },
    })
  })
  router.get('/redirect', (ctx) => showAdd(web, ctx, { values: {}, errors: [] }))
  router.post('/redirect', async (ctx) => {
    const { values, errors } = readForm(ctx, ADD)
    const { macs, wrong } = macsOf(values.macs ?? '')
    const all = wrong === undefined ? errors : [...errors, { field: 'macs', message: `“${wrong}” is no MAC address.` }]
    const again = (shown: Filled['errors']) => {
      ctx.status = 422
      showAdd(web, ctx, { values, errors: shown })
    }
    if (all.length > 0) return again(all)
    const saved = await redirects.set(macs, values.url ?? '', values.note ?? '', actorOf(ctx))
    if (saved.kind === 'refused') return again(saved.errors)
    goOn(web, ctx, PATH, macs.length === 1 ? 'One phone is on the list.' : `${macs.length} phones are on the list.`)
  })
  router.post('/redirect/:mac/remove', async (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    const gone = mac !== undefined && (await redirects.unset(mac, actorOf(ctx)))
    goOn(web, ctx, PATH, gone ? 'Taken off the list.' : 'It was not on the list any more.')
  })
  return router
}

function macsOf(text: string): { readonly macs: readonly Mac[]; readonly wrong: string | undefined } {
  const lines = text.split(/[\s,;]+/).filter((line) => line !== '')
  const wrong = lines.find((line) => !parseMac(line))?.slice(0, 40)
  return { macs: [...new Set(lines.flatMap((line) => parseMac(line) ?? []))], wrong }
}

function showAdd(web: Web, ctx: WebContext, filled: Filled): void {
  const head = { title: 'Redirect phones', trail: [{ label: 'Finding us', href: PATH }] }
  const built = form(web, ctx, { ...filled, action: `${PATH}/redirect`, sections: ADD, submit: 'Save', cancel: PATH })
  showPage(web, ctx, { view: 'kit/form-page', title: head.title, section: 'finding', data: { head, form: built } })
}

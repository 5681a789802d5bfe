// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { parseIpv4 } from '#protocols/lib/ipv4'
import { formatMac } from '#protocols/lib/mac'
import { type NoExtras, sessionOf, type Web, type WebContext, type WebState } from '#web/context'
import type { Action, Cell } from '#web/kit/cell'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { type ListQuery, listHref, listQuery } from '#web/kit/list-query'
import { paging, rangeText } from '#web/kit/paging'
import { type Column, type Row, table } from '#web/kit/table'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import { type DhcpDesk, LEASE_STATES, type LeaseRow, type LeaseState } from '#web/ports/dhcp'
import { dhcpTabs, LEASE_WORDS, subnetHref, TRAIL } from './words.ts'

const PATH = '/dhcp/leases'
const PAGE_SIZE = 50
type Order = 'address' | 'ends'
const COLUMNS: readonly Column<Order>[] = [
  { label: 'Address', order: 'address', kind: 'mono' },
  { label: 'Client', kind: 'mono' },
  { label: 'Host name' },
  { label: 'State' },
  { label: 'Subnet' },
  { label: 'Ends', order: 'ends' },
]

/** `GET /dhcp/leases`: who has which address; and what can be done about one. */
export function dhcpLeaseRoutes(web: Web, desk: DhcpDesk): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(PATH, (ctx) => {
    const query = listQuery<Order>(ctx, PATH, ['text', 'state', 'subnet'], ['address', 'ends'])
    const data = listOf(web, desk, query)
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('dhcp/lease-list', data)
      return
    }
    showPage(web, ctx, { view: 'dhcp/leases', title: 'DHCP leases', section: 'dhcp', data })
  })

  for (const deed of ['release', 'forget'] as const) {
    router.get(`${PATH}/:address/${deed}`, (ctx) => {
      const row = rowOf(ctx, desk)
      if (row) ask(web, ctx, row, deed)
      else notFound(web, ctx)
    })
    router.post(`${PATH}/:address/${deed}`, async (ctx) => {
      const row = rowOf(ctx, desk)
      if (!row) return notFound(web, ctx)
      const { address } = row.lease
      const done = await desk[deed](address, sessionOf(ctx).account.name)
      if (done.kind === 'saved')
        return goOn(web, ctx, PATH, `${deed === 'release' ? 'Released' : 'Forgot'} ${address}.`)
      const why = done.kind === 'refused' ? done.errors[0]?.message : 'Its client asked for it meanwhile.'
      goOn(web, ctx, PATH, `Nothing was changed. ${why ?? ''}`, 'warn')
    })
  }
  return router
}

function listOf({ port, time }: Web, desk: DhcpDesk, query: ListQuery<Order>): object {
  const { text = '', state = '', subnet = '' } = query.filters
  const found = desk.leases({
    ...{ text, order: query.order, descending: query.descending, page: query.page, pageSize: PAGE_SIZE },
    ...(isState(state) && { state }),
    ...(subnet !== '' && { subnet }),
  })
  const now = port.now()
  const rows = found.rows.map(({ lease, ...row }): Row => {
    const { address, mac, hostname, expiresAt } = lease
    const place: Cell =
      row.subnet === undefined
        ? { text: 'none of today', note: 'kept until it is over' }
        : { text: row.subnet, href: subnetHref(row.subnet), ...(!row.inUse && { note: 'in no pool' }) }
    return {
      cells: [
        address,
        { text: formatMac(mac), href: `/dhcp/explain/${mac}` },
        hostname,
        LEASE_WORDS[row.state],
        place,
        { moment: time.moment(expiresAt, now) },
      ],
      actions: actionsFor(address, row.state),
    }
  })
  const names = desk.subnets().map(({ subnet: { name } }) => ({ value: name, label: name }))
  const states = LEASE_STATES.map((value) => ({ value, label: LEASE_WORDS[value].badge }))
  return {
    head: {
      title: 'DHCP leases',
      actions: [
        { label: 'Import', href: `${PATH}/import`, icon: 'upload' },
        { label: 'Export', href: `${PATH}/export`, icon: 'download' },
      ],
    },
    tabs: dhcpTabs(PATH),
    search: {
      ...{ action: PATH, label: 'Find by MAC, IP address or host name', text },
      filters: [
        { name: 'state', label: 'State', value: state, options: [{ value: '', label: 'All' }, ...states] },
        { name: 'subnet', label: 'Subnet', value: subnet, options: [{ value: '', label: 'All' }, ...names] },
      ],
    },
    table: table('Leases', COLUMNS, rows, { query, first: 'address' }),
    range: rangeText(found.page, PAGE_SIZE, rows.length, found.total, 'lease', 'leases'),
    pages: paging(found.page, found.pageCount, (page) => listHref(query, 'address', { page })),
    empty:
      text || state || subnet
        ? {
            title: 'No lease matches',
            sentence: 'Change the search or the filters.',
            actions: [{ label: 'Show all leases', href: PATH }],
          }
        : {
            title: 'No lease yet',
            sentence:
              'Clients appear here as soon as they get an address. Moving a site over? Import the leases of the old server.',
            actions: [{ label: 'Import leases', href: `${PATH}/import` }],
          },
  }
}

function actionsFor(address: string, state: LeaseState): Action[] {
  const href = (deed: string) => `${PATH}/${address}/${deed}`
  const forget = { label: state === 'quarantined' ? 'End quarantine' : 'Forget', of: address, href: href('forget') }
  return state === 'leased' ? [{ label: 'Release', of: address, href: href('release') }, forget] : [forget]
}

function ask(web: Web, ctx: WebContext, { lease, state }: LeaseRow, deed: 'release' | 'forget'): void {
  const { address, mac, hostname } = lease
  const inUse =
    'If the client is still there it goes on using the address until it asks again: another one could get it meanwhile.'
  const words = {
    release: { title: `Release ${address}?`, act: 'Release the lease', sentence: inUse },
    forget: {
      title: state === 'quarantined' ? `End the quarantine of ${address}?` : `Forget ${address}?`,
      act: state === 'quarantined' ? 'End the quarantine' : 'Forget it',
      sentence:
        state === 'leased'
          ? `The record goes. ${inUse}`
          : state === 'quarantined'
            ? 'A client found another host with this address. Make sure that it is gone: the next client gets the address.'
            : 'The client may get another address the next time it asks.',
    },
  }[deed]
  showQuestion(web, ctx, {
    ...{ section: 'dhcp', ...words, cancel: PATH },
    touches: [`${formatMac(mac)}${hostname ? ` (${hostname})` : ''}`],
    trail: [...TRAIL, { label: 'Leases', href: PATH }],
  })
}

function rowOf(ctx: WebContext & { params: Record<string, string | undefined> }, desk: DhcpDesk): LeaseRow | undefined {
  const address = parseIpv4(ctx.params.address ?? '')
  return address && desk.lease(address)
}

function notFound(web: Web, ctx: WebContext): void {
  const sentence = 'There is no lease of this address, or not any more.'
  showMessage(web, ctx, 404, { title: 'No such lease', sentence, section: 'dhcp' })
}

function isState(text: string): text is LeaseState {
  return LEASE_STATES.some((state) => state === text)
}

// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { formatMac } from '#protocols/lib/mac'
import {
  actorOf,
  formField,
  formList,
  type NoExtras,
  queryText,
  type Web,
  type WebContext,
  type WebState,
} from '#web/context'
import { count } from '#web/format'
import { goOn } from '#web/kit/flash'
import { paging, rangeText } from '#web/kit/paging'
import { presenceWords } from '#web/pages/presence'
import { showPage } from '#web/pages/shell'
import type { ApprovalsPort, Decided, WaitingPhone } from '#web/ports/approvals'
import type { ScopesPort } from '#web/ports/scopes'
import { HOME, macsOf, pathText, regionChoices } from './words.ts'

const PAGE_SIZE = 50

/** Phones that wait to be let in, and those that were kept out. */
export function approvalListRoutes(web: Web, approvals: ApprovalsPort, scopes: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: HOME })

  router.get('/', (ctx) => {
    const approval = queryText(ctx, 'show') === 'rejected' ? 'rejected' : 'pending'
    const text = queryText(ctx, 'text').trim().slice(0, 100)
    const wanted = /^[1-9]\d{0,6}$/.test(queryText(ctx, 'page')) ? Number(queryText(ctx, 'page')) : 1
    const found = approvals.list({ approval, text, page: wanted, pageSize: PAGE_SIZE })
    const other = approvals.list({
      approval: approval === 'pending' ? 'rejected' : 'pending',
      ...{ text: '', page: 1, pageSize: 1 },
    })
    const [pending, rejected] = approval === 'pending' ? [found.total, other.total] : [other.total, found.total]
    const href = (page: number) => hrefOf(approval, text, page)
    showPage(web, ctx, {
      ...{ view: 'approvals', title: 'Approvals', section: 'approvals' },
      data: {
        head: {
          title: 'Approvals',
          lead: 'A phone that nobody let in gets the first file and nothing else: no user, no password.',
        },
        tabs: [
          { label: 'Waiting', href: HOME, current: approval === 'pending', count: count(pending) },
          {
            label: 'Rejected',
            href: `${HOME}?show=rejected`,
            current: approval === 'rejected',
            count: count(rejected),
          },
        ],
        ...{ approval, text, rows: found.rows.map((row) => rowOf(web, scopes, row)), regions: regionChoices(scopes) },
        range: rangeText(found.page, PAGE_SIZE, found.rows.length, found.total, 'phone', 'phones'),
        pages: paging(found.page, found.pageCount, href),
      },
    })
  })

  /** Does it with the phones whose boxes are checked, and says what became of it. */
  const act = (
    name: string,
    done: string,
    run: (ctx: WebContext, macs: ReturnType<typeof macsOf>) => Promise<Decided>,
  ) => {
    router.post(`/${name}`, async (ctx) => {
      const macs = macsOf(formList(ctx, 'mac'))
      const back = name === 'readmit' ? `${HOME}?show=rejected` : HOME
      if (macs.length === 0) return goOn(web, ctx, back, 'Choose at least one phone.', 'warn')
      const { changed, unchanged } = await run(ctx, macs)
      const rest = unchanged > 0 ? ` ${count(unchanged)} had changed meanwhile.` : ''
      goOn(web, ctx, back, `${done}: ${count(changed)} ${changed === 1 ? 'phone' : 'phones'}.${rest}`)
    })
  }
  act('approve', 'Let in', (ctx, macs) => approvals.approve(macs, formField(ctx, 'region'), actorOf(ctx)))
  act('reject', 'Rejected', (ctx, macs) => approvals.reject(macs, actorOf(ctx)))
  act('readmit', 'Waiting again', (ctx, macs) => approvals.readmit(macs, actorOf(ctx)))
  return router
}

function rowOf({ port, time }: Web, scopes: ScopesPort, { phone, presence, proposed, signsInItself }: WaitingPhone) {
  const now = port.now()
  const seen = Math.max(phone.reportedAt, phone.firstSeenAt)
  return {
    mac: phone.mac,
    macText: formatMac(phone.mac),
    name: phone.displayName || phone.userName,
    model: phone.model || phone.vendor || 'unknown',
    address: phone.address,
    presence: presenceWords(presence),
    seen: time.moment(seen, now),
    proposed: pathText(scopes, proposed.id),
    signsInItself,
    href: `/devices/${phone.mac}`,
    approveHref: `/devices/${phone.mac}/approve`,
  }
}

function hrefOf(approval: string, text: string, page: number): string {
  const query = new URLSearchParams()
  if (approval === 'rejected') query.set('show', 'rejected')
  if (text !== '') query.set('text', text)
  if (page > 1) query.set('page', String(page))
  return query.size === 0 ? HOME : `${HOME}?${query}`
}

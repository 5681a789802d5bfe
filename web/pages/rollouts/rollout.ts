// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { VERDICTS as ALL_VERDICTS, type Verdict } from '#daemon/domain/rollout/judge'
import { TURNS, type Turn } from '#daemon/domain/rollout/steps'
import { formatMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { count, type TimeFormat } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { paging, rangeText } from '#web/kit/paging'
import { table } from '#web/kit/table'
import type { Fragments } from '#web/live/fragments'
import { showMessage } from '#web/pages/message'
import { userText } from '#web/pages/phone-row'
import { showPage } from '#web/pages/shell'
import type { WebPort } from '#web/port'
import type { RolloutRow, RolloutsPort } from '#web/ports/rollouts'
import type { Views } from '#web/views'
import { DECISIONS, HOME, STATES, titleOf, turnPath, VERDICTS } from './words.ts'

const PAGE_SIZE = 50
/** Seconds between two looks without scripts. */
const REFRESH = 10
const DECISIONS_SHOWN = 30

/** One rollout: how far it is and why, phone by phone; and what can be decided. */
export function rolloutRoutes(web: Web, rollouts: RolloutsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: `${HOME}/:id` })
  const find = (ctx: WebContext, id = ''): RolloutRow | undefined => {
    const row = rollouts.get(id)
    if (!row) {
      const sentence = 'There is no such rollout; old ones that ended give way to new ones.'
      showMessage(web, ctx, 404, { title: 'No such rollout', section: 'rollouts', sentence })
    }
    return row
  }
  router.get('/', (ctx) => {
    const row = find(ctx, ctx.params.id)
    if (row) show(web, ctx, rollouts, row)
  })
  router.get('/:turn', (ctx) => {
    const row = find(ctx, ctx.params.id)
    const turn = turnOf(ctx.params.turn)
    if (!row) return
    if (!turn || !row.turns.includes(turn)) return goOn(web, ctx, `${HOME}/${row.rollout.id}`, TOO_LATE, 'warn')
    const { label, what } = DECISIONS[turn]
    showQuestion(web, ctx, {
      ...{ section: 'rollouts', title: `${label}?`, sentence: what, act: label, cancel: `${HOME}/${row.rollout.id}` },
      touches: [titleOf(row.rollout), `${count(row.flashed)} of ${count(row.size)} phones have the new image.`],
      trail: [{ label: 'Rollouts', href: HOME }],
    })
  })
  router.post('/:turn', async (ctx) => {
    const row = find(ctx, ctx.params.id)
    const turn = turnOf(ctx.params.turn)
    if (!row) return
    const saved = turn ? await rollouts.turn(row.rollout.id, turn, actorOf(ctx)) : { kind: 'conflict' as const }
    goOn(web, ctx, `${HOME}/${row.rollout.id}`, turn && saved.kind === 'saved' ? DECISIONS[turn].done : TOO_LATE)
  })
  return router
}

const TOO_LATE = 'The rollout is not in a state for that any more.'

function turnOf(path = ''): Turn | undefined {
  return TURNS.find((turn) => turnPath(turn) === path)
}

export function rolloutFragments(port: WebPort, views: Views, time: TimeFormat): Fragments {
  return {
    'rollout-progress': {
      scope: 'item',
      render: (id) => {
        const row = port.rollouts?.get(id)
        return row ? views.render('fragments/rollout-progress', progressView(row, time, port.now())) : ''
      },
    },
  }
}

function progressView(
  { rollout, verdicts, gates, waitsFor, flashed, size }: RolloutRow,
  time: TimeFormat,
  now: number,
) {
  const { id, state, stages, stage, reason, decisions } = rollout
  const current = stages[stage]
  const isOpen = state === 'running' || state === 'halted'
  const stageRows = stages.map(({ name, size: adds }, i) => {
    const passed = i < stage || state === 'done'
    const badge = passed
      ? ({ badge: 'Passed', tone: 'ok' } as const)
      : i === stage && isOpen
        ? STATES[state]
        : ({ badge: 'Not reached', tone: 'idle' } as const)
    return { cells: [{ text: name, strong: true }, count(adds), badge] }
  })
  const gateRows = gates.map(({ trouble, found, allowed, before }) => ({
    cells: [
      { text: VERDICTS[trouble].badge, strong: true },
      count(found),
      count(allowed),
      `${Math.round(before * 1000) / 10} %`,
      found > allowed ? { badge: 'Too many', tone: 'bad' as const } : { badge: 'In bounds', tone: 'ok' as const },
    ],
  }))
  return {
    ...{ id, state: STATES[state], flashed, size, percent: size === 0 ? 100 : Math.floor((flashed / size) * 100) },
    text: `${count(flashed)} of ${count(size)} phones have the new image`,
    verdicts: ALL_VERDICTS.filter((one) => verdicts[one] > 0).map(
      (one) => `${count(verdicts[one])} ${VERDICTS[one].badge.toLowerCase()}`,
    ),
    stage: isOpen ? (current?.name ?? '') : '',
    reason: state === 'halted' ? reason : '',
    waitsFor: waitsFor.join('; '),
    stages: table('Stages', [{ label: 'Stage' }, { label: 'Phones', kind: 'number' }, { label: 'State' }], stageRows),
    gates: table(
      'What would halt it',
      [
        { label: 'Trouble' },
        { label: 'Phones', kind: 'number' },
        { label: 'At most', kind: 'number' },
        { label: 'Before the start', kind: 'number' },
        { label: 'Verdict' },
      ],
      gateRows,
    ),
    decisions: decisions
      .slice(-DECISIONS_SHOWN)
      .toReversed()
      .map(({ at, by, text }) => ({ at: time.moment(at, now), by, text })),
  }
}

function show(web: Web, ctx: WebContext, rollouts: RolloutsPort, row: RolloutRow): void {
  const { rollout, verdicts, turns, size } = row
  const { time, port } = web
  const self = `${HOME}/${rollout.id}`
  const verdict = ALL_VERDICTS.find((one) => one === queryText(ctx, 'verdict'))
  const wanted = /^[1-9]\d{0,6}$/.test(queryText(ctx, 'page')) ? Number(queryText(ctx, 'page')) : 1
  const found = rollouts.members(rollout.id, { page: wanted, pageSize: PAGE_SIZE, ...(verdict && { verdict }) })
  const href = (page: number, of: Verdict | undefined = verdict) => {
    const query = new URLSearchParams({ ...(of && { verdict: of }), ...(page > 1 && { page: String(page) }) })
    return query.size === 0 ? self : `${self}?${query}`
  }
  const rows = found.rows.map(({ member, phone, judgement }) => ({
    cells: [
      { text: (phone && userText(phone)) || formatMac(member.mac), href: `/devices/${member.mac}`, strong: true },
      member.model,
      member.site || 'no known place',
      rollout.stages[member.stage]?.name ?? '',
      phone?.firmware ?? '',
      judgement ? VERDICTS[judgement.verdict] : { badge: 'Not reached', tone: 'idle' as const },
      judgement?.reason ?? '',
    ],
  }))
  const columns = ['Phone', 'Model', 'Site', 'Stage', 'Firmware', 'State', 'Why'].map((label) => ({ label }))
  const looks: Partial<Record<Turn, 'primary'>> = rollout.state === 'halted' ? { 'go back': 'primary' } : {}
  showPage(web, ctx, {
    ...{ view: 'rollout', title: titleOf(rollout), section: 'rollouts' },
    events: `/events?show=trouble,rollout-progress&item=${rollout.id}`,
    ...(rollout.state === 'running' && { refresh: REFRESH }),
    data: {
      head: {
        title: titleOf(rollout),
        lead: `Begun by ${rollout.by}, ${time.moment(rollout.at, port.now()).exact}.`,
        trail: [{ label: 'Rollouts', href: HOME }],
        live: true,
        actions: turns.map((turn) => ({
          ...{ label: DECISIONS[turn].label, href: `${self}/${turnPath(turn)}` },
          ...(looks[turn] && { look: looks[turn] }),
        })),
      },
      progress: web.views.render('fragments/rollout-progress', progressView(row, time, port.now())),
      tabs: [
        { label: 'All', href: href(1, undefined), current: verdict === undefined, count: count(size) },
        ...ALL_VERDICTS.filter((one) => verdicts[one] > 0 || one === verdict).map((one) => ({
          ...{ label: VERDICTS[one].badge, href: `${self}?verdict=${encodeURIComponent(one)}` },
          ...{ current: verdict === one, count: count(verdicts[one]) },
        })),
      ],
      range: rangeText(found.page, PAGE_SIZE, rows.length, found.total, 'phone', 'phones'),
      table: table('Phones of this rollout', columns, rows),
      pages: paging(found.page, found.pageCount, (page) => href(page)),
    },
  })
}

// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import type { Action, Cell, Fact } from '#web/kit/cell'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import { startTask } from '#web/pages/tasks'
import type { BackupOverview, BackupPort, BackupRow } from '#web/ports/backup'
import { HOME, hrefOf, sizeText, verdictOf } from './words.ts'

/** What there is, what was last done, and making one now. */
export function backupListRoutes(web: Web, backups: BackupPort, router: Router<WebState, NoExtras>): void {
  router.get(HOME, async (ctx) => show(web, ctx, await backups.overview()))

  router.post(`${HOME}/make`, async (ctx) => {
    const by = actorOf(ctx)
    await startTask(web, ctx, {
      title: 'Making a backup',
      back: HOME,
      run: async (progress) => {
        const row = await backups.make('on demand', by, progress)
        return { sentence: `${count(row.records)} records in ${sizeText(row.size)}.`, href: hrefOf(row.name) }
      },
    })
  })
}

function show(web: Web, ctx: WebContext, overview: BackupOverview): void {
  const { rows, isRunning, keyShownAt, hasPassphrase } = overview
  const csrf = web.forms.token(ctx)
  const make: Action = { label: 'Make one now', icon: 'add', look: 'primary', href: `${HOME}/make`, csrf }
  const columns = ['Made', 'Why', 'Size', 'Records', 'Version'].map((label) => ({ label }))
  const now = web.port.now()
  showPage(web, ctx, {
    ...{ view: 'backups', title: 'Backup', section: 'backup' },
    data: {
      head: {
        title: 'Backup',
        lead: 'Everything in one sealed file: configuration, data, firmware and keys.',
        actions: [...(isRunning ? [] : [make]), { label: 'Recovery key', href: `${HOME}/recovery-key` }],
      },
      isRunning,
      isKeyUnseen: keyShownAt === 0 && !hasPassphrase,
      facts: factsOf(web, overview),
      table: table(
        'Backups',
        columns,
        rows.map((row) => rowOf(web, row, now)),
      ),
      none: {
        title: 'No backup yet',
        sentence: overview.enabled
          ? 'One is made by itself as planned. Make the first one now, and keep the recovery key on another machine.'
          : 'They are switched off: set backup.enabled, or make one now.',
        icon: 'box',
        actions: isRunning ? [] : [make],
      },
    },
  })
}

function rowOf(web: Web, row: BackupRow, now: number) {
  const { exact } = web.time.moment(row.at, now)
  return {
    cells: [
      { text: exact, href: hrefOf(row.name), strong: true },
      row.why,
      sizeText(row.size),
      count(row.records),
      row.version,
    ] satisfies Cell[],
  }
}

function factsOf(web: Web, overview: BackupOverview): Fact[] {
  const { last, rehearsed, next, folder, keepDays, schedule, enabled, hasPassphrase } = overview
  const now = web.port.now()
  const planned: Cell = enabled && next !== undefined ? { moment: web.time.moment(next, now) } : 'none: switched off'
  return [
    { label: 'Last backup', cell: verdictOf(last) },
    { label: 'When', cell: last ? { moment: web.time.moment(last.at, now) } : '' },
    { label: 'What it said', cell: last && !last.ok ? last.sentence : '' },
    { label: 'Last rehearsal', cell: verdictOf(rehearsed) },
    { label: 'Rehearsed', cell: rehearsed ? { moment: web.time.moment(rehearsed.at, now) } : '' },
    { label: 'Next', cell: planned },
    { label: 'Schedule', cell: { text: schedule, mono: true } },
    { label: 'Kept', cell: `${keepDays} days, and always the newest three` },
    { label: 'Folder', cell: { text: folder, mono: true } },
    { label: 'Opened by', cell: hasPassphrase ? 'the recovery key, or the passphrase' : 'the recovery key' },
  ]
}

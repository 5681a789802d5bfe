// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import type Router from '@koa/router'
import type { BackupRun } from '#daemon/domain/backup'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import type { Action, Fact } from '#web/kit/cell'
import { table } from '#web/kit/table'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import { startTask } from '#web/pages/tasks'
import type { BackupPort, BackupRow } from '#web/ports/backup'
import { askAgain, isThemselves } from './re-authentication.ts'
import { HOME, hrefOf, sizeText, TRAIL } from './words.ts'

/** One backup: what it holds, what restoring it loses, proving it, trying it out, taking it away. */
export function backupRoutes(web: Web, backups: BackupPort, router: Router<WebState, NoExtras>): void {
  /** How the last check of each ended, for as long as the daemon runs. */
  const checked = new Map<string, BackupRun>()

  router.get(`${HOME}/of/:name`, async (ctx) => {
    const name = ctx.params.name ?? ''
    const { rows, rehearsed } = await backups.overview()
    const row = rows.find((one) => one.name === name)
    if (!row) return showNone(web, ctx)
    const since = (await backups.since(name).catch(() => undefined)) ?? {}
    const rehearsal = rehearsed?.file === name ? rehearsed : undefined
    show(web, ctx, row, { since, rehearsal, check: checked.get(name) })
  })

  const act = (
    verb: 'verify' | 'rehearse',
    title: string,
    run: (name: string, by: string) => Promise<BackupRun | undefined>,
  ) => {
    router.post(`${HOME}/of/:name/${verb}`, async (ctx) => {
      const name = ctx.params.name ?? ''
      if ((await backups.path(name)) === undefined) return showNone(web, ctx)
      const by = actorOf(ctx)
      await startTask(web, ctx, {
        ...{ title, back: hrefOf(name) },
        run: async () => {
          const end = await run(name, by)
          if (end && verb === 'verify') checked.set(name, end)
          for (const known of checked.keys()) if ((await backups.path(known)) === undefined) checked.delete(known)
          return { sentence: end?.sentence ?? 'It was removed meanwhile.', href: `${hrefOf(name)}#${verb}` }
        },
      })
    })
  }
  act('verify', 'Proving every byte', (name) => backups.verify(name))
  act('rehearse', 'Rehearsing: restored aside, virtual phones boot', (name, by) => backups.rehearse(name, by))

  router.get(`${HOME}/of/:name/download`, async (ctx) => {
    const name = ctx.params.name ?? ''
    if ((await backups.path(name)) === undefined) return showNone(web, ctx)
    askAgain(web, ctx, download(name))
  })
  router.post(`${HOME}/of/:name/download`, async (ctx) => {
    const name = ctx.params.name ?? ''
    const path = await backups.path(name)
    if (path === undefined) return showNone(web, ctx)
    if (!(await isThemselves(web, ctx, download(name)))) return
    ctx.type = 'application/octet-stream'
    ctx.attachment(name)
    ctx.body = createReadStream(path)
  })

  const keyPage = { title: 'Recovery key', submit: 'Show the recovery key', cancel: HOME }
  const why = 'It opens every backup of this machine. Keep it on another machine or on paper.'
  router.get(`${HOME}/recovery-key`, (ctx) => askAgain(web, ctx, { ...keyPage, why }))
  router.post(`${HOME}/recovery-key`, async (ctx) => {
    if (!(await isThemselves(web, ctx, { ...keyPage, why }))) return
    showPage(web, ctx, {
      ...{ view: 'recovery-key', title: 'Recovery key', section: 'backup' },
      data: { head: { title: 'Recovery key', trail: TRAIL, lead: why }, key: await backups.recoveryKey(actorOf(ctx)) },
    })
  })
}

function download(name: string) {
  return {
    title: 'Download a backup',
    why: 'The file is sealed: without the recovery key or the passphrase nobody can open it.',
    submit: 'Download',
    cancel: hrefOf(name),
  }
}

interface Known {
  readonly since: Readonly<Record<string, number>>
  readonly rehearsal: BackupRun | undefined
  readonly check: BackupRun | undefined
}

function show(web: Web, ctx: WebContext, row: BackupRow, { since, rehearsal, check }: Known): void {
  const now = web.port.now()
  const title = web.time.moment(row.at, now).exact
  const csrf = web.forms.token(ctx)
  const href = hrefOf(row.name)
  const actions: Action[] = [
    { label: 'Rehearse', href: `${href}/rehearse`, csrf, look: 'primary' },
    { label: 'Check', href: `${href}/verify`, csrf },
    { label: 'Download …', href: `${href}/download` },
  ]
  const facts: Fact[] = [
    { label: 'Made', cell: { moment: web.time.moment(row.at, now) } },
    { label: 'Why', cell: row.why },
    { label: 'By', cell: `Offhook ${row.version} on ${row.host}` },
    { label: 'Holds', cell: `${count(row.records)} records, ${count(row.files)} files` },
    { label: 'Size', cell: sizeText(row.size) },
    { label: 'File', cell: { text: row.name, mono: true } },
  ]
  const lost = Object.entries(since).map(([name, changed]) => ({ cells: [name, count(changed)] }))
  const result = (run: BackupRun | undefined) =>
    run && { ...run, moment: web.time.moment(run.at, now), checks: run.checks ?? [] }
  showPage(web, ctx, {
    ...{ view: 'backup', title, section: 'backup' },
    data: {
      head: { title, trail: TRAIL, actions },
      facts,
      lost: table('Records that were added or changed since', [{ label: 'Table' }, { label: 'Records' }], lost),
      rehearsal: result(rehearsal),
      check: result(check),
      command: `offhook restore ${row.name}`,
    },
  })
}

function showNone(web: Web, ctx: WebContext): void {
  const sentence = 'It was removed because it was old, or it never was.'
  showMessage(web, ctx, 404, { title: 'No such backup', section: 'backup', sentence })
}

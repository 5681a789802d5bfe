// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Cron } from 'croner'
import { type BackupRun, outdated } from '#daemon/domain/backup'
import type { Announce } from '#daemon/messages'
import type { Alarms } from '#daemon/services/alarms/alarms'
import { put, type Snapshots, type Store } from '#daemon/store/store'
import { backupRuns } from '#daemon/store/tables'
import type { BackupOverview, BackupPort, BackupRow, Progressed } from '#web/ports/backup'
import { BackupAlarms } from './alarms.ts'
import { BackupRefused, type Keys, type Reason } from './header.ts'
import { changedSince } from './loss.ts'
import { readHeader, verifyBackup } from './read.ts'
import { recoveryKeyOf } from './recovery-key.ts'
import type { Rehearsal } from './rehearsal-report.ts'
import { backupsIn, freeName, isBackupName, removeParts, usualFolder } from './shelf.ts'
import { writeBackup } from './write.ts'

export interface BackupSettings {
  readonly enabled: boolean
  readonly folder?: string | undefined
  readonly schedule: string
  readonly keepDays: number
  readonly passphrase?: string | undefined
  readonly rehearse?: string | undefined
  readonly timeZone: string
}

export interface BackupsOptions {
  readonly store: Store & Snapshots
  readonly alarms: Alarms
  readonly announce: Announce
  readonly onFault: (error: unknown) => void
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly dataFolder: string
  readonly configFile: string | undefined
  readonly vaultKey: () => Promise<Uint8Array>
  readonly settings: () => BackupSettings
  readonly version: string
  readonly host: string
  /** Restores a backup aside and boots phones from it. */
  readonly rehearse: (file: string, keys: Keys, signal: AbortSignal) => Promise<Rehearsal>
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const LOOK_MS = 5 * MINUTE_MS
/** So long a backup may be late before it is made up for, and before an alarm says so. */
const LATE_MS = 10 * MINUTE_MS
const MISSED_MS = 3 * HOUR_MS

/** What an admin may read of a failure. */
class BackupFailed extends Error {
  override readonly name = 'BackupFailed'
  readonly expose = true
}

/** Makes backups by night and on demand, keeps as many as are wanted, and says so when there are none. */
export class Backups implements BackupPort {
  readonly #options: BackupsOptions
  readonly #alarms: BackupAlarms
  readonly #listeners = new Set<() => void>()
  readonly #stop = new AbortController()
  #crons: Cron[] = []
  #timer: NodeJS.Timeout | undefined
  #running: { readonly result: Promise<BackupRow>; readonly ears: Set<Progressed> } | undefined
  /** One backup is read at a time: a rehearsal is a whole daemon, and a check reads the whole file. */
  #examining: Promise<BackupRun> | undefined
  #startedAt = 0
  #triedAt = Number.NEGATIVE_INFINITY

  constructor(options: BackupsOptions) {
    this.#options = options
    this.#alarms = new BackupAlarms(options.alarms)
  }

  get folder(): string {
    return this.#options.settings().folder ?? usualFolder(this.#options.dataFolder)
  }

  async start(): Promise<void> {
    const { dataFolder, now, onFault } = this.#options
    this.#startedAt = now()
    await recoveryKeyOf(dataFolder)
    await removeParts(this.folder)
    this.#timer = setInterval(() => void this.look().catch(onFault), LOOK_MS).unref()
    this.reschedule()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    for (const cron of this.#crons) cron.stop()
    this.#stop.abort(new BackupFailed('Offhook is stopping.'))
    await this.#running?.result.catch(() => {})
    await this.#examining?.catch(() => {})
  }

  /** After the settings changed. */
  reschedule(): void {
    for (const cron of this.#crons.splice(0)) cron.stop()
    const { enabled, schedule, rehearse, timeZone } = this.#options.settings()
    const at = (pattern: string, work: () => Promise<unknown>) => {
      const options = { timezone: timeZone, mode: '5-part', protect: true, unref: true } as const
      this.#crons.push(new Cron(pattern, options, () => work().then(() => {}, this.#options.onFault)))
    }
    if (enabled) at(schedule, () => this.#make('nightly', 'schedule').catch(toldAlready))
    if (rehearse !== undefined) at(rehearse, () => this.#rehearseNewest().catch(toldAlready))
    this.#changed()
  }

  async overview(): Promise<BackupOverview> {
    const { store } = this.#options
    const { enabled, schedule, keepDays, passphrase } = this.#options.settings()
    return {
      ...{ enabled, schedule, keepDays, folder: this.folder, hasPassphrase: passphrase !== undefined },
      rows: await backupsIn(this.folder),
      next: enabled ? this.#crons[0]?.nextRun()?.getTime() : undefined,
      isRunning: this.#running !== undefined,
      last: store.get(backupRuns, 'backup')?.value,
      rehearsed: store.get(backupRuns, 'rehearsal')?.value,
      keyShownAt: store.get(backupRuns, 'recovery key')?.value.at ?? 0,
    }
  }

  make(why: 'on demand' | 'before upgrade', by: string, progress?: Progressed): Promise<BackupRow> {
    return this.#make(why, by, progress)
  }

  async verify(name: string): Promise<BackupRun | undefined> {
    const file = await this.path(name)
    return file === undefined ? undefined : this.#examine(() => this.#verify(file, name))
  }

  async since(name: string): Promise<Readonly<Record<string, number>> | undefined> {
    const file = await this.path(name)
    return file === undefined ? undefined : changedSince(this.#options.store.snapshot(), await readHeader(file))
  }

  async rehearse(name: string, by: string): Promise<BackupRun | undefined> {
    const file = await this.path(name)
    return file === undefined ? undefined : this.#examine(() => this.#rehearse(file, name, by))
  }

  async path(name: string): Promise<string | undefined> {
    if (!isBackupName(name)) return undefined
    return (await backupsIn(this.folder)).some((row) => row.name === name) ? join(this.folder, name) : undefined
  }

  async recoveryKey(by: string): Promise<string> {
    const at = this.#options.now()
    this.#options.announce('backup.key-shown', { by })
    await this.#remember('recovery key', { at, ok: true, file: '', goodAt: at, sentence: by })
    return recoveryKeyOf(this.#options.dataFolder)
  }

  follow(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Makes up for a backup that was missed, for instance while the machine was off. */
  async look(): Promise<void> {
    const { settings, now } = this.#options
    const { enabled, schedule, timeZone } = settings()
    if (!enabled) return this.#alarms.notMissed()
    const [newest] = await backupsIn(this.folder)
    const since = newest && newest.at <= now() ? newest.at : this.#startedAt
    const pattern = new Cron(schedule, { paused: true, timezone: timeZone })
    const due = pattern.nextRun(new Date(since))?.getTime() ?? Number.POSITIVE_INFINITY
    if (now() < due + LATE_MS) return this.#alarms.notMissed()
    // A clock that was set back must not keep us from trying.
    if (Math.abs(now() - this.#triedAt) >= HOUR_MS) {
      const made = await this.#make('nightly', 'schedule').catch(toldAlready)
      if (made) return this.#alarms.notMissed()
    }
    if (now() >= due + MISSED_MS) await this.#alarms.missed(newest?.at)
  }

  #examine(work: () => Promise<BackupRun>): Promise<BackupRun> {
    if (this.#examining)
      throw new BackupFailed('Another backup is being checked or rehearsed. Try again when that has ended.')
    this.#examining = work().finally(() => {
      this.#examining = undefined
    })
    return this.#examining
  }

  async #verify(file: string, name: string): Promise<BackupRun> {
    const at = this.#options.now()
    try {
      const { totals } = await verifyBackup(file, await this.#keys(), this.#stop.signal)
      const sentence = `Whole: ${totals.records} records and ${totals.files} files, every checksum is right.`
      return { at, ok: true, file: name, goodAt: at, sentence }
    } catch (error) {
      return { at, ok: false, file: name, goodAt: 0, sentence: `It cannot be used: ${reasonOf(error)}.` }
    }
  }

  #make(why: Reason, by: string, progress?: Progressed): Promise<BackupRow> {
    if (!this.#running) {
      const ears = new Set<Progressed>()
      const tell: Progressed = (done, whole) => {
        for (const ear of ears) ear(done, whole)
      }
      const result = this.#write(why, by, tell).finally(() => {
        this.#running = undefined
        this.#changed()
      })
      this.#running = { result, ears }
      this.#changed()
    }
    if (progress) this.#running.ears.add(progress)
    return this.#running.result
  }

  async #write(why: Reason, by: string, progress: Progressed): Promise<BackupRow> {
    const { store, announce, now, dataFolder, configFile, vaultKey, version, host } = this.#options
    const at = now()
    this.#triedAt = at
    try {
      this.#stop.signal.throwIfAborted()
      const folder = this.folder
      const name = await freeName(folder, at)
      const file = join(folder, name)
      const keys = await this.#keys()
      const key = await vaultKey()
      const material = { dataFolder, configFile, snapshot: store.snapshot(), vaultKey: key, keys }
      const { signal } = this.#stop
      const { size, records, files } = await writeBackup(material, { file, why, version, host, at, progress, signal })
      // What was never read back is not a backup yet.
      await verifyBackup(file, keys).catch(async (error) => {
        await rm(file, { force: true })
        throw error
      })
      await this.#remember('backup', { at, ok: true, file: name, goodAt: at, sentence: `${records} records.` })
      announce('backup.made', { file, why, by, bytes: size, records, milliseconds: now() - at })
      await this.#alarms.made()
      await this.#tidy()
      return { name, at, why, version, host, size, records, files }
    } catch (error) {
      const reason = reasonOf(error)
      const goodAt = store.get(backupRuns, 'backup')?.value.goodAt ?? 0
      if (!this.#stop.signal.aborted) {
        announce('backup.failed', { why, by, reason })
        await this.#alarms.failed(reason)
        await this.#remember('backup', { at, ok: false, file: '', goodAt, sentence: `It failed: ${reason}.` })
      }
      throw new BackupFailed(`The backup failed: ${reason}.`, { cause: error })
    }
  }

  async #tidy(): Promise<void> {
    const { settings, now, announce, onFault } = this.#options
    try {
      for (const name of outdated(await backupsIn(this.folder), settings().keepDays, now())) {
        await rm(join(this.folder, name), { force: true })
        announce('backup.removed', { file: name })
      }
    } catch (error) {
      onFault(error)
    }
  }

  async #rehearseNewest(): Promise<void> {
    const [newest] = await backupsIn(this.folder)
    if (newest) await this.rehearse(newest.name, 'schedule')
  }

  async #rehearse(file: string, name: string, by: string): Promise<BackupRun> {
    const { store, announce, now, rehearse } = this.#options
    const at = now()
    const good = store.get(backupRuns, 'rehearsal')?.value.goodAt ?? 0
    const { ok, checks, seconds } = await rehearse(file, await this.#keys(), this.#stop.signal).catch((error) => ({
      ok: false,
      checks: [{ name: 'rehearsal', ok: false, detail: reasonOf(error) }],
      seconds: 0,
    }))
    const bad = checks.filter((check) => !check.ok)
    const sentence = ok
      ? `Passed in ${Math.round(seconds)} s: ${checks.length} checks.`
      : `Failed: ${bad.map((check) => `${check.name}: ${check.detail}`).join('; ')}`
    const run = { at, ok, sentence, file: name, goodAt: ok ? at : good, checks }
    if (this.#stop.signal.aborted) return run
    announce(ok ? 'backup.rehearsed' : 'backup.rehearsal-failed', { file: name, by, ...(!ok && { reason: sentence }) })
    await (ok ? this.#alarms.rehearsed() : this.#alarms.rehearsalFailed(name, sentence))
    await this.#remember('rehearsal', run)
    this.#changed()
    return run
  }

  async #keys(): Promise<Keys> {
    return { recovery: await recoveryKeyOf(this.#options.dataFolder), passphrase: this.#options.settings().passphrase }
  }

  /** A full disk must not turn a backup that was made into one that failed. */
  async #remember(what: 'backup' | 'rehearsal' | 'recovery key', run: BackupRun): Promise<void> {
    await this.#options.store.commit([put(backupRuns, what, run)], { durable: false }).catch(this.#options.onFault)
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof BackupRefused) return error.message
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'no space is left on the disk'
  return (message ?? String(error)).replace(/\.$/, '')
}

/** The alarm and the log have it. */
function toldAlready(): undefined {
  return undefined
}

// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { type BackupHeader, BackupRefused, type Keys } from '#daemon/backup/header'
import { changedSince, lossInWords } from '#daemon/backup/loss'
import { verifyBackup } from '#daemon/backup/read'
import { rehearse } from '#daemon/backup/rehearsal'
import { giveTo, placesOf, plan, putInPlace } from '#daemon/backup/restore'
import { backupsIn } from '#daemon/backup/shelf'
import { type Staged, stage } from '#daemon/backup/staging'
import { isInUse, lastSequence, snapshotOf } from '#daemon/store/rescue'
import { askForKey, keysOf, type Place, type PlaceOptions, placeOf, withBackupPlace, withKeys } from './backup-place.ts'
import { type CliIo, fail } from './io.ts'

interface Options extends PlaceOptions {
  readonly latest?: boolean
  readonly rehearse?: boolean
  readonly check?: boolean
  readonly phones: number
}

/** What became of it; `--json` prints it. */
interface Report {
  readonly file: string
  readonly at: number
  readonly records: number
  readonly files: number
  /** Records by table that were added or changed since; undefined when the old store cannot be read. */
  readonly lost: Readonly<Record<string, number>> | undefined
  /** Groups of writes since, where the old store's witness still tells. */
  readonly writesSince: number | undefined
  /** Where the old data are; undefined when there were none. */
  readonly aside: string | undefined
  readonly needsRestart: boolean
  readonly configuration: string
}

const RESTORED_CONFIG = 'restored-offhook.yaml'

/** `offhook restore`: brings a backup back, or tries it out. Exit code 1 when it cannot be done or does not pass. */
export function restoreCommand(io: CliIo): Command {
  return withKeys(withBackupPlace(new Command('restore')))
    .description('bring back everything as it was in a backup; the data there are kept aside')
    .argument('[file]', 'the backup')
    .option('--latest', 'the newest backup of this machine that is whole')
    .option('--check', 'prove every byte of it, and change nothing')
    .option('--rehearse', 'restore it aside, boot virtual phones from it, and leave nothing behind')
    .option('--phones <n>', 'of a rehearsal', phoneCount, 5)
    .option('--keys-from-input', 'read the keys as JSON from standard input; for the daemon')
    .action(async (file: string | undefined, options: Options) => {
      try {
        // A rehearsal by the daemon has all it needs.
        const place = options.keysFromInput ? { config: undefined, data: '', backups: '' } : placeOf(options, io)
        const files = await candidates(file, options, place)
        const keys = await keysOf(options, place, io)
        if (options.rehearse) await tryOut(files[0] ?? '', keys, options, io)
        else if (options.check) await check(files[0] ?? '', keys, options, io)
        else await restore(files, keys, place, options, io)
      } catch (error) {
        fail(io, error)
      }
    })
}

/** The newest first. */
async function candidates(file: string | undefined, { latest }: Options, { backups }: Place): Promise<string[]> {
  if (file !== undefined && latest) throw new Error('either a file or --latest')
  if (file !== undefined) return [file]
  if (!latest) throw new Error('name the backup, or say --latest')
  const rows = await backupsIn(backups)
  if (rows.length === 0) throw new Error(`there is no backup in ${backups}`)
  return rows.map(({ name }) => join(backups, name))
}

async function check(file: string, keys: Keys, { json }: Options, io: CliIo): Promise<void> {
  const { header, totals } = await withAsking(file, keys, io, (fitting) => verifyBackup(file, fitting))
  if (json)
    io.stdout(`${JSON.stringify({ file, ...totals, at: header.at, version: header.version, why: header.why })}\n`)
  else io.stdout(`${file} of ${moment(header)} is whole: ${totals.records} records, ${totals.files} files\n`)
}

async function tryOut(file: string, keys: Keys, { json, phones }: Options, io: CliIo): Promise<void> {
  const report = await withAsking(file, keys, io, (fitting) =>
    rehearse({
      ...{ file, keys: fitting, phones, now: Date.now, signal: io.signal },
      onCheck({ name, ok, detail }) {
        if (!json) io.stdout(`${ok ? 'pass' : 'FAIL'}  ${name}: ${detail}\n`)
      },
    }),
  )
  if (json) io.stdout(`${JSON.stringify(report)}\n`)
  else io.stdout(`${report.ok ? 'Passed' : 'Failed'} in ${report.seconds.toFixed(1)} s. Nothing was changed.\n`)
  if (!report.ok) io.setExitCode(1)
}

async function restore(files: readonly string[], keys: Keys, place: Place, options: Options, io: CliIo): Promise<void> {
  const { data } = place
  await mkdir(data, { recursive: true, mode: 0o700 })
  const places = placesOf(data, Date.now())
  for (const file of files) {
    try {
      const staged = await withAsking(file, keys, io, (fitting) =>
        stage({ folder: places.staged, file, keys: fitting, signal: io.signal }),
      )
      return tell(await bringIn(file, staged, places, place, options), options, io)
    } catch (error) {
      // With --latest an older one may be whole.
      if (!(error instanceof BackupRefused) || file === files.at(-1)) throw named(file, error)
      io.stderr(`offhook: ${named(file, error).message}; the one before it is tried\n`)
    }
  }
}

async function bringIn(
  file: string,
  staged: Staged,
  places: ReturnType<typeof placesOf>,
  { data }: Place,
  { config }: Options,
): Promise<Report> {
  const store = join(data, 'store')
  const needsRestart = await isInUse(store)
  const lost = needsRestart ? undefined : await lostSince(store, staged.header)
  const last = await lastSequence(store)
  const writesSince = last === undefined || last < staged.header.sequence ? undefined : last - staged.header.sequence
  const configuration = await placeConfiguration(staged.configuration, config, data, places.staged)
  await plan(data, places)
  const aside = needsRestart ? places.aside : await existing(await putInPlace(data))
  const { records, files } = staged.totals
  return { file, at: staged.header.at, records, files, lost, writesSince, aside, needsRestart, configuration }
}

async function lostSince(store: string, header: BackupHeader): Promise<Readonly<Record<string, number>> | undefined> {
  try {
    const now = await snapshotOf(store)
    // Another store's revisions say nothing about this one's.
    return now.sequence < header.sequence ? undefined : changedSince(now, header)
  } catch {
    return undefined
  }
}

/** Where the configuration of the backup went, in a sentence. One that is there stays. */
async function placeConfiguration(
  text: string | undefined,
  file: string,
  data: string,
  staged: string,
): Promise<string> {
  if (text === undefined) return 'The backup holds no configuration.'
  const there = await readFile(file, 'utf8').catch(() => undefined)
  if (there === text) return `The configuration ${file} is as it was.`
  if (there === undefined) {
    const written = await writeFile(file, text, { mode: 0o640, flag: 'wx' }).then(
      () => true,
      () => false,
    )
    if (written) {
      await giveTo(dirname(file), file).catch(() => {})
      return `The configuration was written to ${file}.`
    }
  }
  await writeFile(join(staged, RESTORED_CONFIG), text, { mode: 0o600 })
  return `The configuration of the backup is another one than ${file}: it is in ${join(data, RESTORED_CONFIG)}.`
}

function tell(report: Report, { json }: Options, io: CliIo): void {
  if (json) {
    io.stdout(`${JSON.stringify(report)}\n`)
    return
  }
  const { file, at, records, files, aside, needsRestart, configuration } = report
  const lines = [
    `${file} of ${moment({ at })}: ${records} records and ${files} files, every checksum is right.`,
    ...(needsRestart ? [] : [`Lost since then: ${lostInWords(report)}`]),
    configuration,
    ...(needsRestart
      ? [
          'A daemon is running: restart it to put this in place (systemctl restart offhook).',
          `What it writes until then will be in ${aside}.`,
        ]
      : [aside === undefined ? 'Restored.' : `Restored. The data as they were: ${aside}`]),
  ]
  io.stdout(lines.map((line) => `${line}\n`).join(''))
}

function lostInWords({ lost, writesSince }: Report): string {
  if (lost) return lossInWords(lost)
  if (writesSince === undefined) return 'unknown, there is no old store that can be compared'
  return writesSince === 0 ? 'nothing' : `what ${writesSince} writes changed; the old store cannot be read to say more`
}

async function existing(folder: string | undefined): Promise<string | undefined> {
  return folder === undefined || (await readdir(folder).catch(() => undefined)) === undefined ? undefined : folder
}

/** With the keys there are; asks a person when none of them fits. */
async function withAsking<T>(file: string, keys: Keys, io: CliIo, work: (keys: Keys) => Promise<T>): Promise<T> {
  try {
    return await work(keys)
  } catch (error) {
    if (!(error instanceof BackupRefused) || !error.needsKey) throw named(file, error)
    const typed = await askForKey(io)
    if (!typed) throw named(file, error)
    return work(typed)
  }
}

function named(file: string, error: unknown): Error {
  if (!(error instanceof BackupRefused) || error.message.startsWith(file)) return error as Error
  return new BackupRefused(`${file}: ${error.message}`, { cause: error })
}

function moment({ at }: Pick<BackupHeader, 'at'>): string {
  return new Date(at).toISOString().replace('T', ' ').slice(0, 19).concat(' UTC')
}

function phoneCount(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) > 0) return Number(text)
  throw new InvalidArgumentError('A whole number from 1 to 999, please.')
}

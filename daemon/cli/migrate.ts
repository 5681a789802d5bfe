// SPDX-License-Identifier: Apache-2.0
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Command } from 'commander'
import { type ArchiveFile, zip } from '#daemon/services/archive/zip'
import { type ArchiveReport, LARGEST_ARCHIVE, type ParityReport } from '#web/ports/archive'
import type { Tally } from '#web/ports/people-files'
import type { CliIo } from './io.ts'
import { callDaemon, refusalOf } from './local-api.ts'
import { folderOf, guarded, withPlace } from './people.ts'

interface MigrateOptions {
  readonly config: string
  readonly data?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

interface ExportOptions {
  readonly config: string
  readonly data?: string
  readonly output: string
}

/** More lines than a person reads; `--json` has them all. */
const MOST_TOLD = 40
/** An archive of a whole company takes its time. */
const PATIENCE = 10 * 60_000
const MOST_FILES = 120_000

/**
 * `offhook migrate`: takes another manager's exports (ZIP, CSV) and compares the files that it gave its phones (a folder)
 * with ours; or takes an export of ours. Exit code 1 when something was rejected, or a phone would get no file.
 */
export function migrateCommand(io: CliIo): Command {
  return withPlace(new Command('migrate'))
    .description('take over the configuration of another phone manager, or one that Offhook exported')
    .argument('<source...>', 'its exports (.zip, .csv), and folders with the <MAC>.cfg files that it gave its phones')
    .option('--dry-run', 'say what would happen and how the phones’ files would differ, and change nothing')
    .option('--json', 'print one JSON object')
    .action((sources: string[], options: MigrateOptions) => guarded(io, () => migrate(sources, options, io)))
}

/** `offhook export-configuration`: everything but secrets, in the shape that `offhook migrate` reads. */
export function exportConfigurationCommand(io: CliIo): Command {
  return withPlace(new Command('export-configuration'))
    .description('write templates, places, settings, users and phones into a ZIP, without secrets')
    .requiredOption('-o, --output <file>', 'a file that does not exist yet')
    .action((options: ExportOptions) => guarded(io, () => exportConfiguration(options, io)))
}

async function migrate(sources: readonly string[], options: MigrateOptions, io: CliIo): Promise<void> {
  const body = await packed(sources)
  if (body.length > LARGEST_ARCHIVE) throw new Error(`all together is more than ${LARGEST_ARCHIVE / 2 ** 20} MB`)
  const query = options.dryRun ? '?dryRun=true' : ''
  const signal = AbortSignal.any([AbortSignal.timeout(PATIENCE), ...(io.signal ? [io.signal] : [])])
  const call = { method: 'POST', body, type: 'application/zip', signal } as const
  const response = await callDaemon(folderOf(options, io), `api/v1/archive${query}`, call)
  if (!response.ok) throw new Error(await refusalOf(response))
  const report = (await response.json()) as ArchiveReport
  if (isPoor(report)) io.setExitCode(1)
  io.stdout(options.json ? `${JSON.stringify(report)}\n` : textOf(report))
}

/** All sources as one archive; a single ZIP goes as it is. */
async function packed(sources: readonly string[]): Promise<Uint8Array> {
  const [only] = sources
  if (sources.length === 1 && only !== undefined && /\.zip$/i.test(only)) return readFile(only)
  const files: ArchiveFile[] = []
  for (const source of sources) {
    const isFolder = (await stat(source)).isDirectory()
    const names = isFolder ? await readdir(source) : [source]
    for (const name of names.filter((one) => !isFolder || /\.(cfg|csv|zip)$/i.test(one))) {
      const path = isFolder ? `${basename(source)}/${name}` : basename(name)
      files.push({ path, bytes: await readFile(isFolder ? join(source, name) : name) })
      if (files.length > MOST_FILES) throw new Error(`${source} has more than ${MOST_FILES} files`)
    }
  }
  return zip(files, new Date(Date.UTC(2000, 0, 1)))
}

async function exportConfiguration({ output, ...place }: ExportOptions, io: CliIo): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE)
  const response = await callDaemon(folderOf(place, io), 'api/v1/archive', { signal })
  if (!response.ok) throw new Error(await refusalOf(response))
  // Who has which phone: for its owner only.
  const handle = await open(output, 'wx', 0o600)
  try {
    await handle.write(new Uint8Array(await response.arrayBuffer()))
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isPoor({ remarks, people, parity }: ArchiveReport): boolean {
  const rejected = remarks.some(({ kind }) => kind === 'rejected') || (people?.rejected.length ?? 0) > 0
  return rejected || (parity?.without.length ?? 0) > 0
}

function textOf({ dryRun, people, remarks, parity, ...tallies }: ArchiveReport): string {
  const lines = [
    dryRun ? 'What would happen:' : 'Done:',
    tallyLine('places', tallies.scopes),
    tallyLine('templates', tallies.templates),
    tallyLine('mapping', tallies.mapping),
    tallyLine('settings', tallies.settings),
    tallyLine('firmware', tallies.firmware),
    ...(people ? [tallyLine('users', people.users), tallyLine('devices', people.devices)] : []),
    ...few([
      ...remarks.map(({ kind, file, line, message }) => `${kind}: ${file}${line ? `, line ${line}` : ''}: ${message}`),
      ...(people?.rejected ?? []).map(({ line, reason }) => `rejected: users, line ${line}: ${reason}`),
    ]),
    ...(parity ? parityLines(parity) : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function tallyLine(label: string, { added, changed, unchanged }: Tally): string {
  return `  ${label.padEnd(10)} ${added} new, ${changed} changed, ${unchanged} as they were`
}

function parityLines({ compared, same, differing, without, differences, untold }: ParityReport): string[] {
  return [
    `Files compared: ${compared}; ${same} say the same, ${differing} differ, ${without.length} would get none here`,
    ...few(without.map(({ mac, reason }) => `none: ${mac}: ${reason}`)),
    ...few(
      differences.map(({ kind, key, theirs, ours, why, phones, example }) => {
        const change = `${key}: ${theirs === '' ? '(nothing)' : theirs} → ${ours === '' ? '(nothing)' : ours}`
        return `${kind}: ${change} (${why}) on ${phones}, e.g. ${example}`
      }),
    ),
    ...(untold > 0 ? [`  and ${untold} differences more`] : []),
  ]
}

function few(lines: readonly string[]): string[] {
  const more = lines.length - MOST_TOLD
  return [
    ...lines.slice(0, MOST_TOLD).map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more (--json lists all)`] : []),
  ]
}

// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { open, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import type { Config } from '#config/schema'
import { prepareDataFolder } from '#daemon/data-folder'
import { LEASE_FORMATS, type LeaseFormat, readLeases, writeLeases } from '#daemon/services/lease-files/formats'
import { type ImportReport, importLeases } from '#daemon/services/lease-files/import'
import { LARGEST_FILE } from '#daemon/services/lease-files/lease-file'
import { subnetsOf } from '#daemon/settings'
import { LevelStore } from '#daemon/store/level-store'
import { leases } from '#daemon/store/tables'
import { ipv4ToNumber } from '#protocols/lib/ipv4'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'

interface Options {
  readonly config: string
  readonly data?: string
  readonly format: LeaseFormat
  readonly output?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** More lines than a person reads; `--json` has them all. */
const MOST_TOLD = 50

/**
 * `offhook leases`: leases to and from other DHCP servers, in the data of a stopped daemon. Exit code 1 when nothing
 * could be done, or when something of the imported file was rejected.
 */
export function leasesCommand(io: CliIo): Command {
  const exporting = withOptions(new Command('export'), 'what to write')
    .description('write all leases to standard output, or into a new file')
    .option('-o, --output <file>', 'a file that does not exist yet')
    .action((options: Options) => guarded(io, () => exportAll(options, io)))
  const importing = withOptions(new Command('import'), 'what the file is')
    .description('take over the leases of another server; newer ones of ours stay')
    .argument('<file>', 'own JSON lines, kea-leases4.csv of Kea, or dhcpd.leases of ISC dhcpd')
    .option('--dry-run', 'say what would happen, and change nothing')
    .option('--json', 'print one JSON object')
    .action((file: string, options: Options) => guarded(io, () => importFile(file, options, io)))
  return new Command('leases')
    .description('move leases between DHCP servers, with the daemon stopped')
    .addCommand(exporting)
    .addCommand(importing)
}

function withOptions(command: Command, what: string): Command {
  return command
    .addOption(new Option('-f, --format <format>', what).choices(LEASE_FORMATS).default('json'))
    .option('-c, --config <file>', 'the configuration with the subnets and the data folder', CONFIG_FILE)
    .option('--data <folder>', 'the data folder, instead of the configured one')
}

async function guarded(io: CliIo, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    fail(io, error)
  }
}

async function exportAll(options: Options, io: CliIo): Promise<void> {
  const { config, folder } = placeOf(options, io)
  if (!existsSync(join(folder, 'store'))) throw new Error(`there is no store in ${folder}`)
  const found = await inStore(folder, async (store) => Array.from(store.entries(leases), ({ value }) => value))
  found.sort((a, b) => ipv4ToNumber(a.address) - ipv4ToNumber(b.address))
  const pieces = writeLeases(options.format, found, subnetsOf(config))
  if (options.output === undefined) for (const piece of pieces) io.stdout(piece)
  else await writeNew(options.output, pieces)
}

async function importFile(file: string, options: Options, io: CliIo): Promise<void> {
  const { config, folder } = placeOf(options, io)
  const { size } = await stat(file)
  if (size > LARGEST_FILE) throw new Error(`${file} is larger than ${LARGEST_FILE / 1024 / 1024} MB`)
  const read = readLeases(options.format, await readFile(file, 'utf8'))
  await prepareDataFolder(folder)
  const dryRun = options.dryRun === true
  const report = await inStore(folder, (store) => importLeases(read, store, subnetsOf(config), { dryRun }))
  if (report.rejected > 0) io.setExitCode(1)
  io.stdout(options.json ? `${JSON.stringify({ file, format: options.format, ...report })}\n` : textOf(report))
}

function placeOf({ config: file, data }: Options, io: CliIo): { readonly config: Config; readonly folder: string } {
  const config = readConfig(file, io.environment)
  return { config, folder: data ?? config.data.folder }
}

/** A running daemon holds the store's lock; opening then fails with the sentence that says so. */
async function inStore<T>(folder: string, use: (store: LevelStore) => Promise<T>): Promise<T> {
  const store = new LevelStore({ folder: join(folder, 'store') })
  await store.open()
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Leases tell who was where: for their owner only. */
async function writeNew(file: string, pieces: Iterable<string>): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await writeFile(handle, pieces)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function textOf({ dryRun, imported, kept, rejected, keeps, rejections }: ImportReport): string {
  const lines = [
    `${dryRun ? 'To import' : 'Imported'}: ${imported}`,
    `Ours are as new or newer: ${kept}`,
    ...keeps.slice(0, MOST_TOLD).map(({ line, reason }) => `  line ${line}: ${reason}`),
    `Rejected: ${rejected}`,
    ...rejections.slice(0, MOST_TOLD).map(({ line, reason }) => `  line ${line}: ${reason}`),
  ]
  if (Math.max(keeps.length, rejections.length) > MOST_TOLD)
    lines.push(`(the first ${MOST_TOLD} of each; --json lists more)`)
  return lines.map((line) => `${line}\n`).join('')
}

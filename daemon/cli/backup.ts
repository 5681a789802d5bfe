// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs'
import { access, copyFile, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import type { Reason } from '#daemon/backup/header'
import { verifyBackup } from '#daemon/backup/read'
import { readRecoveryKey, recoveryKeyOf } from '#daemon/backup/recovery-key'
import { giveTo } from '#daemon/backup/restore'
import { backupsIn, freeName } from '#daemon/backup/shelf'
import { writeBackup } from '#daemon/backup/write'
import { snapshotOf } from '#daemon/store/rescue'
import { vaultKey } from '#daemon/vault-key'
import { version } from '#daemon/version'
import type { BackupRow } from '#web/ports/backup'
import { configuredPassphrase, type Place, type PlaceOptions, placeOf, withBackupPlace } from './backup-place.ts'
import { type CliIo, fail } from './io.ts'
import { callDaemon, NoDaemon, refusalOf } from './local-api.ts'

interface Options extends PlaceOptions {
  readonly to?: string
  readonly beforeUpgrade?: boolean
  readonly list?: boolean
  readonly showRecoveryKey?: boolean
}

interface Made {
  readonly path: string
  readonly size: number
  readonly records: number
  readonly files: number
}

/** `offhook backup`: one backup, by the running daemon or of a stopped one's data. Exit code 1 when there is none. */
export function backupCommand(io: CliIo): Command {
  return withBackupPlace(new Command('backup'))
    .description('make a backup of everything, of a running or a stopped daemon')
    .option('--to <file>', 'also copy it to a file that does not exist yet')
    .option('--before-upgrade', 'for the scripts of packages: nothing to back up is no failure')
    .option('--list', 'list the backups there are, and make none')
    .option('--show-recovery-key', 'print the key that opens the backups of this machine, and make none')
    .action(async (options: Options) => {
      try {
        const place = placeOf(options, io)
        if (options.list) await list(place, options, io)
        else if (options.showRecoveryKey) await showKey(place, io)
        else await make(place, options, io)
      } catch (error) {
        fail(io, error)
      }
    })
}

async function make(place: Place, options: Options, io: CliIo): Promise<void> {
  const why = options.beforeUpgrade ? 'before upgrade' : 'on demand'
  if (options.to !== undefined) await requireFree(options.to)
  if (options.beforeUpgrade && !(await exists(join(place.data, 'store')))) {
    io.stdout(options.json ? '{}\n' : 'There are no data yet, so there is nothing to back up.\n')
    return
  }
  const made = await byDaemon(place, why, io).catch((error: unknown) => {
    if (error instanceof NoDaemon) return ofStopped(place, why, options, io)
    throw error
  })
  const path = options.to === undefined ? made.path : resolve(options.to)
  if (options.to !== undefined) await copyFile(made.path, path, constants.COPYFILE_EXCL)
  if (options.json) io.stdout(`${JSON.stringify({ ...made, path })}\n`)
  else io.stdout(`${path}: ${made.records} records and ${made.files} files in ${megabytes(made.size)}\n`)
}

/** Follows the daemon's progress until it is made. */
async function byDaemon({ data }: Place, why: Reason, io: CliIo): Promise<Made> {
  const call = { method: 'POST', body: { why }, accept: 'application/x-ndjson', signal: io.signal } as const
  const response = await callDaemon(data, 'api/v1/backups', call)
  if (!response.ok || !response.body) throw new Error(await refusalOf(response))
  let rest = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const said = JSON.parse(line) as { done?: number; whole?: number; backup?: Made; error?: string }
      if (said.error !== undefined) throw new Error(said.error)
      if (io.terminal && said.whole) io.stderr(`\r${Math.floor((100 * (said.done ?? 0)) / said.whole)} %`)
      if (said.backup) {
        if (io.terminal) io.stderr('\r')
        return said.backup
      }
    }
  }
  throw new Error('the daemon stopped amid the backup')
}

async function ofStopped({ config, data, backups }: Place, why: Reason, options: Options, io: CliIo): Promise<Made> {
  const snapshot = await snapshotOf(join(data, 'store'))
  const keys = { recovery: await recoveryKeyOf(data), passphrase: configuredPassphrase(config, io) }
  const [at, credentials] = [Date.now(), io.environment.CREDENTIALS_DIRECTORY]
  const file = join(backups, await freeName(backups, at))
  const material = {
    ...{ dataFolder: data, configFile: options.config, snapshot, keys },
    vaultKey: await vaultKey(data, credentials),
  }
  const order = { file, why, at, version: version(), host: hostname(), signal: io.signal }
  const { size, records, files } = await writeBackup(material, order)
  await verifyBackup(file, keys).catch(async (error) => {
    await rm(file, { force: true })
    throw error
  })
  // Made by root, it must still be the daemon's to remove.
  if (dirname(file) === join(data, 'backups')) await giveTo(data, dirname(file))
  for (const name of ['recovery-key', 'vault-key']) await giveTo(data, join(data, name)).catch(() => {})
  return { path: file, size, records, files }
}

async function list({ backups }: Place, { json }: Options, io: CliIo): Promise<void> {
  const rows = await backupsIn(backups)
  if (json) return io.stdout(`${JSON.stringify({ folder: backups, rows })}\n`)
  if (rows.length === 0) io.stdout(`There is no backup in ${backups}.\n`)
  for (const row of rows) io.stdout(lineOf(row, backups))
}

function lineOf({ name, at, why, size, records }: BackupRow, folder: string): string {
  return `${new Date(at).toISOString()}  ${why.padEnd(14)} ${megabytes(size).padStart(9)} ${String(records).padStart(8)} records  ${join(folder, name)}\n`
}

async function showKey({ data }: Place, io: CliIo): Promise<void> {
  const key = await readRecoveryKey(data)
  if (key === undefined) throw new Error(`${data} has no recovery key yet: it is made when the daemon first starts`)
  io.stdout(`${key}\n`)
}

async function requireFree(file: string): Promise<void> {
  if (await exists(file)) throw new Error(`${file} exists already`)
  await access(dirname(resolve(file)), constants.W_OK).catch(() => {
    throw new Error(`${basename(file)} cannot be written to ${dirname(resolve(file))}`)
  })
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function megabytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`
}

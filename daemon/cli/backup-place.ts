// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Config } from '#config/schema'
import type { Keys } from '#daemon/backup/header'
import { parseRecoveryKey, readRecoveryKey } from '#daemon/backup/recovery-key'
import { usualFolder } from '#daemon/backup/shelf'
import { readSecret } from '#daemon/secrets'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import type { CliIo } from './io.ts'

export interface PlaceOptions {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
  readonly recoveryKey?: string
  readonly passphrase?: string
  readonly keysFromInput?: boolean
}

export interface Place {
  /** Undefined on a machine that has none that can be read. */
  readonly config: Config | undefined
  readonly data: string
  readonly backups: string
}

export function withBackupPlace(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration that names the data folder', CONFIG_FILE)
    .option('--data <folder>', 'the data folder, instead of the configured one')
    .option('--json', 'print one JSON object')
}

export function withKeys(command: Command): Command {
  return command
    .option('--recovery-key <file>', 'a file with the recovery key of the machine that made the backup')
    .option('--passphrase <file>', 'a file with the passphrase that it was made with')
}

/** With `--data` a configuration is not needed. */
export function placeOf({ config: file, data }: PlaceOptions, io: CliIo): Place {
  let config: Config | undefined
  try {
    config = readConfig(file, io.environment)
  } catch (error) {
    if (data === undefined) throw error
  }
  const folder = data ?? config?.data.folder ?? ''
  return { config, data: folder, backups: config?.backup.folder ?? usualFolder(folder) }
}

/** What there is to open a backup with: what was given, else what this machine has. */
export async function keysOf(options: PlaceOptions, { config, data }: Place, io: CliIo): Promise<Keys> {
  if (options.keysFromInput) return JSON.parse((await io.readPassword?.('')) ?? '{}') as Keys
  const given = options.recoveryKey ?? options.passphrase
  if (given !== undefined) {
    const text = (await readFile(given, 'utf8')).replace(/\r?\n$/, '')
    if (options.recoveryKey === undefined) return { passphrase: text }
    const recovery = parseRecoveryKey(text)
    if (recovery === undefined)
      throw new Error(`${given} holds no recovery key: eight groups of four letters and digits`)
    return { recovery }
  }
  return { recovery: await readRecoveryKey(data), passphrase: configuredPassphrase(config, io) }
}

/** Asks a person, where one is; undefined where none is. */
export async function askForKey(io: CliIo): Promise<Keys | undefined> {
  if (!io.terminal || !io.readPassword) return undefined
  const typed = await io.readPassword('Recovery key or passphrase: ')
  return { recovery: parseRecoveryKey(typed), passphrase: typed }
}

export function configuredPassphrase(config: Config | undefined, io: CliIo): string | undefined {
  const secret = config?.backup.passphrase
  return secret === undefined ? undefined : readSecret(secret, 'backup.passphrase', io.environment)
}

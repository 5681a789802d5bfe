// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { hostname } from 'node:os'
import { ConfigError } from '#config/load'
import type { Config } from '#config/schema'
import { type BackupSettings, Backups } from '#daemon/backup/backups'
import type { Keys } from '#daemon/backup/header'
import type { Rehearsal } from '#daemon/backup/rehearsal-report'
import { backupsIn } from '#daemon/backup/shelf'
import { partOf } from '#daemon/lifecycle'
import type { Reading } from '#daemon/metrics'
import { readSecret } from '#daemon/secrets'
import { localTimeZone } from '#daemon/settings'
import { backupRuns } from '#daemon/store/tables'
import { vaultKey } from '#daemon/vault-key'
import { version } from '#daemon/version'
import type { Foundation } from './foundation.ts'

export interface BackupGiven {
  readonly credentials?: string | undefined
  readonly configFile?: string | undefined
  /** The program and the arguments that start this Offhook again, for rehearsals. */
  readonly self?: readonly string[] | undefined
}

const REHEARSAL_MS = 15 * 60_000
/** Characters of a passphrase that stands in a file of its own. */
const SHORTEST = 12

/** Copies of everything, and trying them out. */
export function composeBackup(base: Foundation, { credentials, configFile, self }: BackupGiven) {
  const { config, configuration, store, alarms, announce, onFault, now } = base
  const folder = config.data.folder
  let settings = settingsOf(config, credentials)
  const backups = new Backups({
    ...{ store, alarms, announce, onFault, now, dataFolder: folder, configFile, version: version(), host: hostname() },
    vaultKey: () => vaultKey(folder, credentials),
    settings: () => settings,
    rehearse: (file, keys, signal) => rehearseAside(self, file, keys, signal),
  })
  configuration.follow('backup', (next) => {
    const fresh = settingsOf(next, credentials)
    return () => {
      settings = fresh
      backups.reschedule()
    }
  })
  const last = () => store.get(backupRuns, 'backup')?.value
  const rehearsed = () => store.get(backupRuns, 'rehearsal')?.value
  const readings: Reading[] = [
    {
      name: 'offhook_backup_last_success_timestamp_seconds',
      help: 'When the last good backup was made; 0: never.',
      read: () => (last()?.goodAt ?? 0) / 1_000,
    },
    { name: 'offhook_backup_last_ok', help: '1 when the last backup went well.', read: () => (last()?.ok ? 1 : 0) },
    {
      name: 'offhook_backup_rehearsal_last_success_timestamp_seconds',
      help: 'When a rehearsal passed last; 0: never.',
      read: () => (rehearsed()?.goodAt ?? 0) / 1_000,
    },
  ]
  return { parts: [partOf('backups', backups)], backups, readings, newest: () => backupsIn(backups.folder) }
}

function settingsOf(config: Config, credentials: string | undefined): BackupSettings {
  const { passphrase, ...rest } = config.backup
  const text = passphrase && readSecret(passphrase, 'backup.passphrase', { CREDENTIALS_DIRECTORY: credentials })
  if (text !== undefined && text.length < SHORTEST) {
    throw new ConfigError([`backup.passphrase: it has ${text.length} characters, at least ${SHORTEST} are needed`])
  }
  return { ...rest, timeZone: config.web.timeZone ?? localTimeZone(), ...(text !== undefined && { passphrase: text }) }
}

/** In a process of its own: what is wrong with a backup must not touch the daemon that serves. */
function rehearseAside(
  self: readonly string[] | undefined,
  file: string,
  keys: Keys,
  signal: AbortSignal,
): Promise<Rehearsal> {
  const [program, ...args] = self ?? []
  if (program === undefined) return Promise.reject(new Error('this daemon does not know how it was started'))
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args, 'restore', '--rehearse', '--json', '--keys-from-input', file],
      { signal, timeout: REHEARSAL_MS, maxBuffer: 1024 * 1024 },
      (error, stdout, stderr) => {
        try {
          resolve(JSON.parse(stdout) as Rehearsal)
        } catch {
          reject(error && stderr === '' ? error : new Error(stderr.trim().slice(0, 500) || 'it gave no result'))
        }
      },
    )
    // Keys are in no argument, where every user of the machine could read them.
    child.stdin?.on('error', () => {}).end(JSON.stringify(keys))
  })
}

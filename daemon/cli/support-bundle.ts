// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { readFile, statfs, writeFile } from 'node:fs/promises'
import { arch, cpus, freemem, hostname, networkInterfaces, release, totalmem, uptime } from 'node:os'
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { backupsIn } from '#daemon/backup/shelf'
import { inspect } from '#daemon/store/rescue'
import { Redactor, redactedConfiguration, secretFiles } from '#daemon/support/redact'
import { type Entry, tarGz } from '#daemon/support/tar'
import { version } from '#daemon/version'
import { type PlaceOptions, placeOf, withBackupPlace } from './backup-place.ts'
import { type CliIo, fail } from './io.ts'
import { callDaemon, type LocalApi } from './local-api.ts'

interface Options extends PlaceOptions {
  readonly to?: string
  readonly log?: string
}

/** Lines of the journal, and bytes of a log file, from its end. */
const LOG_LINES = 20_000
const LOG_BYTES = 16 * 1024 * 1024
const JOURNAL_MS = 20_000
/** What a running daemon is asked; nothing of it holds secrets, and the redactor looks again. */
const ASKED = [
  ['health.json', 'readyz'],
  ['metrics.txt', 'metrics'],
  ['alarms.json', 'api/v1/alarms?pageSize=200'],
  ['alarm-history.json', 'api/v1/alarms/history?pageSize=200'],
  ['configuration-state.json', 'api/v1/configuration'],
  ['forwarding.json', 'api/v1/forwarding'],
  ['jobs.json', 'api/v1/jobs'],
  ['backups.json', 'api/v1/backups'],
] as const

/** `offhook support-bundle`: what whoever helps needs to know, in one archive without secrets. */
export function supportBundleCommand(io: CliIo): Command {
  return withBackupPlace(new Command('support-bundle'))
    .description('collect logs, health, metrics, alarms and the configuration, without secrets, in one archive')
    .option('--to <file>', 'the archive; by default a new one in this folder')
    .option('--log <file>', 'a file with the daemon’s log, where it is not in the journal')
    .action(async (options: Options) => {
      try {
        const { path, names } = await bundle(options, io)
        if (options.json) io.stdout(`${JSON.stringify({ path, entries: names })}\n`)
        else
          io.stdout(
            `${path}: ${names.join(', ')}\nIt holds no passwords or keys, but names, numbers and addresses: look before you send it.\n`,
          )
      } catch (error) {
        fail(io, error)
      }
    })
}

async function bundle(options: Options, io: CliIo): Promise<{ path: string; names: string[] }> {
  const { data, backups } = placeOf(options, io)
  const configuration = await readFile(options.config, 'utf8').catch(() => undefined)
  const shown = configuration === undefined ? undefined : redactedConfiguration(configuration)
  const redactor = new Redactor([...(shown?.secrets ?? []), ...(await secretsOf(data, configuration ?? ''))])
  const entries: Entry[] = [
    { name: 'versions.json', text: json(await aboutMachine(data)) },
    { name: 'offhook.yaml', text: shown?.text ?? `# ${options.config} cannot be read.\n` },
    { name: 'log.txt', text: await logOf(options, io) },
    ...(await askRunning(data)),
    { name: 'backup-files.json', text: json(await backupsIn(backups)) },
  ]
  if (!entries.some(({ name }) => name === 'metrics.txt'))
    entries.push({ name: 'store.json', text: await storeOf(data) })
  const now = Date.now()
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const folder = `offhook-support-${stamp}`
  const clean = entries.map(({ name, text }) => ({ name: `${folder}/${name}`, text: redactor.clean(text) }))
  const path = resolve(options.to ?? `${folder}.tar.gz`)
  await writeFile(path, tarGz(clean, now / 1_000), { mode: 0o600, flag: 'wx' })
  return { path, names: entries.map(({ name }) => name) }
}

/** Texts that must not be in the bundle, whatever wrote them down. */
async function secretsOf(data: string, configuration: string): Promise<string[]> {
  const files = [
    ...secretFiles(configuration),
    ...['vault-key', 'recovery-key', 'one-time-password'].map((n) => join(data, n)),
  ]
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))
  const api = await readFile(join(data, 'local-api'), 'utf8').catch(() => '{}')
  const { token = '' } = JSON.parse(api) as Partial<LocalApi>
  return [...texts, token].filter((text) => text !== '' && !text.includes('-----BEGIN CERTIFICATE'))
}

async function aboutMachine(data: string): Promise<object> {
  const disk = await statfs(data).catch(() => undefined)
  return {
    offhook: version(),
    ...{ at: new Date().toISOString(), host: hostname(), kernel: release(), arch: arch(), upSeconds: uptime() },
    ...{ processors: cpus().length, memory: { total: totalmem(), free: freemem() } },
    disk: disk && { total: disk.blocks * disk.bsize, free: disk.bavail * disk.bsize },
    interfaces: networkInterfaces(),
  }
}

/** What does not answer is said instead of left out. */
async function askRunning(data: string): Promise<Entry[]> {
  const first = await ask(data, 'readyz').catch((error: Error) => error)
  if (first instanceof Error) return [{ name: 'health.json', text: json({ running: false, why: first.message }) }]
  const entries: Entry[] = []
  for (const [name, path] of ASKED) {
    entries.push({ name, text: await ask(data, path).catch((error: Error) => json({ error: error.message })) })
  }
  return entries
}

async function ask(data: string, path: string): Promise<string> {
  const text = await (await callDaemon(data, path)).text()
  return path === 'metrics' ? text : json(JSON.parse(text))
}

async function storeOf(data: string): Promise<string> {
  const found = await inspect(join(data, 'store')).catch((error: Error) => error)
  if (found instanceof Error) return json({ error: found.message })
  return json({ ...found, tables: Object.fromEntries(found.tables) })
}

async function logOf({ log }: Options, io: CliIo): Promise<string> {
  if (log !== undefined) {
    const bytes = await readFile(log)
    return bytes.subarray(Math.max(0, bytes.length - LOG_BYTES)).toString('utf8')
  }
  const args = ['--unit', 'offhook', '--lines', String(LOG_LINES), '--no-pager', '--output', 'cat']
  return new Promise((answer) => {
    const limits = { timeout: JOURNAL_MS, maxBuffer: LOG_BYTES, signal: io.signal }
    execFile('journalctl', args, limits, (error, stdout) => {
      answer(
        error && stdout === ''
          ? `The journal could not be read (${error.message.split('\n')[0]}); see --log.\n`
          : stdout,
      )
    })
  })
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import type { Config } from '#config/schema'
import { readHeader } from '#daemon/backup/read'
import { backupsIn, usualFolder } from '#daemon/backup/shelf'
import { compose, type Offhook } from '#daemon/compose'
import { faultText } from '#daemon/journal'
import { startAll, stopAll } from '#daemon/lifecycle'
import { createLogger } from '#daemon/log'
import { Notifier } from '#daemon/notify'
import { lastSequence } from '#daemon/store/rescue'
import { StoreDamaged } from '#daemon/store/store'
import { dhcpLinks, passedSockets } from '#daemon/systemd'
import { CONFIG_FILE, readConfig, TRY_OUT_FILE } from './config-file.ts'
import { type CliIo, fail } from './io.ts'
import { offerLocalApi, withdrawLocalApi } from './local-api.ts'
import { virtualFirmware, virtualPhones } from './virtual-phones.ts'

/** How long a server may take to finish its running requests, in milliseconds. */
const STOP_DEADLINE = 10_000

interface RunOptions {
  readonly config?: string
  readonly tryOut?: boolean
  readonly data?: string
  readonly virtualPhones: number
}

/** `offhook run`: the daemon. Exit code 0 after a clean stop, 1 when it cannot start. */
export function runCommand(io: CliIo): Command {
  return new Command('run')
    .description('start the daemon and serve until SIGTERM or SIGINT')
    .option('-c, --config <file>', `the configuration (default: ${CONFIG_FILE})`)
    .option('--try-out', 'everything on loopback and unprivileged ports, with virtual phones')
    .option('--data <folder>', 'the data folder, instead of the configured one')
    .option('--virtual-phones <n>', 'in the try-out: how many virtual phones boot', phoneCount, 6)
    .action(async (options: RunOptions) => {
      let folders: { data: string; backups: string } | undefined
      try {
        const file = options.config ?? (options.tryOut ? TRY_OUT_FILE : CONFIG_FILE)
        const read = () => {
          const config = readConfig(file, io.environment)
          return { ...config, data: { ...config.data, folder: options.data ?? config.data.folder } }
        }
        const config = read()
        const { folder } = config.data
        folders = { data: folder, backups: config.backup.folder ?? usualFolder(folder) }
        await run(config, { read, file }, options, io)
      } catch (error) {
        if (error instanceof StoreDamaged) fail(io, new Error(await damage(error, folders)))
        else if (!io.signal.aborted) fail(io, error)
      }
    })
}

async function run(
  config: Config,
  { read, file }: { readonly read: () => Config; readonly file: string },
  options: RunOptions,
  io: CliIo,
): Promise<void> {
  const journald = io.environment.JOURNAL_STREAM !== undefined
  const logger = createLogger({ ...config.log, journald }, io.stdout)
  const offhook = compose(config, logger, Date.now, {
    dhcpLinks: dhcpLinks(passedSockets(io.environment, io.pid), networkInterfaces()),
    credentials: io.environment.CREDENTIALS_DIRECTORY,
    readConfig: read,
    configFile: file,
    self: io.self,
  })
  const { announce } = offhook
  io.onFault((error) => announce('daemon.fault', { error: faultText(error) }))
  announce('daemon.starting', { data: config.data.folder })
  const started = startAll(offhook.parts, io.signal, STOP_DEADLINE)
  const systemd = notifier(offhook, io)
  // The try-out ends with its terminal; a service reads its configuration again.
  if (!options.tryOut) io.onHangup(() => void started.then(() => reload(offhook, systemd)).catch(() => {}))
  await started
  try {
    await serve(offhook, config, options, io, systemd)
  } finally {
    announce('daemon.stopping')
    const told = systemd.stopping()
    await withdrawLocalApi(config.data.folder)
    for (const { part, error } of await stopAll(offhook.parts, STOP_DEADLINE)) {
      announce('daemon.stop.incomplete', { part, error: error.message })
      io.setExitCode(1)
    }
    await told
    announce('daemon.stopped')
  }
}

function notifier({ serving, announce }: Offhook, { environment, pid, monotonicMicros }: CliIo): Notifier {
  return new Notifier({
    ...{ environment, pid, monotonicMicros },
    healthy: () => serving().every((server) => server.health().state === 'serving'),
    onFailure: (error) => announce('systemd.unreachable', { error }),
  })
}

async function reload(offhook: Offhook, systemd: Notifier): Promise<void> {
  systemd.reloading()
  const { outcome, complaints } = await offhook.configuration.reload()
  const refused = outcome === 'refused' ? ` The changed configuration was refused: ${complaints[0]}` : ''
  systemd.ready(`${summary(offhook)}.${refused}`)
}

/** For `systemctl status`. */
function summary(offhook: Offhook): string {
  return `Serving ${offhook
    .serving()
    .map(({ name }) => name)
    .join(', ')}`
}

/** Says where we are, and serves until the signal. */
async function serve(
  offhook: Offhook,
  config: Config,
  options: RunOptions,
  io: CliIo,
  systemd: Notifier,
): Promise<void> {
  const { accounts, announce } = offhook
  const oneTime = await accounts.oneTimePassword()
  const url = `http://${config.web.listen.address}:${offhook.serving().at(-1)?.health().endpoints[0]?.port}/`
  await offerLocalApi(config.data.folder, { url, token: offhook.localToken })
  announce('daemon.ready', { url })
  systemd.ready(summary(offhook))
  io.stdout(`Offhook is ready: ${url}\n`)
  for (const { name, health } of offhook.serving().map((server) => ({ name: server.name, health: server.health() }))) {
    const where = health.endpoints.map(({ address, port }) => `${address}:${port}`).join(', ')
    io.stdout(`  ${name.padEnd(5)} ${where}\n`)
  }
  await tellOneTimePassword(oneTime, config, options, io)
  if (options.tryOut) await virtualFirmware(config.data.folder)
  const phones = options.tryOut ? virtualPhones(config, options.virtualPhones, io) : Promise.resolve()
  if (!io.signal.aborted) await once(io.signal, 'abort')
  await phones
}

/** What is wrong, and the ways out: the newest backup first, if there is one. */
async function damage({ findings }: StoreDamaged, folders?: { data: string; backups: string }): Promise<string> {
  const what = `the data is damaged and nothing is served: ${findings.join('; ')}`
  const accept = '"offhook store accept-loss" goes on with what is intact; see "offhook verify"'
  const [newest] = folders ? await backupsIn(folders.backups) : []
  if (!folders || !newest) return `${what} (there is no backup; ${accept})`
  const header = await readHeader(join(folders.backups, newest.name)).catch(() => undefined)
  const last = await lastSequence(join(folders.data, 'store'))
  const since = header && last !== undefined && last >= header.sequence ? `the ${last - header.sequence} writes` : 'all'
  const moment = new Date(newest.at).toISOString()
  return `${what} ("offhook restore --latest" brings everything back as of ${moment}, without ${since} since; ${accept})`
}

function phoneCount(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number from 0 to 9999, please.')
}

/** On a terminal the password is printed; elsewhere output ends up in logs, so it goes into a file of our own. */
async function tellOneTimePassword(
  account: { name: string; password: string } | undefined,
  config: Config,
  options: RunOptions,
  io: CliIo,
): Promise<void> {
  const file = join(config.data.folder, 'one-time-password')
  await rm(file, { force: true })
  if (!account) return
  if (io.terminal || options.tryOut) {
    io.stdout(`  Sign in as "${account.name}" with the one-time password ${account.password}\n`)
  } else {
    await writeFile(file, `${account.password}\n`, { mode: 0o600, flag: 'wx' })
    io.stdout(`  Sign in as "${account.name}" with the one-time password in ${file}\n`)
  }
}

// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Endpoint } from '#protocols/lib/exchange'
import { FAR_LAN, LAN, RELAY_FAR, SERVER_ADDRESS } from './netns.ts'
import { type Ended, here, type Place, type Running } from './process.ts'

const ROOT = join(import.meta.dirname, '../..')
export const MAIN = join(ROOT, 'dist/daemon/main.js')

/** What a YAML file may say: the keys of config/schema.ts, `data.folder` left to the home. */
export type ConfigTree = Readonly<Record<string, unknown>>

/** One line of the daemon's log. `id` is of daemon/messages.ts. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly id: string; readonly msg: string }

/** Every server on loopback and on any free port. */
export const LOOPBACK: ConfigTree = {
  server: { address: '127.0.0.1' },
  web: { listen: '127.0.0.1:0' },
  http: { listen: ['127.0.0.1:0'] },
  tftp: { listen: '127.0.0.1:0' },
  dhcp: {
    mode: 'server',
    listen: '127.0.0.1:0',
    subnets: [{ name: 'loopback', cidr: '127.99.0.0/16', pools: ['127.99.1.1-127.99.1.250'] }],
  },
  fleet: { zeroTouch: true },
  log: { level: 'debug' },
}

/** Every server on its well-known port at the server of test/support/netns.ts. */
export const VOICE_NETWORK: ConfigTree = {
  server: { address: SERVER_ADDRESS },
  web: { listen: `${SERVER_ADDRESS}:8090` },
  http: { listen: [80, 8080, 8081].map((port) => `${SERVER_ADDRESS}:${port}`) },
  tftp: { listen: `${SERVER_ADDRESS}:69` },
  dhcp: {
    mode: 'server',
    listen: `${SERVER_ADDRESS}:67`,
    subnets: [
      {
        ...{ name: 'voice', cidr: LAN, pools: ['10.99.0.100-10.99.0.199'], leaseSeconds: 3600 },
        ...{ routers: [SERVER_ADDRESS], ntpServers: ['10.99.0.3', '10.99.0.4'], domainName: 'voice.example' },
      },
      {
        ...{ name: 'branch', cidr: FAR_LAN, pools: ['10.99.1.100-10.99.1.199'], leaseSeconds: 3600 },
        ...{ routers: [RELAY_FAR], ntpServers: ['10.99.0.3'] },
      },
    ],
  },
  fleet: { zeroTouch: true },
  log: { level: 'debug' },
}

/** A fresh configuration file and data folder, in which the built daemon is started as often as a test likes. */
export class DaemonHome {
  readonly folder: string
  readonly configFile: string
  readonly #running = new Set<Running>()

  private constructor(folder: string) {
    this.folder = folder
    this.configFile = join(folder, 'offhook.yaml')
  }

  static async make(config: ConfigTree = LOOPBACK): Promise<DaemonHome> {
    const built = join(ROOT, 'dist/.built')
    if (!existsSync(built)) throw new Error(`${MAIN} is not built: run "npm run build" first`)
    const home = new DaemonHome(await mkdtemp(join(tmpdir(), 'offhook-home-')))
    await mkdir(home.dataFolder)
    await home.configure(config)
    return home
  }

  get dataFolder(): string {
    return join(this.folder, 'data')
  }

  configure(config: ConfigTree): Promise<void> {
    return writeFile(this.configFile, stringify({ data: { folder: this.dataFolder }, ...config }))
  }

  /** Starts the daemon and waits until it says that it is ready. */
  async start(place: Place = here): Promise<Daemon> {
    const running = this.launch(place)
    const [, url = ''] = await running.output(/^Offhook is ready: (\S+)$/m)
    return new Daemon(running, url, this.dataFolder, place)
  }

  /** Starts it without waiting, for starts that must fail. */
  launch(place: Place = here): Running {
    const args = ['--enable-source-maps', MAIN, 'run', '--config', this.configFile]
    const running = place.start(process.execPath, args)
    this.#running.add(running)
    running.ended.finally(() => this.#running.delete(running)).catch(() => {})
    return running
  }

  async addFirmware(name: string, bytes: Uint8Array): Promise<void> {
    const folder = join(this.dataFolder, 'firmware')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, name), bytes)
  }

  /** Ends the daemon if it still runs, and removes everything. */
  async close(): Promise<void> {
    for (const running of this.#running) {
      running.kill('SIGKILL')
      await running.ended.catch(() => {})
    }
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** The built daemon at work. */
export class Daemon {
  /** Where admins sign in, as it printed it. */
  readonly url: string
  readonly #running: Running
  readonly #dataFolder: string
  readonly #place: Place

  constructor(running: Running, url: string, dataFolder: string, place: Place) {
    this.#running = running
    this.url = url
    this.#dataFolder = dataFolder
    this.#place = place
  }

  get pid(): number {
    return this.#running.pid
  }

  /** As an admin reads it on the server: away from a terminal it is never printed. */
  async oneTimePassword(): Promise<string> {
    await this.#running.output(/^ {2}Sign in as "admin" with the one-time password in (\S+)$/m)
    return (await readFile(join(this.#dataFolder, 'one-time-password'), 'utf8')).trim()
  }

  /** Where a server listens, as the log tells. */
  endpoint(server: string): Endpoint {
    const line = this.log().findLast(({ id, server: name }) => id === 'server.serving' && name === server)
    const [first] = (line?.endpoints ?? []) as string[]
    const [address, port] = first?.split(':') ?? []
    if (!address || !port) throw new Error(`${server} listens nowhere`)
    return { address, port: Number(port) }
  }

  log(): LogLine[] {
    return this.#running.lines.filter(isLogLine).map((line) => JSON.parse(line) as LogLine)
  }

  /** Where the log is now, for `logged` to look behind it only. */
  get mark(): number {
    return this.#running.lines.length
  }

  /** Waits for a log line that holds these fields, written since the start or since a mark; gives it. */
  async logged(fields: Readonly<Record<string, unknown>>, mark = 0): Promise<LogLine> {
    const matches = (line: string) => {
      if (!isLogLine(line)) return false
      const entry = JSON.parse(line) as LogLine
      return Object.entries(fields).every(([key, value]) => entry[key] === value)
    }
    return JSON.parse(await this.#running.line(matches, `log line ${JSON.stringify(fields)}`, mark)) as LogLine
  }

  /** The sum of a metric's samples whose labels include the given ones; 0 when there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await this.#place.must('curl', ['-sSf', '--max-time', '5', `${this.url}metrics`])
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  /** As `systemctl reload` does; waits for what becomes of it. */
  async reload(): Promise<LogLine> {
    const { mark } = this
    this.#running.kill('SIGHUP')
    const ending = (line: string) => /"id":"config\.(reloaded|refused)"/.test(line)
    return JSON.parse(await this.#running.line(ending, 'the end of a reload', mark)) as LogLine
  }

  /** As a power cut takes it away: no handler of ours runs. */
  async kill9(): Promise<void> {
    this.#running.kill('SIGKILL')
    await this.#running.end()
  }

  /** Stops it as systemd would, and insists on exit code 0. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.#running.kill(signal)
    const ended = await this.#running.end()
    if (ended.code !== 0) throw new Error(`the daemon ended with ${ended.code ?? ended.signal}\n${ended.stderr}`)
    return ended
  }
}

function isLogLine(line: string): boolean {
  return line.startsWith('{')
}

/** True when the process is there: for "the daemon lives". */
export function lives(daemon: Daemon): boolean {
  return /^State:\s+[RSD]/m.test(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))
}

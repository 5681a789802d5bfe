// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Endpoint } from '#protocols/lib/exchange'
import { type ConfigTree, type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'
import { inCrowd, macOf } from '#test/support/phone-alerts'
import { here, type Running } from '#test/support/process'
import { goFirst, limit, type Metric, median, progress, rate, report } from './frame.ts'
import { residentMegabytes } from './process-cost.ts'

/*
 *   load ── REST ──► built daemon ── informs ──► snmptrapd         in turns with
 *                    net-snmp's informs alone ──► snmptrapd
 */

const PHONES = 250
const EACH = 20
const ALARMS = PHONES * EACH
/** Alarms in one request. */
const TOGETHER = 10
/** Connections of phones; each waits for its answer, which leaves when its alarms are on disk. */
const CROWD = 32
/** Phones whose alarms warm both up and are not counted. */
const WARMERS = 100
const ROUNDS = 3
/** Informs on the way, ours and the rival's. */
const WINDOW = 64
const OUTAGE_PHONES = 10_000
const SILENCE_MINUTES = 3
const USER = {
  user: 'noc',
  authProtocol: 'sha256',
  authKey: 'a-long-enough-key',
  privProtocol: 'aes128',
  privKey: 'another-long-key',
}

type Version = '2c' | '3'

/** Debian's receiver, which writes a line for each notification into a file. */
class Trapd {
  readonly port: number
  readonly #running: Running
  readonly #folder: string

  private constructor(port: number, running: Running, folder: string) {
    this.port = port
    this.#running = running
    this.#folder = folder
  }

  static async start(port: number): Promise<Trapd> {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-bench-'))
    const conf = join(folder, 'snmptrapd.conf')
    const user = `createUser noc SHA-256 ${USER.authKey} AES ${USER.privKey}`
    await writeFile(conf, `format2 %v\\n\nauthCommunity log public\n${user}\nauthUser log noc priv\n`)
    const env = { MIBS: '', SNMP_PERSISTENT_DIR: folder, SNMPCONFPATH: folder }
    const log = ['-Lf', join(folder, 'log')]
    const args = ['-m', '', '-f', '-n', '-On', '-Oq', '-C', '-c', conf, ...log, `udp:127.0.0.1:${port}`]
    const running = here.start('/usr/sbin/snmptrapd', args, { env })
    const trapd = new Trapd(port, running, folder)
    await trapd.until((text) => text.includes('NET-SNMP version'))
    return trapd
  }

  /** When the log held it; looked at whenever the file grew. */
  async until(holds: (text: string) => boolean, seconds = 120): Promise<number> {
    let size = -1
    for (const begin = Date.now(); Date.now() - begin < seconds * 1_000; await delay(10)) {
      const now = await stat(join(this.#folder, 'log')).then(
        (found) => found.size,
        () => 0,
      )
      if (now === size) continue
      size = now
      if (holds(await this.log())) return Date.now()
    }
    throw new Error(`not within ${seconds} s: ${(await this.log()).slice(-500)}`)
  }

  log(): Promise<string> {
    return readFile(join(this.#folder, 'log'), 'utf8').catch(() => '')
  }

  async close(): Promise<void> {
    this.#running.kill('SIGKILL')
    await this.#running.ended
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Distinct alarms, and how many notifications there were of them. */
function arrived(log: string, word = 'OWN'): { readonly alarms: number; readonly notifications: number } {
  const ids = [...log.matchAll(/8072\.9999\.9999\.1\.2\.2\.1\.18\.\d+ "(\w+ ALARM [^"]+)"/g)]
    .map(([, id = '']) => id)
    .filter((id) => id.startsWith(word))
  return { alarms: new Set(ids).size, notifications: ids.length }
}

function post(agent: Agent, { address, port }: Endpoint, path: string, body: object): Promise<void> {
  const text = JSON.stringify(body)
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
  return new Promise((resolve, reject) => {
    request({ host: address, port, path: `/rest/v1/${path}`, method: 'POST', agent, headers }, (response) => {
      response
        .resume()
        .once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`${response.statusCode}`))))
    })
      .once('error', reject)
      .end(text)
  })
}

function appear(agent: Agent, endpoint: Endpoint, mac: string): Promise<void> {
  const known = { model: '440HD', fwVersion: '2.2.16.704', userName: `u${mac}`, status: 'registered' }
  return post(agent, endpoint, 'ipphoneMgrStatus/keep-alive', { mac, ip: '127.0.0.1', ...known })
}

function alertsOf(mac: string, from: number, word = 'OWN'): object {
  const alerts = Array.from({ length: TOGETHER }, (_, i) => {
    const name = `${word} ALARM ${from + i}`
    const facts = {
      description: 'it cannot sign in',
      severity: '5',
      type: '1',
      probableCause: '5',
      additionalInfo1: name,
    }
    return { uniqueId: name, name, date: '2026-11-20 12:42:42', source: `IPPhone/${mac}`, ...facts }
  })
  return { sessionId: '1', alerts }
}

function configuration(version: Version, port: number, more: ConfigTree = {}): ConfigTree {
  const access = version === '3' ? { version: 3, ...USER } : { version, community: 'public' }
  const nms = { kind: 'snmp', name: 'nms', host: '127.0.0.1', port, ...access, filter: { about: 'phones' } }
  return { ...LOOPBACK, log: { level: 'info' }, alarms: { destinations: [nms] }, ...more }
}

interface Round {
  readonly perSecond: number
  /** Of alarms that waited for the receiver. */
  readonly backlogPerSecond: number
  readonly alarms: number
  readonly notifications: number
}

/** From the first alarm that a phone sends to the last that the receiver wrote down. */
async function ours(version: Version, port: number): Promise<Round> {
  const trapd = await Trapd.start(port)
  const home = await DaemonHome.make(configuration(version, port))
  const agent = new Agent({ keepAlive: true, maxSockets: CROWD })
  try {
    const daemon = await home.start()
    const endpoint = daemon.endpoint('http')
    const macs = Array.from({ length: PHONES }, (_, phone) => macOf(phone))
    const warmers = Array.from({ length: WARMERS }, (_, phone) => macOf(PHONES + phone))
    await inCrowd(CROWD, [...macs, ...warmers], (mac) => appear(agent, endpoint, mac))
    for (const from of [0, TOGETHER]) {
      await inCrowd(CROWD, warmers, (mac) =>
        post(agent, endpoint, 'ipphoneMgrAlert/alert', alertsOf(mac, from, 'WARM')),
      )
    }
    await trapd.until((log) => arrived(log, 'WARM').alarms >= WARMERS * 2 * TOGETHER)
    const requests = Array.from({ length: EACH / TOGETHER }, (_, i) =>
      macs.map((mac) => [mac, i * TOGETHER] as const),
    ).flat()
    const began = Date.now()
    await inCrowd(CROWD, requests, ([mac, from]) => post(agent, endpoint, 'ipphoneMgrAlert/alert', alertsOf(mac, from)))
    const ended = await trapd.until((log) => arrived(log).alarms >= ALARMS)
    const late = Array.from({ length: PHONES }, (_, phone) => macOf(PHONES + WARMERS + phone))
    await inCrowd(CROWD, late, (mac) => appear(agent, endpoint, mac))
    await steer(home, 'pause')
    for (let from = 0; from < EACH; from += TOGETHER) {
      await inCrowd(CROWD, late, (mac) => post(agent, endpoint, 'ipphoneMgrAlert/alert', alertsOf(mac, from, 'LATE')))
    }
    const continued = Date.now()
    await steer(home, 'continue')
    const drained = await trapd.until((log) => arrived(log, 'LATE').alarms >= ALARMS)
    await delay(1_000) // for what may come twice
    const [now, later] = [arrived(await trapd.log()), arrived(await trapd.log(), 'LATE')]
    return {
      perSecond: (ALARMS * 1_000) / (ended - began),
      backlogPerSecond: (ALARMS * 1_000) / (drained - continued),
      alarms: now.alarms + later.alarms,
      notifications: now.notifications + later.notifications,
    }
  } finally {
    agent.destroy()
    await home.close()
    await trapd.close()
  }
}

/** As an admin does it on the page. */
async function steer(home: DaemonHome, what: 'pause' | 'continue'): Promise<void> {
  const { url, token } = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8'))
  const headers = { Authorization: `Bearer ${token}` }
  const path = `api/v1/forwarding/destinations/config.nms/${what}`
  const { status } = await fetch(url + path, { method: 'POST', headers })
  if (status !== 200) throw new Error(`${what}: ${status}`)
}

async function bare(version: Version, port: number): Promise<Round> {
  const trapd = await Trapd.start(port)
  const script = join(import.meta.dirname, 'alarms-bare.mjs')
  const running = here.start(process.execPath, [
    script,
    String(port),
    String(ALARMS),
    version.charAt(0),
    String(WINDOW),
    String(WARMERS * 2 * TOGETHER),
  ])
  try {
    await running.output(/^begin$/m)
    const began = Date.now()
    const ended = await trapd.until((log) => arrived(log).alarms >= ALARMS)
    await running.end(60_000)
    const perSecond = (ALARMS * 1_000) / (ended - began)
    return { perSecond, backlogPerSecond: perSecond, ...arrived(await trapd.log()) }
  } finally {
    running.kill('SIGKILL')
    await running.ended
    await trapd.close()
  }
}

/** In turns, so that whatever else the machine does meets both; of each the median. */
async function race(version: Version, port: number): Promise<Metric[]> {
  const [mine, theirs]: [Round[], Round[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    mine.push(await ours(version, port))
    theirs.push(await bare(version, port))
    const [one, other] = [mine[round], theirs[round]].map((of) => [of?.perSecond ?? 0, of?.backlogPerSecond ?? 0])
    progress(`v${version}: ${one?.map(Math.round).join(', ')} against ${other?.map(Math.round)[0]}`)
  }
  const middle = (rounds: readonly Round[], figure: 'perSecond' | 'backlogPerSecond') => {
    return median(rounds.map((round) => round[figure]))
  }
  const beside = (name: string, figure: 'perSecond' | 'backlogPerSecond') => {
    return rate(`v${version}: ${name}`, middle(mine, figure), 'net-snmp informs', middle(theirs, figure), 0.8)
  }
  const sum = (of: (round: Round) => number) => mine.reduce((total, round) => total + of(round), 0)
  return [
    beside('alarms/s, REST to acknowledged inform', 'perSecond'),
    beside('waiting alarms/s to acknowledged inform', 'backlogPerSecond'),
    rate(
      `v${version}: alarms that arrived`,
      sum(({ alarms }) => alarms),
      'sent',
      2 * ALARMS * ROUNDS,
      1,
    ),
    limit(`v${version}: informs for each alarm`, sum(({ notifications }) => notifications) / (2 * ALARMS * ROUNDS), 1),
  ]
}

/** All phones of one network fall silent: from the first that is overdue to the one trap that tells of them. */
async function outage(port: number): Promise<Metric[]> {
  const trapd = await Trapd.start(port)
  const fleet = { zeroTouch: true, keepAliveMinutes: 1, disconnectedAfterMinutes: SILENCE_MINUTES }
  const home = await DaemonHome.make(configuration('2c', port, { fleet }))
  const agent = new Agent({ keepAlive: true, maxSockets: CROWD })
  try {
    const daemon: Daemon = await home.start()
    const endpoint = daemon.endpoint('http')
    const began = Date.now()
    await inCrowd(
      CROWD,
      Array.from({ length: OUTAGE_PHONES }, (_, phone) => macOf(phone)),
      (mac) => appear(agent, endpoint, mac),
    )
    progress(
      `${OUTAGE_PHONES} phones reported within ${Date.now() - began} ms; now they are silent for ${SILENCE_MINUTES} minutes`,
    )
    const before = residentMegabytes(daemon.pid)
    const silentAt = began + SILENCE_MINUTES * 60_000
    const told = await trapd.until((log) => log.includes('"PHONES SILENT"'), SILENCE_MINUTES * 60 + 90)
    await trapd.until(
      (log) =>
        Math.max(0, ...[...log.matchAll(/\.1\.2\.2\.1\.16\.\d+ (\d+)/g)].map(([, n]) => Number(n))) >=
        OUTAGE_PHONES * 0.9,
    )
    await delay(5_000)
    const log = await trapd.log()
    const raised = log.split('\n').filter((line) => /\.9999\.0\.1\b/.test(line)).length
    const resident = residentMegabytes(daemon.pid)
    return [
      limit(
        `outage of ${OUTAGE_PHONES} phones: seconds from the first overdue to the one trap`,
        (told - silentAt) / 1_000,
        5,
      ),
      limit('outage: alarms raised at the manager', raised, 1),
      limit('outage: resident MB before', before, 250),
      limit('outage: resident MB afterwards', resident, 250),
    ]
  } finally {
    agent.destroy()
    await home.close()
    await trapd.close()
  }
}

goFirst()
const only = process.argv.find((one) => one === '--race' || one === '--outage')
const metrics = [
  ...(only === '--outage' ? [] : [...(await race('2c', 21_162)), ...(await race('3', 21_163))]),
  ...(only === '--race' ? [] : await outage(21_164)),
]
report('alarms', metrics)

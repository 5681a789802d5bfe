// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '#daemon/cli/program'
import { cliIo, type Told } from '#test/support/cli'
import { type Daemon, DaemonHome, LOOPBACK, lives } from '#test/support/daemon'
import { seededRandom } from '#test/support/random'
import { rsaCertificate } from '#test/support/rsa-certificate'
import { mutated, type Thrower, throwDatagrams, throwStreams, throwTlsStreams } from './fuzz.ts'
import { SEEDS } from './fuzz-seeds.ts'

/*
 * The built daemon with every server on. Each listener gets sound messages with wounds for a while; then every server
 * must still answer in its own protocol, as `offhook healthcheck` asks, from a daemon that had no fault.
 */

/** Of fuzz on each listener; `npm run proof -- security` sets 60. */
const SECONDS = Number(process.env.OFFHOOK_FUZZ_SECONDS ?? 0.4)
const SEED = Number(process.env.OFFHOOK_SEED ?? 20_261_121)
/** Megabytes that memory may have grown in the end. */
const ROOM = 150

const FAULTS = new Set(['daemon.fault', 'exchange.fault', 'server.lost'])

interface Check {
  readonly server: string
  readonly endpoint: string
  readonly state: string
}

describe(`every listener, fuzzed for ${SECONDS} s (seed ${SEED})`, () => {
  let home: DaemonHome
  let daemon: Daemon
  let keys: string
  let before: number
  let places: readonly Check[]
  let tls: Readonly<Record<'http' | 'ldap', number>>

  beforeAll(async () => {
    keys = await mkdtemp(join(tmpdir(), 'offhook-fuzz-'))
    await rsaCertificate(keys, 'server', '/CN=127.0.0.1')
    const pair = { key: join(keys, 'server.key'), cert: join(keys, 'server.crt') }
    tls = { http: await freePort(), ldap: await freePort() }
    const anywhere = { enabled: true, listen: '127.0.0.1:0' }
    home = await DaemonHome.make({
      ...LOOPBACK,
      http: { listen: ['127.0.0.1:0'], tlsListen: `127.0.0.1:${tls.http}`, tls: pair },
      ldap: { ...anywhere, anonymous: true, tlsListen: `127.0.0.1:${tls.ldap}`, tls: pair },
      sip: anywhere,
      syslog: anywhere,
      snmp: { agent: { ...anywhere, communities: ['readers'] } },
      // Of each wounded message a line is too much for a minute.
      log: { level: 'warn' },
    })
    await home.addFirmware('440HD.img', randomBytes(50_000))
    daemon = await home.start()
    places = await allAnswer()
    before = await memory()
  })

  afterAll(async () => {
    await home?.close()
    if (keys) await rm(keys, { recursive: true, force: true })
  })

  /** Every server is asked in its own protocol; all must answer. Gives where they listen. */
  async function allAnswer(): Promise<readonly Check[]> {
    const said: Told = { out: '', err: '', code: 0 }
    await runProgram(['healthcheck', '--config', home.configFile, '--json'], cliIo(said))
    const { checks } = JSON.parse(said.out || '{"checks":[]}') as { readonly checks: readonly Check[] }
    const answering = checks.filter(({ state }) => state === 'ok').map(({ server }) => server)
    expect([answering.sort(), said.err], said.out).toEqual([
      ['dhcp', 'http', 'http', 'ldap', 'ldap', 'sip', 'snmp', 'store', 'syslog', 'tftp', 'web'],
      '',
    ])
    return checks
  }

  async function memory(): Promise<number> {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]) / 1024
  }

  it.each<[string, keyof typeof SEEDS, Thrower, ('http' | 'ldap')?]>([
    ['DHCP', 'dhcp', throwDatagrams],
    ['TFTP', 'tftp', throwDatagrams],
    ['phone HTTP', 'http', throwStreams],
    ['phone HTTPS before the handshake', 'http', throwStreams, 'http'],
    ['phone HTTPS behind the handshake', 'http', throwTlsStreams, 'http'],
    ['web', 'web', throwStreams],
    ['LDAP', 'ldap', throwStreams],
    ['LDAPS behind the handshake', 'ldap', throwTlsStreams, 'ldap'],
    ['SIP', 'sip', throwDatagrams],
    ['SNMP', 'snmp', throwDatagrams],
    ['syslog by UDP', 'syslog', throwDatagrams],
    ['syslog by TCP', 'syslog', throwStreams],
  ])(
    '%s: every server answers afterwards, and there was no fault',
    async (name, server, thrower, overTls) => {
      const random = seededRandom(SEED)
      const suits = (check: Check) =>
        overTls ? check.endpoint.endsWith(`:${tls[overTls]}`) : check.server === server && !isSecure(check.endpoint)
      const [address = '', port] = (places.find(suits)?.endpoint ?? '').split(':')
      const seeds = SEEDS[server]
      const thrown = await thrower(
        { address, port: Number(port) },
        () => mutated(random, seeds),
        performance.now() + SECONDS * 1_000,
      )
      expect(thrown).toBeGreaterThan(SECONDS * 10)
      expect(lives(daemon)).toBe(true)
      await allAnswer()
      const ready = await fetch(`${daemon.url}readyz`)
      expect([ready.status, await ready.text()]).toEqual([200, '{"ready":true,"notReady":[]}'])
      expect(daemon.log().filter((line) => FAULTS.has(line.id))).toEqual([])
      if (SECONDS > 10) console.log(`${name}: ${thrown} thrown, memory ${(await memory()).toFixed(0)} MB`)
    },
    SECONDS * 1_000 + 30_000,
  )

  it('memory stays bounded, and the daemon stops in order', async () => {
    expect(await memory()).toBeLessThan(before + ROOM)
    const { stderr } = await daemon.stop()
    expect(stderr).toBe('')
  })

  function isSecure(endpoint: string): boolean {
    return Object.values(tls).some((port) => endpoint.endsWith(`:${port}`))
  }
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

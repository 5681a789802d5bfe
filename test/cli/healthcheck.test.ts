// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { offerLocalApi } from '#daemon/cli/local-api'
import { runProgram } from '#daemon/cli/program'
import { cliIo, type Told } from '#test/support/cli'
import { type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'

interface Report {
  readonly healthy: boolean
  readonly problem?: string
  readonly checks: readonly { server: string; endpoint: string; state: string; detail: string }[]
}

const EVERYTHING = {
  ...LOOPBACK,
  ldap: { enabled: true, listen: '127.0.0.1:0', baseDn: 'dc=example,dc=com', anonymous: true },
  sip: { enabled: true, listen: '127.0.0.1:0' },
  syslog: { enabled: true, listen: '127.0.0.1:0' },
  snmp: { agent: { enabled: true, listen: '127.0.0.1:0', communities: ['public'] } },
}

let home: DaemonHome
let daemon: Daemon

beforeAll(async () => {
  home = await DaemonHome.make(EVERYTHING)
  daemon = await home.start()
})

afterAll(() => home?.close())

async function told(...args: string[]): Promise<Told> {
  const said: Told = { out: '', err: '', code: 0 }
  await runProgram(['healthcheck', '--config', home.configFile, ...args], cliIo(said))
  return said
}

describe('every server is asked in its own protocol', () => {
  it('and answers, which is told in a line each', async () => {
    const { out, err, code } = await told()
    expect(err + (code === 0 ? '' : out)).toBe('')
    expect(code).toBe(0)
    for (const answer of [
      /^ok +store +writable$/m,
      /^ok +web +127\.0\.0\.1:\d+ +HTTP 200/m,
      /^ok +http +127\.0\.0\.1:\d+ +HTTP [2-4]\d\d/m,
      /^ok +tftp +127\.0\.0\.1:\d+ +ERROR 1/m,
      /^ok +dhcp +127\.0\.0\.1:\d+ +ACK to INFORM/m,
      /^ok +ldap +127\.0\.0\.1:\d+ +root DSE/m,
      /^ok +sip +127\.0\.0\.1:\d+ +SIP \d\d\d/m,
      /^ok +snmp +127\.0\.0\.1:\d+ +SNMPv3 engine 80/m,
      /^ok +syslog +127\.0\.0\.1:\d+ +TCP connected, UDP counted/m,
    ]) {
      expect(out).toMatch(answer)
    }
  })

  it('in JSON, too', async () => {
    const { out, code } = await told('--json')
    const { healthy, checks } = JSON.parse(out) as Report
    expect(code).toBe(0)
    expect(healthy).toBe(true)
    expect(new Set(checks.map(({ state }) => state))).toEqual(new Set(['ok']))
    expect(checks).toHaveLength(9)
  })

  it('nobody takes the questions for a phone, and no address is leased', async () => {
    await told()
    expect(daemon.log().filter(({ id }) => id.startsWith('phone.'))).toEqual([])
    expect(await daemon.metric('offhook_dhcp_leases')).toBe(0)
  })
})

describe('what is not well', () => {
  it('no daemon is one sentence, exit code 1, and JSON for programs', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'offhook-nobody-'))
    onTestFinished(() => rm(empty, { recursive: true }))
    const { out, err, code } = await told('--data', empty, '--json')
    expect(code).toBe(1)
    expect(err).toContain(`no daemon is running on ${empty}`)
    expect(JSON.parse(out)).toMatchObject({ healthy: false, problem: expect.stringContaining('no daemon') })
  })

  it('servers that say they serve and do not answer, those that were lost, and those nobody here can ask', async () => {
    const api = createServer((request, response) => {
      const servers = ['web', 'http', 'tftp', 'dhcp', 'ldap', 'sip', 'snmp', 'syslog'].map((name) => ({
        ...{ name, state: 'serving', detail: 'serving' },
        // Nobody listens on port 1 of an address of loopback's.
        endpoints: [{ address: '127.87.65.43', port: 1 }],
      }))
      const lost = { name: 'other', state: 'lost', detail: 'EADDRNOTAVAIL\u001b[2J', endpoints: [] }
      const links = { ...servers[3], detail: 'serving the links dhcp-eth0' }
      const all = { servers: [...servers, lost, links], storeTrouble: 'the disk is full' }
      response.end(request.url === '/metrics' ? '' : JSON.stringify(all))
    })
    await new Promise<void>((listening) => api.listen(0, '127.0.0.1', listening))
    const folder = await mkdtemp(join(tmpdir(), 'offhook-liar-'))
    onTestFinished(async () => {
      api.close()
      await rm(folder, { recursive: true })
    })
    await offerLocalApi(folder, { url: `http://127.0.0.1:${(api.address() as AddressInfo).port}/`, token: 'x' })
    const { out, code } = await told('--data', folder, '--json')
    expect(code).toBe(1)
    const { healthy, checks } = JSON.parse(out) as Report
    expect(healthy).toBe(false)
    const states = Object.fromEntries(
      checks.map(({ server, detail, state }) => [`${server} ${detail.slice(0, 9)}`, state]),
    )
    expect(checks.filter(({ state }) => state === 'failed').map(({ server }) => server)).toEqual([
      ...['store', 'web', 'http', 'tftp', 'dhcp', 'ldap', 'sip', 'snmp', 'syslog', 'other'],
    ])
    expect(states['dhcp serving t']).toBe('unchecked')
    expect((await told('--data', folder)).out).not.toContain('\u001b')
  })

  it('an agent that does not let this machine ask is not called broken', async () => {
    const other = await DaemonHome.make({
      ...LOOPBACK,
      snmp: { agent: { enabled: true, listen: '127.0.0.1:0', communities: ['public'], sources: ['10.0.0.0/8'] } },
    })
    onTestFinished(() => other.close())
    await other.start()
    const said: Told = { out: '', err: '', code: 0 }
    await runProgram(['healthcheck', '--config', other.configFile], cliIo(said))
    expect(said.out).toMatch(/^unchecked snmp .*snmp\.agent\.sources does not let 127\.0\.0\.1 ask/m)
    expect(said.code).toBe(0)
  })
})

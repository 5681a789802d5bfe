// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ConfigTree, type Daemon, DaemonHome, LOOPBACK, VOICE_NETWORK } from '#test/support/daemon'
import { DhcpClients } from '#test/support/dhcp-clients'
import { DISCOVER, OFFER, readReply, relayed } from '#test/support/dhcp-packet'
import { layNetwork, type Network } from '#test/support/netns'
import { here } from '#test/support/process'

const MAIN = join(import.meta.dirname, '../../dist/daemon/main.js')
const dhcp = VOICE_NETWORK.dhcp as ConfigTree

/** The voice network with another pool, and other settings of its subnet or of DHCP. */
function voice(pool: string, subnet: ConfigTree = {}, change: ConfigTree = {}): ConfigTree {
  const one = { name: 'voice', cidr: '10.99.0.0/24', leaseSeconds: 3600, pools: [pool], ...subnet }
  return { ...VOICE_NETWORK, dhcp: { ...dhcp, subnets: [one], ...change } }
}

describe('a reload of the configuration, as real clients live through it', () => {
  let network: Network
  let home: DaemonHome
  let daemon: Daemon
  let clients: DhcpClients

  beforeAll(async () => {
    network = await layNetwork()
  })
  afterAll(() => network?.close())
  beforeEach(async () => {
    clients = await DhcpClients.on(network.phone)
  })
  afterEach(async () => {
    await clients?.close()
    await home?.close()
    await network.phone.must('ip', ['address', 'flush', 'dev', 'eth0'])
  })

  async function serve(config: ConfigTree): Promise<void> {
    home = await DaemonHome.make(config)
    daemon = await home.start(network.server)
  }

  async function reload(config: ConfigTree) {
    await home.configure(config)
    return daemon.reload()
  }

  it('keeps the lease, and the next renewal by udhcpc brings the changed options', async () => {
    await serve(voice('10.99.0.100-10.99.0.109'))
    const client = clients.udhcpc()
    const bound = await client.learns('bound')
    expect(bound.values.domain).toBeUndefined()
    const line = await reload(voice('10.99.0.100-10.99.0.120', { domainName: 'new.example', leaseSeconds: 600 }))
    expect(line).toMatchObject({ id: 'config.reloaded', applied: ['dhcp.subnets'] })
    client.renew()
    const renewed = await client.learns('renew')
    await client.unplug()
    expect(renewed.values).toMatchObject({ ip: bound.values.ip, domain: 'new.example', lease: '600' })
  })

  it('[RFC2131 §4.3.2] moves a client whose pool is gone with a NAK when it renews, and not before', async () => {
    await serve(voice('10.99.0.100-10.99.0.100'))
    const client = clients.udhcpc()
    expect((await client.learns('bound')).values.ip).toBe('10.99.0.100')
    await reload(voice('10.99.0.140-10.99.0.140'))
    expect(client.said).not.toContain('<learnt nak>')
    client.renew()
    await client.learns('nak')
    await daemon.logged({ id: 'exchange.reply', answer: 'ACK', address: '10.99.0.140' })
    await client.unplug()
    expect(client.said).toContain('10.99.0.140')
  })

  it('refuses a bad file with its line and an alarm, and goes on as before', async () => {
    await serve(voice('10.99.0.100-10.99.0.100'))
    await writeFile(
      home.configFile,
      `data:\n  folder: ${home.dataFolder}\ndhcp:\n  mode: server\n  subnets: [{name: a}]\n`,
    )
    const refused = await daemon.reload()
    expect(refused).toMatchObject({ id: 'config.refused' })
    expect(refused.complaints).toContainEqual(expect.stringMatching(/offhook\.yaml:5: dhcp\.subnets\.0\.cidr: /))
    await daemon.logged({ id: 'alarm.raised', alarm: 'configuration refused' })
    const client = await clients.dhclient()
    expect((await client.learns('BOUND')).values.new_ip_address).toBe('10.99.0.100')
    await client.unplug()
    await reload(voice('10.99.0.100-10.99.0.100'))
    await daemon.logged({ id: 'alarm.cleared', alarm: 'configuration refused' })
  })

  it('switches DHCP on and off, and names what waits for a restart', async () => {
    await serve(voice('10.99.0.100-10.99.0.109', {}, { mode: 'off' }))
    expect(await daemon.metric('offhook_server_up', { server: 'dhcp' })).toBe(0)
    const elsewhere = { ...voice('10.99.0.100-10.99.0.109'), tftp: { listen: '10.99.0.1:6969' } }
    expect(await reload(elsewhere)).toMatchObject({ applied: ['dhcp.mode'] })
    await daemon.logged({ id: 'config.restart-needed' })
    expect(daemon.log().find(({ id }) => id === 'config.restart-needed')?.settings).toEqual(['tftp.listen'])
    const client = clients.udhcpc()
    await client.learns('bound')
    await client.unplug()
    expect(await daemon.metric('offhook_server_up', { server: 'dhcp' })).toBe(1)
    await reload(voice('10.99.0.100-10.99.0.109', {}, { mode: 'off' }))
    expect((await network.server.must('ss', ['-lun'])).match(/:67\b/)).toBeNull()
    await reload(voice('10.99.0.100-10.99.0.109'))
    expect((await network.server.must('ss', ['-lun'])).match(/:67\b/)).not.toBeNull()
  })
})

describe('a reload on a busy server', () => {
  let home: DaemonHome
  let daemon: Daemon
  beforeEach(async () => {
    home = await DaemonHome.make(LOOPBACK)
    daemon = await home.start()
  })
  afterEach(() => home?.close())

  it('loses no packet', async () => {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { address, port } = daemon.endpoint('dhcp')
    const waiting = new Map<number, (type: number) => void>()
    socket.on('message', (bytes) => {
      const reply = readReply(bytes)
      if (reply) waiting.get(reply.xid)?.(reply.type)
    })
    const asked: Promise<number>[] = []
    for (let n = 1; n <= 200; n++) {
      const mac = `020000${n.toString(16).padStart(6, '0')}`
      asked.push(new Promise((resolve) => waiting.set(n, resolve)))
      // The relay is at 127.0.0.1, and its client in 127.99/16 by link selection [RFC 3527].
      socket.send(relayed({ type: DISCOVER, mac, giaddr: '127.0.0.1', xid: n, selection: '127.99.0.1' }), port, address)
      if (n % 20 !== 0) continue
      const pool = n % 40 === 0 ? '127.99.1.1-127.99.1.250' : '127.99.1.1-127.99.1.251'
      const subnets = [{ name: 'loopback', cidr: '127.99.0.0/16', pools: [pool] }]
      await home.configure({ ...LOOPBACK, dhcp: { ...(LOOPBACK.dhcp as ConfigTree), subnets } })
      await daemon.reload()
    }
    expect(new Set(await Promise.all(asked))).toEqual(new Set([OFFER]))
    socket.close()
  })

  it('by "offhook reload": says what became of it, and exits with 1 when it was refused', async () => {
    const again = () =>
      here.run(process.execPath, [MAIN, 'reload', '--config', home.configFile, '--data', home.dataFolder])
    expect(await again()).toMatchObject({ code: 0, stdout: 'Nothing changed.\n' })
    await home.configure({ ...LOOPBACK, log: { level: 'warn' }, fleet: { zeroTouch: false } })
    expect(await again()).toMatchObject({ code: 0, stdout: 'In force: fleet.zeroTouch, log.level\n' })
    await home.configure({ ...LOOPBACK, log: { level: 'loud' } })
    const { code, stderr } = await again()
    expect(code).toBe(1)
    expect(stderr).toMatch(/offhook\.yaml:\d+: log\.level: /)
    expect(stderr).toContain('the running configuration stays')
  })
})

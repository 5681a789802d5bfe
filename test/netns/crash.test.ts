// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstSignIn, pageIn } from '#test/support/browser'
import { type Daemon, DaemonHome, VOICE_NETWORK } from '#test/support/daemon'
import { DhcpClients } from '#test/support/dhcp-clients'
import { ACK, octets, REQUEST, type Reply, readReply, relayed } from '#test/support/dhcp-packet'
import { layNetwork, type Network, PHONE_MAC, SERVER_ADDRESS } from '#test/support/netns'

/*
 * The power fails right after an answer left. What was answered is true: the address is the phone's, and the phone is
 * known. `kill -9` gives the process no chance to write anything more.
 */
describe('kill -9 after the answer, and a new start on the same data folder', () => {
  let network: Network
  let home: DaemonHome
  let clients: DhcpClients
  let daemon: Daemon
  let address: string

  beforeAll(async () => {
    network = await layNetwork()
    home = await DaemonHome.make(VOICE_NETWORK)
    daemon = await home.start(network.server)
    clients = await DhcpClients.on(network.phone)
  })

  afterAll(async () => {
    await clients?.close()
    await home?.close()
    await network?.close()
  })

  it('keeps a lease whose ACK has left: dhclient gets the same address by INIT-REBOOT, without a new DISCOVER', async () => {
    const first = await clients.dhclient({ phoneClass: '440HD' })
    address = (await first.learns('BOUND')).values.new_ip_address ?? ''
    await daemon.kill9()
    await first.unplug()

    daemon = await home.start(network.server)
    const again = await clients.dhclient({ phoneClass: '440HD' })
    const { values } = await again.learns('REBOOT')
    await again.unplug()
    expect(values.new_ip_address).toBe(address)
    expect(daemon.log().filter(({ operation }) => operation === 'DISCOVER')).toEqual([])
  })

  it('keeps the phone that DHCP has seen', async () => {
    expect(await daemon.metric('offhook_store_records', { table: 'leases' })).toBe(1)
    expect(await daemon.metric('offhook_phones')).toBe(1)
  })

  it('keeps what a keep-alive reported: Chromium sees the phone registered, at the address it holds', async () => {
    const mac = PHONE_MAC.replaceAll(':', '')
    const url = `http://${SERVER_ADDRESS}:8081/rest/v1/ipphoneMgrStatus/keep-alive`
    const report = {
      mac,
      ip: address,
      model: '440HD',
      fwVersion: '2.2.16.704',
      userName: 'Ann.Lee',
      status: 'registered',
    }
    await network.phone.must('curl', ['-sSf', '--max-time', '10', '-d', JSON.stringify(report), url])
    await daemon.kill9()

    daemon = await home.start(network.server)
    const { page, close } = await pageIn(network.phone)
    try {
      await firstSignIn(page, daemon.url, await daemon.oneTimePassword(), randomBytes(12).toString('hex'))
      await page.goto(`${daemon.url}devices`)
      const row = page.getByRole('row').filter({ hasText: PHONE_MAC }).filter({ hasText: '440HD' })
      expect(await row.getByText('Registered', { exact: true }).count()).toBe(1)
      await page.goto(`${daemon.url}devices/${mac}`)
      expect(await page.locator('main').textContent()).toContain(address)
    } finally {
      await close()
    }
  }, 60_000)
})

/*
 * The same in the middle of a boot storm, where many leases wait for one fsync: the kill comes with an ACK, and whatever
 * was acknowledged by then is asked for again.
 */
describe('kill -9 in the middle of a boot storm', () => {
  const CLIENTS = 240
  const KILL_AT = 60
  const GIADDR = '127.99.0.1'
  let home: DaemonHome
  let relay: Socket
  let onReply: (reply: Reply) => void = () => {}

  beforeAll(async () => {
    home = await DaemonHome.make()
    relay = createSocket('udp4', (bytes) => {
      const reply = readReply(bytes)
      if (reply) onReply(reply)
    })
    relay.bind(0, GIADDR)
    await once(relay, 'listening')
  })

  afterAll(async () => {
    relay?.close()
    await home?.close()
  })

  function addressOf(client: number): string {
    return `127.99.1.${client}`
  }

  function ask(daemon: Daemon, client: number, options: readonly number[]): void {
    const mac = `00908f98${client.toString(16).padStart(4, '0')}`
    const wanted = [50, 4, ...octets(addressOf(client)), ...options]
    const packet = relayed({ type: REQUEST, mac, giaddr: GIADDR, xid: client, options: wanted })
    relay.send(packet, daemon.endpoint('dhcp').port, '127.0.0.1')
  }

  it('keeps every lease that was acknowledged', async () => {
    const first = await home.start()
    const acknowledged = new Set<number>()
    const ended = new Promise<void>((resolve) => {
      onReply = ({ type, xid, yiaddr }) => {
        if (type !== ACK || yiaddr !== addressOf(xid)) return
        acknowledged.add(xid)
        if (acknowledged.size === KILL_AT) resolve(first.kill9())
      }
    })
    const chosen = [54, 4, ...octets('127.0.0.1')]
    for (let client = 1; client <= CLIENTS; client++) ask(first, client, chosen)
    await ended
    // What the daemon had sent is in the socket before this datagram of our own.
    const fence = once(relay, 'message')
    relay.send('fence', relay.address().port, GIADDR)
    await fence
    expect(acknowledged.size).toBeGreaterThanOrEqual(KILL_AT)

    // INIT-REBOOT: only a server that remembers the lease answers [RFC 2131 §4.3.2].
    const second = await home.start()
    const forgotten = new Set(acknowledged)
    const remembered = new Promise<void>((resolve) => {
      onReply = ({ type, xid, yiaddr }) => {
        if (type === ACK && yiaddr === addressOf(xid)) forgotten.delete(xid)
        if (forgotten.size === 0) resolve()
      }
    })
    for (const client of acknowledged) ask(second, client, [])
    await Promise.race([remembered, delay(5_000)])
    expect([...forgotten]).toEqual([])
    await second.stop()
  })
})

// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ConfigTree, type Daemon, DaemonHome, VOICE_NETWORK } from '#test/support/daemon'
import { DhcpClients } from '#test/support/dhcp-clients'
import {
  layRoutedNetwork,
  PHONE_MAC,
  RELAY_FAR,
  RELAY_NEAR,
  type RoutedNetwork,
  SERVER_ADDRESS,
} from '#test/support/netns'

const PROVISIONING_URL = `http://${SERVER_ADDRESS}/firmwarefiles;ipp/dhcpoption160.cfg`
const FOREIGN_MAC = '02:00:5e:00:53:01'
/** How the clients name options 160, 66 and 67 and the boot fields of the header. */
const BOOT_VALUE = /^(new_)?(opt160|provisioning_url|tftp.*|boot_?file.*|filename|sname|server_name)$/

describe('leases, as three DHCP clients and a relay of other makers see them', () => {
  let network: RoutedNetwork
  let home: DaemonHome
  let daemon: Daemon
  let clients: DhcpClients

  beforeAll(async () => {
    network = await layRoutedNetwork()
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

  async function serve(dhcp: ConfigTree = {}): Promise<void> {
    home = await DaemonHome.make({ ...VOICE_NETWORK, dhcp: { ...(VOICE_NETWORK.dhcp as ConfigTree), ...dhcp } })
    daemon = await home.start(network.server)
  }

  function onePool(): ConfigTree {
    return { subnets: [{ name: 'one', cidr: '10.99.0.0/24', pools: ['10.99.0.77-10.99.0.77'] }] }
  }

  describe('a client that is no phone, and asks for 160, 66 and 67 all the same', () => {
    beforeEach(() => network.phone.must('ip', ['link', 'set', 'eth0', 'address', FOREIGN_MAC]))
    afterEach(() => network.phone.must('ip', ['link', 'set', 'eth0', 'address', PHONE_MAC]))

    it('udhcpc gets an address, the time servers, and none of them', async () => {
      await serve()
      const client = clients.udhcpc()
      const { values } = await client.learns('bound')
      await client.unplug()
      expect(values.ip).toMatch(/^10\.99\.0\.1\d\d$/)
      expect(values.ntpsrv).toBe('10.99.0.3 10.99.0.4')
      expect(Object.keys(values)).not.toEqual(expect.arrayContaining([expect.stringMatching(BOOT_VALUE)]))
    })

    it('dhclient gets an address, the time servers, and none of them', async () => {
      await serve()
      const client = await clients.dhclient()
      const { values } = await client.learns('BOUND')
      await client.unplug()
      expect(values.new_ip_address).toMatch(/^10\.99\.0\.1\d\d$/)
      expect(values.new_ntp_servers).toBe('10.99.0.3 10.99.0.4')
      expect(Object.keys(values)).not.toEqual(expect.arrayContaining([expect.stringMatching(BOOT_VALUE)]))
    })
  })

  it('a phone that names no class is known by its hardware address, and fills in its model itself', async () => {
    await serve()
    const client = clients.udhcpc()
    const { values } = await client.learns('bound')
    await client.unplug()
    expect(values).toMatchObject({ opt160: hex(PROVISIONING_URL), tftp: SERVER_ADDRESS, bootfile: '<MODEL>.img' })
  })

  it('RELEASE: udhcpc -R gives the only address back, and the next client gets it', async () => {
    await serve(onePool())
    const first = clients.udhcpc({ phoneClass: '440HD' })
    expect((await first.learns('bound')).values.ip).toBe('10.99.0.77')
    await first.stop()
    expect(first.said).toContain('sending release')
    await daemon.logged({ operation: 'RELEASE' })

    // dhclient names itself by its hardware address, udhcpc by option 61: to a server they are two clients.
    const next = await clients.dhclient({ phoneClass: '440HD' })
    expect((await next.learns('BOUND')).values.new_ip_address).toBe('10.99.0.77')
    await next.unplug()
  })

  it('RELEASE: dhclient -r gives the only address back, and the next client gets it', async () => {
    await serve(onePool())
    const first = await clients.dhclient({ phoneClass: '440HD' })
    expect((await first.learns('BOUND')).values.new_ip_address).toBe('10.99.0.77')
    await first.unplug()
    await clients.dhclientRelease()
    await daemon.logged({ operation: 'RELEASE' })

    const next = clients.udhcpc({ phoneClass: '440HD' })
    expect((await next.learns('bound')).values.ip).toBe('10.99.0.77')
    await next.unplug()
  })

  it('a full pool is silence: the next client gets nothing, and the log says why', async () => {
    await serve(onePool())
    const first = clients.udhcpc({ phoneClass: '440HD' })
    await first.learns('bound')
    await first.unplug()
    const next = await clients.dhclient({ phoneClass: '440HD' })
    await daemon.logged({ operation: 'DISCOVER', ending: 'ignore', reason: 'no free address in subnet one' })
    await next.unplug()
    expect(next.said).not.toContain('DHCPOFFER')
  })

  it('INFORM: dhcpcd with an address of its own gets the options and no lease [RFC 2131 §4.3.5]', async () => {
    await serve()
    await network.phone.must('ip', ['address', 'add', '10.99.0.50/24', 'dev', 'eth0'])
    const client = await clients.dhcpcdInform({ phoneClass: '440HD' })
    const { values } = await client.learns('INFORM')
    await client.end()
    expect(values).toMatchObject({ new_provisioning_url: PROVISIONING_URL, new_tftp_server_name: SERVER_ADDRESS })
    expect(values).not.toHaveProperty('new_dhcp_lease_time')
    expect(await daemon.metric('offhook_store_records', { table: 'leases' })).toBe(0)
  })

  it('NAK: dhclient that comes from another network is told at once and gets a new address [RFC 2131 §4.3.2]', async () => {
    await serve()
    await clients.dhclientRemembers('192.168.77.5')
    const client = await clients.dhclient({ phoneClass: '440HD' })
    const { values } = await client.learns('BOUND')
    await client.unplug()
    expect(client.said).toContain('DHCPNAK')
    expect(values.new_ip_address).toMatch(/^10\.99\.0\.1\d\d$/)
  })

  it('listening on 0.0.0.0 serves the same, where a route tells the kernel where broadcasts go', async () => {
    await network.server.must('ip', ['route', 'add', 'default', 'via', RELAY_NEAR])
    try {
      await serve({ listen: '0.0.0.0:67' })
      const client = clients.udhcpc({ phoneClass: '440HD' })
      expect((await client.learns('bound')).values.ip).toMatch(/^10\.99\.0\.1\d\d$/)
      await client.unplug()
    } finally {
      await network.server.must('ip', ['route', 'delete', 'default'])
    }
  })

  it.each(['10.99.0.1:67', '0.0.0.0:67'])(
    'a phone behind ISC dhcrelay gets an address of its own network (%s)',
    async (listen) => {
      await serve({ listen })
      const relay = network.relay.start('dhcrelay', ['-4', '-d', '-id', 'eth1', '-iu', 'eth0', '-a', SERVER_ADDRESS])
      await relay.output(/Sending on +Socket/)
      const far = await DhcpClients.on(network.farPhone)
      try {
        const client = far.udhcpc({ phoneClass: '440HD' })
        const { values } = await client.learns('bound')
        expect(values.ip).toMatch(/^10\.99\.1\.1\d\d$/)
        expect(values).toMatchObject({ router: RELAY_FAR, opt160: hex(PROVISIONING_URL) })
        // Not through the relay: straight to the server, as a bound client does.
        await network.farPhone.must('ip', ['route', 'replace', 'default', 'via', RELAY_FAR])
        await client.stop()
        await daemon.logged({ operation: 'RELEASE' })
      } finally {
        await far.close()
        relay.kill('SIGTERM')
        await relay.end()
      }
    },
  )
})

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}

// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Daemon, DaemonHome } from '#test/support/daemon'
import { DhcpClients } from '#test/support/dhcp-clients'
import { passing } from '#test/support/listen-fds'
import { FAR_LAN, LAN, layTwoLinks, RELAY_FAR, SERVER_ADDRESS, type TwoLinks } from '#test/support/netns'

const CONFIG = {
  server: { address: SERVER_ADDRESS },
  web: { listen: '127.0.0.1:0' },
  http: { listen: ['127.0.0.1:0'] },
  tftp: { listen: '127.0.0.1:0' },
  dhcp: {
    mode: 'server',
    subnets: [
      { name: 'voice', cidr: LAN, pools: ['10.99.0.100-10.99.0.199'], serverAddress: SERVER_ADDRESS },
      { name: 'second', cidr: FAR_LAN, pools: ['10.99.1.100-10.99.1.199'], serverAddress: RELAY_FAR },
    ],
  },
  log: { level: 'debug' },
}

describe('two links, a DHCP socket bound to the device of each, passed as systemd would', () => {
  let network: TwoLinks
  let home: DaemonHome
  let daemon: Daemon

  beforeAll(async () => {
    network = await layTwoLinks()
    home = await DaemonHome.make(CONFIG)
    const links = ['eth0', 'eth1'].map((device) => ({ name: `dhcp-${device}`, device }))
    daemon = await home.start(passing(67, links, network.server))
  })

  afterAll(async () => {
    await home?.close()
    await network?.close()
  })

  it('serves on both, and opens no third', () => {
    const line = daemon.log().find(({ id, server }) => id === 'server.serving' && server === 'dhcp')
    expect(line?.endpoints).toEqual(['0.0.0.0:67', '0.0.0.0:67'])
  })

  it('a client of either link is leased an address of its own subnet, by the server address of that link', async () => {
    for (const [phone, subnet, server] of [
      [network.phone, /^10\.99\.0\.1\d\d$/, SERVER_ADDRESS],
      [network.farPhone, /^10\.99\.1\.1\d\d$/, RELAY_FAR],
    ] as const) {
      const clients = await DhcpClients.on(phone)
      const client = clients.udhcpc({ phoneClass: '440HD' })
      const { values } = await client.learns('bound')
      expect(values.ip).toMatch(subnet)
      expect(values.serverid).toBe(server)
      await client.stop()
      await clients.close()
    }
  })

  it('it stops cleanly', async () => {
    await daemon.stop()
  })
})

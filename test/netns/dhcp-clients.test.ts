// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Capture } from '#test/support/capture'
import { layNetwork, type Network, SERVER_ADDRESS } from '#test/support/netns'
import type { Running } from '#test/support/process'

/*
 * What only a real link shows: broadcasts in both directions without a route for them, and which of its two sockets
 * hears what. test/netns/leases.test.ts asks the whole daemon for everything else.
 */
const CONF = `send vendor-class-identifier "440HD";
supersede dhcp-renewal-time 2;
supersede dhcp-rebinding-time 5;
initial-interval 1; backoff-cutoff 2; reboot 3; timeout 15;
`
const SCRIPT = `#!/bin/sh
[ -n "$new_ip_address" ] && ip address replace "$new_ip_address/24" dev "$interface"
echo "<$reason $new_ip_address>"
`

describe('a DHCP server that listens at the address of its link', () => {
  let network: Network
  let folder: string
  let server: Running
  let capture: Capture

  beforeAll(async () => {
    network = await layNetwork()
    folder = await mkdtemp(join(tmpdir(), 'offhook-dhcp-host-'))
    const program = ['--conditions=source', '--import', 'tsx', join(import.meta.dirname, 'dhcp-host.ts')]
    server = network.server.start(process.execPath, [...program, join(folder, 'store'), SERVER_ADDRESS])
    await server.output(/"serving"/)
    capture = await Capture.start(network.server, 'eth0', 'udp port 67 or udp port 68')
    await writeFile(join(folder, 'conf'), CONF)
    await writeFile(join(folder, 'script'), SCRIPT, { mode: 0o755 })
  })

  afterAll(async () => {
    await capture?.close()
    await network?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  /** Its lease file stays, so the next one remembers the lease. */
  function dhclient(): Running {
    const file = (name: string) => join(folder, name)
    const files = ['-cf', file('conf'), '-lf', file('leases'), '-pf', file('pid'), '-sf', file('script')]
    return network.phone.start('dhclient', ['-4', '-d', '-1', ...files, 'eth0'])
  }

  async function learns(client: Running, event: string): Promise<string> {
    return (await client.output(new RegExp(`<${event} (.+)>`)))[1] ?? ''
  }

  async function unplug(client: Running): Promise<void> {
    client.kill('SIGKILL')
    await client.end()
  }

  function asked(kind: string): Promise<string> {
    return server.line((line) => line.startsWith(`{"kind":"${kind}"`), `a ${kind} query`)
  }

  it('has no route for 255.255.255.255', async () => {
    const { code } = await network.server.run('ip', ['route', 'get', '192.0.2.1'])
    expect(code).not.toBe(0)
  })

  it('[RFC2131 §4.4.5] dhclient renews by unicast at T1 and, when that fails, rebinds by broadcast at T2', async () => {
    const client = dhclient()
    const address = await learns(client, 'BOUND')
    expect(JSON.parse(await asked('selecting'))).toMatchObject({ address, peer: '0.0.0.0' })

    await learns(client, 'RENEW')
    expect(JSON.parse(await asked('renewing'))).toMatchObject({ address, peer: address })

    await network.phone.must('ip', ['route', 'add', 'blackhole', `${SERVER_ADDRESS}/32`])
    expect(JSON.parse(await asked('rebinding'))).toMatchObject({ address })
    // dhclient's script calls this RENEW, too; only its log tells.
    await client.output(/Invalid argument.* to 255\.255\.255\.255 port 67\n.*DHCPACK of/s)
    await network.phone.must('ip', ['route', 'delete', 'blackhole', `${SERVER_ADDRESS}/32`])
    await unplug(client)
  }, 60_000)

  it('[RFC2131 §4.3.2] dhclient that comes back within its lease asks for its address without a DISCOVER', async () => {
    const client = dhclient()
    const address = await learns(client, 'REBOOT')
    expect(JSON.parse(await asked('init-reboot'))).toMatchObject({ address })
    await unplug(client)
  })

  it('every exchange was answered, and every answer left from port 67', async () => {
    await capture.stop()
    const faults = server.lines.filter((line) => /"ending":"(fault|malformed|refuse)"/.test(line))
    expect(faults).toEqual([])
    expect(await capture.frames('dhcp.type == 2')).not.toEqual([])
    expect(await capture.frames('dhcp.type == 2 && !(udp.srcport == 67 && ip.src == 10.99.0.1)')).toEqual([])
    expect(await capture.frames('_ws.malformed || _ws.expert.severity >= error')).toEqual([])
  })

  it('stops by itself when it is told to', async () => {
    server.kill('SIGTERM')
    expect(await server.end()).toMatchObject({ code: 0 })
  })
})

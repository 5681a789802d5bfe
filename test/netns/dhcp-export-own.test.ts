// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '#config/load'
import { exportPlan } from '#daemon/services/dhcp-export/plan'
import { exportFor } from '#daemon/services/dhcp-export/targets'
import { planOf } from '#daemon/settings'
import { encodeOption } from '#protocols/dhcp/options'
import { subnet } from '#test/domain/subnets'
import { layNetwork, type Network, PHONE_MAC } from '#test/support/netns'
import type { Running } from '#test/support/process'
import { OTHER_SERVERS, type OtherServer, stop } from './dhcp-export-servers.ts'

const FOREIGN = '02:00:5e:00:53:02'
const SECOND = '02:00:5e:00:53:04'
const RESERVED = '02:00:5e:00:53:07'
const DEVICE = '02:00:5e:00:53:08'
const OTHER_URL = 'http://10.99.0.9/lobby'
const CONFIG = `
server: { address: 10.99.0.1 }
dhcp:
  devices: [{ mac: "${DEVICE}", options: [{ option: 15, value: device.example }] }]
  classes:
    - name: lobby
      when: { any: [{ vendorClass: Lobby* }, { userClass: hall }], not: { mac: "02:00:5e:00:53:04" } }
      options: [{ option: log-servers, value: 10.99.0.5 }, { option: 160, value: "${OTHER_URL}" }]
    - name: exact
      when: { vendorClass: Exactly }
      options: [{ option: 15, value: exact.example }]
    - name: meeting
      when: { model: C4*, not: { circuitId: lobby-1 } }
      options: [{ option: 66, value: 10.99.0.8 }, { option: 160, value: "${OTHER_URL}" }]
  subnets:
    - name: voice
      cidr: 10.99.0.0/24
      pools: [10.99.0.100-10.99.0.100, { range: 10.99.0.50-10.99.0.59, exclude: [10.99.0.55], classes: [lobby] }]
      reservations:
        - { mac: "${RESERVED}", address: 10.99.0.20, hostname: reception, options: [{ option: 15, value: desk.example }] }
        - { clientId: "0x00616263", address: 10.99.0.21 }
        - { circuitId: lobby-2, address: 10.99.0.22 }
`
const ALONE = subnet('10.99.0.0/24', '10.99.0.100', '10.99.0.100')
const ASKED = ['1', '7', '12', '15', '66', '160']

describe.each(OTHER_SERVERS)('what the configuration gives some clients only, by $name', (other) => {
  let network: Network
  let folder: string
  let server: Running

  beforeAll(async () => {
    network = await layNetwork()
    folder = await mkdtemp(join(tmpdir(), 'offhook-own-'))
    await chmod(folder, 0o755)
    await writeFile(join(folder, 'script'), '#!/bin/sh\n[ "$1" = bound ] && env\nexit 0\n', { mode: 0o755 })
    const text = exportFor(other.name, exportPlan(planOf(loadConfig(CONFIG, 'offhook.yaml', {}), 0), encodeOption))
    expect(text).not.toContain('Not in here')
    server = await other.start(network.server, folder, ALONE, text, insideOf(other, text))
  })

  afterAll(async () => {
    if (server) await stop(server)
    await network?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  async function lease(mac: string, vendorClass = '', more: readonly string[] = [], tries = ['8', '2']) {
    await network.phone.must('ip', ['address', 'flush', 'dev', 'eth0'])
    await network.phone.must('ip', ['link', 'set', 'eth0', 'address', mac])
    const patience = ['-f', '-n', '-q', '-t', tries[0] ?? '', '-T', tries[1] ?? '', '-A', '1']
    const wanted = ['-o', ...ASKED.flatMap((code) => ['-O', code])]
    const args = ['-i', 'eth0', ...patience, '-s', join(folder, 'script'), ...wanted, '-V', vendorClass, ...more]
    const text = await network.phone.must('udhcpc', args)
    return Object.fromEntries(
      text.split('\n').map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]),
    )
  }

  it('reservations have their address and options, by hardware address and by client identifier', async () => {
    expect(await lease(RESERVED)).toMatchObject({ ip: '10.99.0.20', domain: 'desk.example', hostname: 'reception' })
    expect(await lease(SECOND, '', ['-C', '-x', '0x3d:00616263'])).toMatchObject({ ip: '10.99.0.21' })
  }, 40_000)

  it('a class has its options, and its pool for itself', async () => {
    const foreign = await lease(FOREIGN)
    expect(foreign).toMatchObject({ ip: '10.99.0.100' })
    expect(foreign).not.toHaveProperty('opt7')
    const inside = await lease(DEVICE, 'Lobby phone')
    expect(inside).toMatchObject({ ip: expect.stringMatching(/^10\.99\.0\.5[0-9]$/), opt7: '0a630005' })
    expect(inside).toMatchObject({ domain: 'device.example' })
    // Only phones may have 160, whatever class gives it.
    expect(inside).not.toHaveProperty('opt160')
    expect(await lease(RESERVED, '', ['-x', '0x4d:0468616c6c'])).toMatchObject({
      ip: '10.99.0.20',
      opt7: '0a630005',
    })
    expect(await lease(RESERVED, '', ['-x', '0x4d:68616c6c78'])).not.toHaveProperty('opt7')
    await expect(lease(SECOND, 'Lobby', [], ['2', '1'])).rejects.toThrow()
  }, 40_000)

  it('a class wins over what every phone gets; a whole text is no beginning', async () => {
    const url = Buffer.from(OTHER_URL).toString('hex')
    expect(await lease(RESERVED, 'C450HD')).toMatchObject({ tftp: '10.99.0.8', opt160: url })
    expect(await lease(RESERVED, '440HD')).toMatchObject({ tftp: '10.99.0.1' })
    expect(await lease(PHONE_MAC, 'Lobby')).toMatchObject({ opt160: url })
    expect(await lease(DEVICE, 'Lobby', ['-x', '0x0c:61'])).toMatchObject({ domain: 'device.example' })
    await network.phone.must('ip', ['link', 'set', 'eth0', 'address', FOREIGN])
    expect(await lease(FOREIGN, 'Exactly')).toMatchObject({ domain: 'exact.example' })
    expect(await lease(FOREIGN, 'Exactly not')).not.toMatchObject({ domain: 'exact.example' })
  }, 40_000)
})

/** What the export's comments say belongs into the subnet. */
function insideOf({ name }: OtherServer, text: string): string {
  if (name === 'dnsmasq') return ''
  const lines = text.split('\n')
  if (name === 'isc') {
    return lines.flatMap((line) => (/^# {3}(?!\d)(.*)/.exec(line)?.[1] ?? '').trim()).join('\n')
  }
  const start = lines.findIndex((line) => line.startsWith('//  voice, '))
  const inside = lines.slice(start + 1).filter((line) => line.startsWith('//    '))
  const text2 = inside.map((line) => line.slice(2)).join('\n')
  return text2.replace('"pools": [', '"pools": [ { "pool": "10.99.0.100-10.99.0.100" },')
}

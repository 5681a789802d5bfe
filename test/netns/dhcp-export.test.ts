// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import { requiredClasses } from '#daemon/services/dhcp-export/kea'
import { type ExportPlan, exportPlan } from '#daemon/services/dhcp-export/plan'
import { exportFor } from '#daemon/services/dhcp-export/targets'
import { encodeOption } from '#protocols/dhcp/options'
import { ip, subnet } from '#test/domain/subnets'
import { DhcpClients } from '#test/support/dhcp-clients'
import { layNetwork, type Network, PHONE_MAC, SERVER_ADDRESS } from '#test/support/netns'
import type { Running } from '#test/support/process'
import { OTHER_SERVERS, type OtherServer, stop } from './dhcp-export-servers.ts'

const URL = `http://${SERVER_ADDRESS}/firmwarefiles;ipp/dhcpoption160.cfg`
/** Neither the other server nor our own address. */
const BOOT_SERVER = '10.99.0.9'
const FOREIGN_MAC = '02:00:5e:00:53:02'
const ASKED = ['1', '2', '3', '4', '6', '42', '43', '66', '67', '120', '160']
/** How udhcpc names options 160, 66, 67, 43, 120 and the header's fields. */
const OURS = /^(opt160|opt120|opt43|vendorx?|sipsrv|tftp|bootfile|boot_file|sname)$/
const UC = { webServer: 'pool.example.com', sipServers: [], certificatePath: '/CertProv/CertProvisioningService.svc' }

const VOICE = subnet('10.99.0.0/24', '10.99.0.100', '10.99.0.199', {
  ...{ name: 'voice "A"; }', serverAddress: ip(SERVER_ADDRESS), tftpServer: BOOT_SERVER, provisioningUrl: URL },
  ntpServers: [ip('10.99.0.3'), ip('10.99.0.4')],
  options: [
    { code: 2, value: { type: 'int32', value: -3600 } },
    { code: 4, value: { type: 'ipv4', value: [ip('10.99.0.3')] } },
  ],
})
const BRANCH = subnet('10.99.7.0/24', '10.99.7.10', '10.99.7.19', {
  ...{ name: 'branch', provisioningUrl: 'http://10.99.7.1/x', tftpServer: '10.99.7.1' },
})
const ONE = exportPlan(completePlan({ subnets: [VOICE], uc: UC }), encodeOption)
const SEVERAL = exportPlan(completePlan({ subnets: [BRANCH, VOICE], uc: UC }), encodeOption)

const SCRIPT = `#!/bin/sh
[ "$1" = bound ] && env
exit 0
`

describe.each(OTHER_SERVERS)('our export in $name, asked by real clients', (other) => {
  let network: Network
  let folder: string
  let server: Running

  beforeAll(async () => {
    network = await layNetwork()
    folder = await mkdtemp(join(tmpdir(), 'offhook-export-'))
    await chmod(folder, 0o755)
    await writeFile(join(folder, 'script'), SCRIPT, { mode: 0o755 })
  })

  afterEach(async () => {
    if (server) await stop(server)
    await network.phone.must('ip', ['address', 'flush', 'dev', 'eth0'])
  })

  afterAll(async () => {
    await network?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  async function serve(plan: ExportPlan): Promise<void> {
    const { pasted, inside } = asAdminsPaste(other, plan)
    server = await other.start(network.server, folder, VOICE, pasted, inside)
  }

  /** One lease by udhcpc, which asks for everything and then leaves. `userClass` is the bytes of option 77. */
  async function lease(mac: string, vendorClass = '', userClass = '', asked = ASKED): Promise<Record<string, string>> {
    await network.phone.must('ip', ['link', 'set', 'eth0', 'address', mac])
    const classes = ['-V', vendorClass, ...(userClass && ['-x', `0x4d:${Buffer.from(userClass).toString('hex')}`])]
    const patience = ['-f', '-n', '-q', '-t', '8', '-T', '2', '-A', '1']
    const wanted = ['-o', ...asked.flatMap((code) => ['-O', code])]
    const args = ['-i', 'eth0', ...patience, '-s', join(folder, 'script'), ...wanted, ...classes]
    const text = await network.phone.must('udhcpc', args)
    return Object.fromEntries(
      text.split('\n').map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]),
    )
  }

  const phone = (bootfile: string) => ({ opt160: hex(URL), tftp: BOOT_SERVER, bootfile })
  const header = (boot_file: string) => ({ siaddr: BOOT_SERVER, ...(other.name !== 'dnsmasq' && { boot_file }) })

  it('a phone is known by its model or its maker, and nobody else gets any of it', async () => {
    await serve(ONE)
    expect(await lease(FOREIGN_MAC, '440HD', '440HD')).toMatchObject({
      ...phone('440HD.img'),
      ...header('440HD.img'),
      // udhcpc shows option 2 unsigned (one hour west), and has no name for option 4.
      timezone: String(2 ** 32 - 3600),
      ...{ ntpsrv: '10.99.0.3 10.99.0.4', opt4: '0a630003' },
    })
    expect(await lease(FOREIGN_MAC, 'C450HD')).toMatchObject(phone('C450HD.img'))
    expect(await lease(FOREIGN_MAC, '', '450HD')).toMatchObject(phone('450HD.img'))
    // [RFC 3004 §4]: with its length, and a revision behind the model.
    expect(await lease(FOREIGN_MAC, '', '\x0a440HD-Rev1')).toMatchObject(phone('440HD.img'))
    expect(await lease(PHONE_MAC)).toMatchObject(phone('<MODEL>.img'))
    // Asked for or not; dnsmasq then names the file in the header.
    const unasked = await lease(FOREIGN_MAC, '440HD', '', ['1'])
    expect(unasked).toMatchObject({ opt160: hex(URL), tftp: BOOT_SERVER, boot_file: '440HD.img', siaddr: BOOT_SERVER })

    for (const [mac, vendorClass, userClass] of [
      [FOREIGN_MAC, '', ''],
      [FOREIGN_MAC, 'Cisco Systems, Inc. IP Phone CP-7962G', ''],
      [FOREIGN_MAC, 'yealink', 'yealink'],
      [PHONE_MAC, 'Mediant 800', ''],
    ] as const) {
      const values = await lease(mac, vendorClass, userClass)
      expect(values.ip).toMatch(/^10\.99\.0\.1\d\d$/)
      expect(Object.keys(values).filter((name) => OURS.test(name))).toEqual([])
      expect(values.siaddr).not.toBe(BOOT_SERVER)
    }
  }, 60_000)

  it('MS-UC-Client gets options 43 and 120 as we would send them', async () => {
    await serve(ONE)
    const [uc] = ONE.groups[0]?.vendorClasses ?? []
    const bytes = (code: number) => uc?.options.find((option) => option.code === code)?.hex ?? 'none'
    const text = JSON.stringify(await lease(FOREIGN_MAC, 'MS-UC-Client'))
    expect(bytes(43)).toMatch(/^010c4d532d55432d436c69656e74/)
    expect(text).toContain(bytes(43))
    expect(text).toMatch(/pool\.example\.com/)
  }, 30_000)

  it('with several groups of subnets each has its own', async () => {
    await serve(SEVERAL)
    expect(await lease(FOREIGN_MAC, '440HD')).toMatchObject(phone('440HD.img'))
    expect(await lease(FOREIGN_MAC, '')).not.toHaveProperty('opt160')
  }, 30_000)

  it('dhclient agrees', async () => {
    await serve(ONE)
    await network.phone.must('ip', ['link', 'set', 'eth0', 'address', FOREIGN_MAC])
    const clients = await DhcpClients.on(network.phone)
    const client = await clients.dhclient({ phoneClass: '440HD' })
    const { values } = await client.learns('BOUND')
    await client.unplug()
    await clients.close()
    expect(values).toMatchObject({
      ...{ new_provisioning_url: URL, new_tftp_server_name: BOOT_SERVER, new_bootfile_name: '440HD.img' },
      new_ntp_servers: '10.99.0.3 10.99.0.4',
    })
  }, 30_000)
})

/** The export at its place, as its comments say. */
function asAdminsPaste({ name }: OtherServer, plan: ExportPlan): { readonly pasted: string; readonly inside: string } {
  const pasted = exportFor(name, plan)
  const here = plan.groups.find(({ subnets }) => subnets.some((one) => one.name === VOICE.name))
  if (!here || plan.groups.length === 1) return { pasted, inside: '' }
  if (name === 'kea') return { pasted, inside: `"require-client-classes": ${JSON.stringify(requiredClasses(here))}` }
  if (name === 'dnsmasq') return { pasted, inside: `set:offhook-net${here.suffix}` }
  const [head = '', ...sections] = pasted.split(/^# Move this .*\n/m)
  const mine = sections.find((section) => section.includes('voice "A"; }')) ?? ''
  return { pasted: head, inside: mine }
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}

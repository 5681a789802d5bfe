// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FleetReport } from '#daemon/simulator/report'
import { layNetwork, type Network, SERVER_ADDRESS } from '#test/support/netns'
import { image } from './peers/http.ts'

/*
 * Virtual phones against servers that nobody here wrote: busybox's udhcpd and httpd.
 *
 *      server                           phone
 *   ┌───────────────────┐           ┌──────────────────────────────────────┐
 *   │ udhcpd  10.99.0.1 │           │ 10.99.0.3  relay agent 10.99.1.1, :67│
 *   │ httpd             ├─── LAN ───┤            phones 10.99.1.100…       │
 *   └───────────────────┘           └──────────────────────────────────────┘
 *
 * All of 10.99.1.0/24 is local to the phones' side; ARP on the LAN is answered for the LAN's own address only, as
 * udhcpd asks there whether an address is in use before it offers it.
 */

const PHONES = 4
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SIMULATE = fileURLToPath(new URL('./peers/simulate-process.ts', import.meta.url))
const MANAGER = `http://${SERVER_ADDRESS}/cgi-bin/report`

let network: Network
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-real-servers-'))
  network = await layNetwork()
  const { server, phone } = network
  await server.must('ip', ['route', 'add', '10.99.1.0/24', 'via', '10.99.0.3'])
  await phone.must('ip', ['address', 'add', '10.99.0.3/24', 'dev', 'eth0'])
  await phone.must('ip', ['route', 'add', 'local', '10.99.1.0/24', 'dev', 'lo'])
  await phone.must('sysctl', ['-q', '-w', 'net.ipv4.conf.all.arp_ignore=1'])
  await writeFiles(folder)
})

afterAll(async () => {
  await network?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('virtual phones and busybox', () => {
  it('boot: a lease through an ordinary relay agent, files, an image, two reports, RELEASE', async () => {
    const { server, phone } = network
    const dhcp = server.start('busybox', ['udhcpd', '-f', '-a', '20', join(folder, 'udhcpd.conf')])
    const web = server.start('busybox', ['httpd', '-f', '-p', `${SERVER_ADDRESS}:80`, '-h', join(folder, 'www')])
    await dhcp.output(/started/)
    const relay = [
      '--relay-address',
      '10.99.1.1',
      '--relay-port',
      '67',
      '--server',
      SERVER_ADDRESS,
      '--dhcp-port',
      '67',
    ]
    const flags = ['--json', '--models', '430HD', '--rate', '10', '--leave', 'both', '--timeout', '20']
    const node = ['--import', 'tsx', '--conditions=source', SIMULATE, String(PHONES), ...relay, ...flags]
    const { code, stdout, stderr } = await phone.run(process.execPath, node, { cwd: ROOT })
    expect([code, stderr]).toEqual([0, ''])
    const report = JSON.parse(stdout) as FleetReport
    expect(report).toMatchObject({ booted: PHONES, failed: 0, anomalies: { malformed: 0, addressConflicts: 0 } })
    for (const step of ['bootstrap', 'config', 'firmware', 'started', 'registered', 'offline'] as const) {
      expect(report.steps[step], step).toMatchObject({ count: PHONES, ok: PHONES })
    }
    const reports = (await readFile(join(folder, 'reports'), 'utf8')).split('\n').filter(Boolean)
    expect(reports).toHaveLength(3 * PHONES)
    for (const line of reports) expect(line).toMatch(/"ip":"10\.99\.1\.1\d\d".*"fwVersion":"UC_9\.8\.7\.6"/)
    await dhcp.output(new RegExp(Array(PHONES).fill('sending ACK to 10\\.99\\.1\\.1').join('[^]*')))
    for (const process of [dhcp, web]) {
      process.kill('SIGTERM')
      await process.end()
    }
  })
})

async function writeFiles(root: string): Promise<void> {
  const www = join(root, 'www')
  for (const name of ['ipp', 'configfiles', 'firmwarefiles', 'cgi-bin'])
    await mkdir(join(www, name), { recursive: true })
  const url = `http://${SERVER_ADDRESS}`
  await writeFile(
    join(www, 'ipp', 'dhcpoption160.cfg'),
    [
      `ems_server/provisioning/url=${MANAGER}`,
      `provisioning/configuration/url=${url}/configfiles/`,
      `provisioning/firmware/url=${url}/firmwarefiles/`,
    ].join('\n'),
  )
  for (let number = 1; number <= PHONES; number++) {
    await writeFile(join(www, 'configfiles', `020ff401000${number}.cfg`), 'include shared.cfg\n')
  }
  await writeFile(join(www, 'configfiles', 'shared.cfg'), 'system/type=430HD\n')
  await writeFile(join(www, 'firmwarefiles', '430HD.img'), image('430HD', 'UC_9.8.7.6', Buffer.alloc(3_000_000, 1)))
  const answer = `printf 'Content-Type: application/json\\r\\n\\r\\n{"requests":[]}'`
  const script = `#!/bin/sh\n{ head -c "$CONTENT_LENGTH"; echo; } >> ${join(root, 'reports')}\n${answer}\n`
  await writeFile(join(www, 'cgi-bin', 'report'), script)
  await chmod(join(www, 'cgi-bin', 'report'), 0o755)
  const option160 = Buffer.from(`${url}/firmwarefiles;ipp/dhcpoption160.cfg`).toString('hex')
  await writeFile(join(root, 'leases'), '')
  await writeFile(
    join(root, 'udhcpd.conf'),
    [
      ...['start 10.99.1.100', 'end 10.99.1.199', 'interface eth0', `lease_file ${join(root, 'leases')}`],
      ...['max_leases 100', 'opt subnet 255.255.255.0', 'opt lease 3600', `opt 160 ${option160}`, ''],
    ].join('\n'),
  )
}

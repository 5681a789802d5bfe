// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'
import { here } from '#test/support/process'

const MAIN = join(import.meta.dirname, '../../dist/daemon/main.js')
const HEADER =
  'Name,Password,"Display Name",Tenant,"Device 1 Display Name","Device 1 MAC Address","Device 1 Serial Number",' +
  '"Device 1 IP Phone Model","Device 1 Language","Device 1 VLAN Mode","Device 1 VLAN ID","Device 1 VLAN Priority"'

let home: DaemonHome

beforeEach(async () => {
  const subnet = { name: 'loopback', cidr: '127.0.0.0/8', region: 'Germany/Berlin', timeZone: 'Europe/Berlin' }
  home = await DaemonHome.make({ ...LOOPBACK, dhcp: { mode: 'off', subnets: [subnet] }, fleet: {} })
})
afterEach(() => home?.close())

function offhook(...args: string[]): Promise<string> {
  const command = ['--enable-source-maps', MAIN, ...args, '--config', home.configFile]
  return here.must(process.execPath, command, { timeoutMs: 60_000 })
}

async function fileOf(...rows: string[]): Promise<string> {
  const file = join(home.folder, 'people.csv')
  await writeFile(file, `${[HEADER, ...rows].join('\r\n')}\r\n`)
  return file
}

async function curl(daemon: Daemon, path: string, ...args: string[]): Promise<string> {
  const { address, port } = daemon.endpoint('http')
  return here.must('curl', ['-sSf', '--max-time', '5', ...args, `http://${address}:${port}${path}`])
}

it('a file of the incumbent becomes users whose phones get their lines, and moves them by what phones report', async () => {
  const daemon = await home.start()
  const file = await fileOf(
    'anna,s3cret,"Arnold, Anna",Berlin,Desk,00908F000001,S1,Audiocodes_440HD,English,Disabled,0,0',
    'ben,,Ben,Tokyo,,00:90:8f:00:00:02,,440HD,,,,',
  )
  expect(await offhook('import', file, '--create-regions')).toContain('users    2 added')
  expect(await offhook('import', file)).toContain('users    0 added, 0 changed, 2 as they were')
  const cfg = await curl(daemon, '/configfiles/00908f000001.cfg')
  expect(cfg).toContain('voip/line/0/description=Arnold, Anna\n')
  expect(cfg).toContain('voip/line/0/auth_name=anna')
  expect(await offhook('user', 'list', '--region', 'Germany')).toMatch(/anna +Arnold, Anna +Germany\/Berlin +1 \(0\)/)
  const report = { mac: '00908f000002', ip: '127.0.0.9', model: '440HD', userName: 'Anna', status: 'registered' }
  await curl(daemon, '/rest/v1/ipphoneMgrStatus/keep-alive', '-d', JSON.stringify(report))
  await daemon.logged({ id: 'fleet.phone.moved', mac: '00908f000002', from: 'ben', to: 'anna', by: 'report' })
  expect(JSON.parse(await offhook('user', 'show', 'anna', '--json'))).toMatchObject({ devices: 2, registered: 1 })
  expect(await offhook('export')).not.toMatch(/s3cret|v1:/)
  expect(JSON.stringify(daemon.log())).not.toContain('s3cret')
  const ended = await daemon.stop()
  expect(ended.stdout).not.toContain('s3cret')
})

it('an import that kill -9 cut short goes on from there, and nobody comes twice', async () => {
  const rows = Array.from({ length: 3_000 }, (_, i) => {
    return `u${i},p${i},Person ${i},Berlin,,00908f${i.toString(16).padStart(6, '0')},,440HD,,,,`
  })
  const file = await fileOf(...rows)
  const daemon = await home.start()
  const { url, token } = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8'))
  const answer = await fetch(`${url}api/v1/people/import`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/csv', Accept: 'application/x-ndjson' },
    body: await readFile(file),
  })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  const first = (await reader?.read())?.value ?? ''
  await daemon.kill9()
  expect(first).toMatch(/^{"done":200,"whole":3000}/)
  const again = await home.start()
  const report = JSON.parse(await offhook('import', file, '--json'))
  expect(report).toMatchObject({ complete: true, rows: 3_000, rejected: [] })
  expect(report.users.added + report.users.unchanged).toBe(3_000)
  expect(report.users.unchanged).toBeGreaterThanOrEqual(200)
  expect(report.users.added).toBeGreaterThan(0)
  const listed = await offhook('user', 'list')
  expect(listed.trim().split('\n').length).toBe(3_001)
  expect(listed.match(/Germany\/Berlin {2}1 \(0\)/g)?.length).toBe(3_000)
  await again.stop()
}, 90_000)

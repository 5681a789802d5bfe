// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import { withCollection } from '#daemon/domain/log-collection'
import { newPhone, type Phone } from '#daemon/domain/phone'
import { FirmwareFiles } from '#daemon/services/firmware/dropped'
import { LogFiles, type LogLimits } from '#daemon/services/phone-logs/log-files'
import { PhoneLogs } from '#daemon/services/phone-logs/phone-logs'
import { Programs } from '#daemon/services/provisioning/programs'
import { Provisioning } from '#daemon/services/provisioning/provisioning'
import { put } from '#daemon/store/store'
import { leases, logCollections, phones } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { decode } from '#protocols/syslog/codec'
import { SyslogServer } from '#protocols/syslog/server'
import { freshFolder } from '#test/store/folder'
import { freshStore } from '#test/support/store'
import { unlockedVault } from '#test/support/vault'

const MAC = '00908f123456' as Mac
const OTHER = '00908f123457' as Mac
const MINUTE = 60_000

async function desk(limits: Partial<LogLimits> = {}, port: number | undefined = 514) {
  const clock = { now: Date.UTC(2026, 10, 20, 12) }
  const now = () => clock.now
  const store = await freshStore()
  const folder = freshFolder()
  const files = new LogFiles(folder, { perPhone: 64 * 1024, total: 1024 * 1024, ...limits })
  await files.open()
  const logs = new PhoneLogs({ store, files, announce: () => {}, port, now })
  const phone = (mac: Mac, more: Partial<Phone> = {}) =>
    store.commit([put(phones, mac, { ...newPhone(mac, 0), model: '440HD', approval: 'approved', ...more })], {
      durable: false,
    })
  const say = (text: string, address: string) =>
    logs.log({ message: decode(Buffer.from(text)), peer: { address, port: 1 }, transport: 'udp' })
  const lines = async (mac: Mac) => (await logs.read(mac, 5_000))?.lines.map((line) => line.slice(25))
  return { clock, store, folder, files, logs, phone, say, lines, now }
}

test('a line goes to the phone that has the address: by lease, by its reports, behind a NAT by what it says of itself', async () => {
  const { phone, say, lines, store } = await desk()
  await phone(MAC, { address: '10.1.2.3', externalAddress: '203.0.113.7' })
  await phone(OTHER, { address: '10.1.2.4', externalAddress: '203.0.113.7' })
  const lease = { mac: OTHER, address: '10.9.9.9', state: 'leased', expiresAt: Number.MAX_SAFE_INTEGER } as never
  await store.commit([put(leases, '10.9.9.9', lease)], { durable: false })
  expect(await say('<11>sip: by lease', '10.9.9.9')).toBe(true)
  expect(await say('<14>sip[7]: by report', '::ffff:10.1.2.3')).toBe(true)
  expect(await say('<14>Jan  1 00:00:00 10.1.2.4 sip: behind a NAT', '203.0.113.7')).toBe(true)
  expect(await say('<14>Jan  1 00:00:00 nobody sip: behind a NAT', '203.0.113.7')).toBe(false)
  expect(await say('<14>stranger', '10.6.6.6')).toBe(false)
  expect(await lines(MAC)).toEqual(['info sip[7]: by report'])
  expect(await lines(OTHER)).toEqual(['error sip: by lease', 'info sip: behind a NAT'])
  expect(await lines('00908f000000' as Mac)).toBeUndefined()
})

test('a phone that logs its personal address does not tell the secret in it', async () => {
  const { phone, say, lines } = await desk()
  await phone(MAC, { address: '10.1.2.3' })
  await say('<14>prov: GET "http://10.1.0.2/configfiles/t/Zk3-secret_token-abcdefgh/00908f123456.cfg" 200', '10.1.2.3')
  expect(await lines(MAC)).toEqual(['info prov: GET "http://10.1.0.2/configfiles/t/***/00908f123456.cfg" 200'])
})

test('the log of one phone is bounded and keeps its end; all logs are, and the one not written to goes first', async () => {
  const { phone, say, files, folder, lines, logs } = await desk({ perPhone: 20_000, total: 30_000 })
  const macs = Array.from({ length: 4 }, (_, n) => `00908f00000${n}` as Mac)
  for (const [n, mac] of macs.entries()) await phone(mac, { address: `10.0.0.${n}` })
  for (const n of macs.keys()) {
    for (let line = 0; line < 300; line++) {
      await say(`<14>sip: line ${line} ${'x'.repeat(60)}`, `10.0.0.${n}`)
      if (line % 30 === 0) await files.flush()
    }
  }
  await files.flush()
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size))
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(30_000)
  expect(files.bytes).toBe(sizes.reduce((sum, size) => sum + size))
  expect(await lines(macs[0] as Mac)).toEqual([])
  const last = await lines(macs[3] as Mac)
  expect(last?.at(-1)).toContain('line 299')
  expect(last?.length).toBeGreaterThan(50)
  expect(last?.length).toBeLessThan(300)
  const again = new LogFiles(folder, { perPhone: 20_000, total: 30_000 })
  await again.open()
  expect(again.bytes).toBe(files.bytes)
  for (let n = 0; n < 10_000; n++) await say('<14>sip: a flood that no disk is asked to take', '10.0.0.3')
  expect((await logs.read(macs[3] as Mac, 10))?.leftOut).toBeGreaterThan(5_000)
})

test('only logs are touched in the folder, and a name that is none is left alone', async () => {
  const { folder, files, phone, say } = await desk({ perPhone: 1_000, total: 1 })
  await writeFile(join(folder, 'notes.txt'), 'mine')
  await mkdir(join(folder, 'deep'))
  await phone(MAC, { address: '10.1.2.3' })
  await say('<14>x', '10.1.2.3')
  await files.flush()
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine')
})

test('what logger sends over the wire is in the log of its phone', async () => {
  const { logs, phone, lines } = await desk()
  await phone(MAC, { address: '127.0.0.1' })
  const seen: (() => void)[] = []
  const server = new SyslogServer({
    listen: { address: '127.0.0.1', port: 0 },
    port: logs,
    observe: () => seen.shift()?.(),
  })
  await server.start(new AbortController().signal)
  onTestFinished(() => server.stop())
  const taken = new Promise<void>((resolve) => seen.push(resolve))
  const port = String(server.health().endpoints[0]?.port)
  await promisify(execFile)('logger', [
    '--tcp',
    '--rfc3164',
    '--server',
    '127.0.0.1',
    '--port',
    port,
    '--tag',
    'voip',
    'No dial tone',
  ])
  await taken
  expect(await lines(MAC)).toEqual(['notice voip: No dial tone'])
})

test('a log is collected for a time, over a restart, and taken back afterwards', async () => {
  const { logs, phone, clock, store, files, now } = await desk()
  await phone(MAC)
  const provisioning = new Provisioning({
    vault: unlockedVault(),
    ...{ store, now, subnets: [], serverAddress: '10.1.0.2' as Ipv4, ports: { files: 80, keepAlive: 8081 } },
    ...{ keepAliveMinutes: 60, shipped: shippedTemplates(), programs: new Programs(), builtIn: builtInPlaceholders() },
    identify: () => undefined,
    firmware: new FirmwareFiles(freshFolder()),
    amend: (mac, file, server) => logs.amend(mac, file, server),
  })
  await provisioning.start()
  onTestFinished(() => provisioning.stop())
  const asker = { peer: { address: '10.1.2.3', port: 1 }, transport: 'http', userAgent: undefined } as const
  const settings = async () => {
    const answer = await provisioning.fileFor({ kind: 'device-config', mac: MAC }, asker)
    if (answer.kind !== 'file') throw new Error(answer.reason)
    const opened = answer.resource.open(0, answer.resource.size - 1)
    const text = (opened instanceof Uint8Array ? Buffer.from(opened) : await buffer(opened)).toString()
    return text.split('\n').filter((line) => line.startsWith('system/syslog/'))
  }
  const before = await settings()
  expect(await logs.collect(OTHER, 10, 'tom')).toEqual({ kind: 'unknown' })
  expect(await logs.collect(MAC, 0, 'tom')).toMatchObject({ kind: 'refused' })
  expect(await logs.collect(MAC, 1.5, 'tom')).toMatchObject({ kind: 'refused' })
  expect(await logs.collect(MAC, 10, 'tom')).toMatchObject({ kind: 'done', collection: { by: 'tom' } })
  const on = ['mode=NETWORK', 'server_address=10.1.0.2', 'server_port=514', 'log_level=DETAILED']
  expect((await settings()).slice(-4)).toEqual(on.map((line) => `system/syslog/${line}`))
  expect((await logs.read(MAC, 1))?.collection).toMatchObject({ until: clock.now + 10 * MINUTE })
  // Another daemon on the same store knows of it.
  const next = new PhoneLogs({ store, files, announce: () => {}, port: 514, now })
  expect(next.amend(MAC, '', '10.1.0.2')).toContain('mode=NETWORK')
  clock.now += 10 * MINUTE
  expect(await settings()).not.toContain('system/syslog/mode=NETWORK')
  expect((await settings()).join()).toMatch(/mode=(?!NETWORK)/)
  expect((await logs.read(MAC, 1))?.collection).toBeUndefined()
  expect(await logs.endCollection(MAC, 'tom')).toBe(false)
  clock.now += 31 * 24 * 60 * MINUTE
  await logs.tick()
  expect(store.count(logCollections)).toBe(0)
  expect(await settings()).toEqual(before)
})

test('it may be ended early, and is refused without a receiver', async () => {
  const { logs, phone, clock } = await desk()
  await phone(MAC)
  await logs.collect(MAC, 10, 'tom')
  clock.now += MINUTE
  expect(await logs.endCollection(MAC, 'eva')).toBe(true)
  expect(logs.amend(MAC, '', '10.1.0.2')).toContain('system/syslog/mode=LOCAL')
  const off = new PhoneLogs({
    ...{ store: await freshStore(), announce: () => {}, port: undefined, now: () => 0 },
    files: new LogFiles(freshFolder(), { perPhone: 1, total: 1 }),
  })
  expect(await off.collect(MAC, 10, 'tom')).toEqual({ kind: 'unknown' })
})

test('taking back leaves alone what the file sets itself', () => {
  const collection = { mac: MAC, from: 0, until: 10, by: 'tom' }
  const file = 'a=1\nsystem/syslog/mode = NETWORK\nsystem/syslog/server_address=10.7.7.7\n'
  expect(withCollection(file, collection, '10.1.0.2', 514, 10)).toBe(
    `${file}system/syslog/server_port=514\nsystem/syslog/log_level=NONE\n`,
  )
  expect(withCollection(file, collection, '10.1.0.2', 514, 9)).toMatch(
    /server_address=10\.7\.7\.7\n[\s\S]*server_address=10\.1\.0\.2\n/,
  )
})

// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newPhone, type Phone } from '#daemon/domain/phone'
import { Accounts } from '#daemon/services/accounts'
import { Alarms } from '#daemon/services/alarms/alarms'
import { FirmwareFiles } from '#daemon/services/firmware/dropped'
import { Fleet } from '#daemon/services/fleet'
import { BootWatch } from '#daemon/services/watch/boot-watch'
import { FleetWatch } from '#daemon/services/watch/fleet-watch'
import { SelfWatch } from '#daemon/services/watch/self-watch'
import { SignInWatch } from '#daemon/services/watch/sign-in-watch'
import { virtualImage } from '#daemon/simulator/firmware-image'
import { put } from '#daemon/store/store'
import { phones, timelines } from '#daemon/store/tables'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { PhoneHttpServer } from '#protocols/http/server'
import { KeepaliveHandler } from '#protocols/keepalive/handler'
import type { Exchange } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'
import { files } from '#protocols/provisioning/answer'
import { ProvisioningHandler } from '#protocols/provisioning/handler'
import type { ProvisioningPort } from '#protocols/provisioning/port'
import { freshFolder, openStore } from '#test/store/folder'
import { freshStore } from '#test/support/store'

const MINUTE = 60_000
const MAC = '00908f123456' as Mac

async function desk(folder?: string) {
  const clock = { now: Date.UTC(2026, 10, 20, 12) }
  const now = () => clock.now
  const store = folder === undefined ? await freshStore() : await openStore({ folder: join(folder, 'store') })
  const alarms = new Alarms(store, now, () => {})
  const names = () => alarms.active().map(({ name, source }) => `${name} ${source}`)
  return { clock, now, store, alarms, names }
}

/** The real front with keep-alives and files, and a watch that hears all of it. */
async function front() {
  const base = await desk()
  const { store, alarms, now } = base
  const folder = freshFolder()
  const firmware = new FirmwareFiles(folder)
  const settings = { zeroTouch: false, keepAliveMinutes: 1, maxPending: 1_000 }
  const fleet = new Fleet({ store, now, identify, announce: () => {}, settings })
  const watch = new BootWatch({
    ...{ store, alarms, now, identify, scopeOf: () => '' },
    imageSize: ({ evidence }) => firmware.size(evidence.model ?? ''),
    hasImage: async (model) => (await firmware.size(model)) !== undefined,
  })
  const text = (what: string) => ({ kind: 'refuse', status: 404, reason: what }) as const
  const port: ProvisioningPort = {
    fileFor: async (request) =>
      request.kind === 'firmware' ? firmware.find(request.model) : text('nothing is set up'),
  }
  const waiting: (() => void)[] = []
  const server = new PhoneHttpServer({
    listeners: [{ endpoint: { address: '127.0.0.1', port: 0 } }],
    handlers: [new KeepaliveHandler(fleet), new ProvisioningHandler(files(port))],
    observe(exchange: Exchange) {
      watch.heard(exchange)
      fleet.sighted(exchange)
      waiting.shift()?.()
    },
  })
  await server.start(new AbortController().signal)
  onTestFinished(() => server.stop())
  const url = `http://127.0.0.1:${server.health().endpoints[0]?.port}`
  const ask = async (path: string, init: RequestInit = {}) => {
    const observed = new Promise<void>((resolve) => waiting.push(resolve))
    const answer = await fetch(`${url}${path}`, init)
    await answer.arrayBuffer()
    await observed
  }
  const report = (status: string, fwVersion = 'UC_1.0.0.1') =>
    ask('/rest/v1/ipphoneMgrStatus/keep-alive', {
      method: 'POST',
      body: JSON.stringify({ mac: MAC, model: '440HD', ip: '10.1.2.3', status, fwVersion }),
    })
  return { ...base, watch, ask, report, folder }
}

test('a phone that starts over and over is told, until it has run for a while', async () => {
  const { report, clock, watch, names } = await front()
  for (let start = 0; start < 3; start++) {
    await report('started')
    await report('started') // a repeat of the same message
    clock.now += 3 * MINUTE
  }
  expect(names()).toEqual([])
  await report('started')
  expect(names()).toEqual([`PHONE BOOT LOOP IPPhone/${MAC}`])
  clock.now += 19 * MINUTE
  watch.tick()
  expect(names()).toHaveLength(1)
  clock.now += 2 * MINUTE
  watch.tick()
  expect(names()).toEqual([])
})

test('who asks for the files of many phones that nobody knows is told; a known phone asks as often as it likes', async () => {
  const { ask, names, clock, watch, report } = await front()
  await report('registered')
  for (let n = 0; n < 40; n++) await ask(`/configfiles/${MAC}.cfg`)
  expect(names()).toEqual([])
  for (let n = 0; n < 31; n++) await ask(`/configfiles/00908fdd00${n.toString(16).padStart(2, '0')}.cfg`)
  expect(names()).toEqual(['MAC ENUMERATION address/127.0.0.1'])
  clock.now += 31 * MINUTE
  watch.tick()
  expect(names()).toEqual([])
})

test('firmware that is asked for and missing is told until it is there', async () => {
  const { ask: get, names, folder, watch } = await front()
  const ask = (path: string) => get(path).then(() => watch.rest())
  await ask('/firmwarefiles/440HD.img')
  expect(names()).toEqual(['FIRMWARE MISSING firmware/440HD'])
  await writeFile(join(folder, '440HD.img'), virtualImage('440HD', 'UC_2.0.0.1'))
  await ask('/firmwarefiles/440HD.img')
  expect(names()).toEqual([])
})

test('a phone that fetches its image again and again and stays as it is does not take it', async () => {
  const { ask, report, names, folder, watch } = await front()
  await writeFile(join(folder, '440HD.img'), virtualImage('440HD', 'UC_2.0.0.1', 50_000))
  const headers = { 'user-agent': 'AUDC-IPPhone/2.2.8.61 (440HD; 00908F123456)' }
  await report('started')
  for (let n = 0; n < 2; n++) {
    await ask('/firmwarefiles/440HD.img', { headers: { ...headers, range: 'bytes=0-111' } })
    await watch.rest()
    await report('started')
  }
  expect(names()).toEqual([])
  for (let n = 0; n < 2; n++) {
    await ask('/firmwarefiles/440HD.img', { headers })
    await watch.rest()
    await report('registered', '2.2.8.61')
  }
  expect(names()).toEqual([`FIRMWARE NOT TAKEN IPPhone/${MAC}`])
  await report('registered', 'UC_2.0.0.1')
  expect(names()).toEqual([])
})

test('many wrong passwords at the admin pages are told, until they stop', async () => {
  const { store, now, alarms, names, clock } = await desk()
  const watch = new SignInWatch(alarms, now)
  const accounts = new Accounts(
    store,
    now,
    () => {},
    (name, from) => watch.throttled(name, from),
  )
  for (let n = 0; n < 5; n++) await accounts.signIn('admin', 'wrong', '10.9.9.9')
  expect(names()).toEqual([])
  await accounts.signIn('admin', 'wrong', '10.9.9.9')
  expect(names()).toEqual(['LOGIN ATTACK web/10.9.9.9'])
  clock.now += 16 * MINUTE
  watch.tick()
  expect(names()).toEqual([])
})

test('phones that were let in and never came are one alarm for each place', async () => {
  const { store, now, alarms, names, clock } = await desk()
  const scopeOf = ({ location }: Phone) => location
  const watch = new FleetWatch({ store, alarms, now, scopeOf, label: (scope) => scope, imageOf: async () => undefined })
  const phone = (n: number, more: Partial<Phone> = {}) => {
    const mac = (0x00908f000000 + n).toString(16).padStart(12, '0') as Mac
    return put(phones, mac, { ...newPhone(mac, clock.now), approval: 'approved', location: 'berlin', ...more })
  }
  await store.commit([phone(1), phone(2), phone(3, { approval: 'pending' }), phone(4, { location: 'rome' })], {
    durable: false,
  })
  await watch.look()
  expect(names()).toEqual([])
  clock.now += 25 * 60 * MINUTE
  await watch.look()
  expect(names().sort()).toEqual(['berlin', 'rome'].map((place) => `CONFIGURATION NEVER FETCHED scope/${place}`))
  expect(alarms.get('CONFIGURATION NEVER FETCHED@scope/berlin')).toMatchObject({
    additionalInfo: ['00:90:8f:00:00:01 00:90:8f:00:00:02'],
  })
  await store.commit([phone(1, { status: 'registered' }), phone(2, { status: 'registered' })], { durable: false })
  await watch.look()
  await watch.look()
  expect(names()).toEqual(['CONFIGURATION NEVER FETCHED scope/rome'])
  expect([...alarms.events()]).toHaveLength(3)
})

test('phones that started since a new image is there and run another version are one alarm for each model', async () => {
  const { store, now, alarms, names, clock } = await desk()
  const folder = freshFolder()
  const firmware = new FirmwareFiles(folder)
  await writeFile(join(folder, '440HD.img'), virtualImage('440HD', 'UC_2.0.13.121'))
  clock.now = Date.now()
  const imageOf = ({ model }: Phone) => firmware.image(model)
  const watch = new FleetWatch({ store, alarms, now, scopeOf: () => '', label: () => '', imageOf })
  const started = async (firmwareNow: string) => {
    const step = { step: 'started', at: clock.now, lastAt: clock.now, count: 1, ending: 'reply', protocol: 'keepalive' }
    const phone = { ...newPhone(MAC, 0), model: '440HD', firmware: firmwareNow, status: 'registered' as const }
    const steps = [{ ...step, detail: '', micros: 1 }] as never
    await store.commit([put(phones, MAC, phone), put(timelines, MAC, { steps })], { durable: false })
    await watch.look()
  }
  await started('UC_2.0.0.1')
  expect(names()).toEqual([])
  clock.now += 2 * 60 * MINUTE
  await started('UC_2.0.0.1')
  expect(names()).toEqual(['FIRMWARE MISMATCH firmware/440HD'])
  await started('UC_2.0.13.121')
  expect(names()).toEqual([])
})

test('a disk that fills up is told, worse when it is nearly full, and over when there is room; so is a store without', async () => {
  const disk = freshFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk])
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', disk])
  })
  const { alarms, now, names, store } = await desk(disk)
  const self = new SelfWatch({ alarms, now, folder: disk, certificates: [], storeTrouble: () => store.trouble() })
  await self.look()
  expect(names()).toEqual([])
  const ballast = join(disk, 'ballast')
  const leave = (megabytes: number) => {
    rmSync(ballast, { force: true })
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - megabytes * 1024 * 1024))
  }
  leave(1)
  await self.look()
  expect(alarms.active()).toMatchObject([{ name: 'DISK LOW', severity: 'major' }])
  leave(0)
  for (let n = 0; n < 40 && store.trouble() === undefined; n++) {
    await alarms.event({ name: 'E', source: 's', severity: 'minor', description: 'x'.repeat(2_000), remedy: '' })
  }
  await self.look()
  await self.look()
  expect(alarms.active()).toMatchObject([
    { name: 'DISK LOW', severity: 'critical' },
    { name: 'STORE UNWRITABLE', severity: 'critical' },
  ])
  rmSync(ballast)
  await alarms.tick()
  await self.look()
  await self.look()
  expect(names()).toEqual([])
  const kinds = [...alarms.events()].map(({ kind, alarm }) => `${kind} ${alarm.name}`)
  expect(kinds).toContain('raised STORE UNWRITABLE')
  expect(kinds).toContain('cleared DISK LOW')
})

test('a certificate is told before it ends, worse when it has, and no more when it is new', async () => {
  const { alarms, now, clock } = await desk()
  const folder = freshFolder()
  await mkdir(join(folder, 'tls'))
  const file = join(folder, 'tls/cert.pem')
  const make = (days: number) =>
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x'].concat([
        ...['-days', String(days), '-keyout', join(folder, 'key.pem'), '-out', file],
      ]),
      { stdio: 'ignore' },
    )
  const self = new SelfWatch({ alarms, now, folder, certificates: [file], storeTrouble: () => undefined })
  const worst = async () => {
    await self.look()
    return alarms.active().map(({ severity, description }) => `${severity} ${description.replace(file, 'F')}`)
  }
  clock.now = Date.now()
  expect(await worst()).toEqual(['critical The certificate in F cannot be read.'])
  make(20)
  expect((await worst())[0]).toMatch(/^warning .* expires in (19|20) days/)
  clock.now += 15 * 24 * 60 * MINUTE
  expect((await worst())[0]).toMatch(/^major .* expires in [45] days/)
  clock.now += 15 * 24 * 60 * MINUTE
  expect((await worst())[0]).toMatch(/^critical .* has expired/)
  make(90)
  expect(await worst()).toEqual([])
})

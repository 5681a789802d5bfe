// SPDX-License-Identifier: Apache-2.0
// The whole product, read with net-snmp's tools.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { ConfigError, loadConfig } from '#config/load'
import { compose, type Offhook } from '#daemon/compose'
import { alarmIndex } from '#daemon/domain/alarm-index'
import { startAll, stopAll } from '#daemon/lifecycle'
import { here } from '#test/support/process'
import { startSnmptrapd } from '#test/support/snmptrapd'

const ARC = '.1.3.6.1.4.1.8072.9999.9999'
const BOOTS = '.1.3.6.1.6.3.10.2.1.2.0'
const V2C = ['-v2c', '-c', 'readers']
const V3 = [
  ...['-v3', '-u', 'noc', '-l', 'authPriv', '-a', 'SHA-512', '-A', 'authentication', '-x', 'AES-256'],
  ...['-X', 'confidential'],
]

let folder: string
let offhook: Offhook | undefined

function config(agent: string, more = '') {
  const text = `
server: {address: 127.0.0.1}
data: {folder: ${folder}}
web: {listen: '127.0.0.1:0'}
http: {enabled: false}
tftp: {enabled: false}
dhcp: {mode: 'off'}
snmp: {contact: noc@example.com, location: Berlin, agent: ${agent}}
${more}`
  return loadConfig(text, 'offhook.yaml', {})
}

const AGENT = `{enabled: true, listen: '127.0.0.1:0', communities: [readers], users: [{name: noc, authProtocol: sha512,
  authKey: authentication, privProtocol: aes256, privKey: confidential}]}`

async function start(): Promise<string> {
  offhook = compose(config(AGENT), pino({ level: 'silent' }), Date.now)
  await startAll(offhook.parts, new AbortController().signal, 5_000)
  const agent = offhook.serving().find(({ name }) => name === 'snmp')
  return `udp:127.0.0.1:${agent?.health().endpoints[0]?.port}`
}

async function stop(): Promise<void> {
  if (offhook) await stopAll(offhook.parts, 5_000)
  offhook = undefined
}

async function read(way: readonly string[], place: string, ...oids: string[]): Promise<string[]> {
  const env = { MIBS: '', SNMP_PERSISTENT_DIR: join(folder, 'tools'), SNMPCONFPATH: folder }
  return (await here.must('snmpget', [...way, '-m', '', '-OQvt', '-r', '0', place, ...oids], { env }))
    .trim()
    .split('\n')
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-snmp-'))
})

afterEach(async () => {
  await stop()
  await rm(folder, { recursive: true, force: true })
})

test.each([
  ['2c', V2C],
  ['3', V3],
])('a manager reads system, fleet and active alarms by version %s', async (_, way) => {
  const place = await start()
  const system = ['.1.3.6.1.2.1.1.4.0', '.1.3.6.1.2.1.1.6.0', `${ARC}.1.1.1.0`, `${ARC}.1.2.1.0`]
  expect(await read(way, place, ...system)).toEqual(['"noc@example.com"', '"Berlin"', '0', '0'])
  await offhook?.alarms.raise({
    ...{ name: 'POOL EXHAUSTED', source: 'dhcp/voice', severity: 'major', description: 'No address is left' },
    remedy: 'Make the pool larger',
  })
  const [alarm] = offhook?.alarms.active() ?? []
  if (!alarm) throw new Error('no alarm')
  const row = `${ARC}.1.2.2.1`
  const cells = [2, 3, 4, 5].map((column) => `${row}.${column}.${alarmIndex(alarm)}`)
  // What the agent shows is up to a second old.
  await vi.waitFor(async () => expect(await read(way, place, `${ARC}.1.2.1.0`)).toEqual(['1']), 10_000)
  expect(await read(way, place, ...cells)).toEqual(['"POOL EXHAUSTED"', '"dhcp/voice"', '4', '"No address is left"'])
})

test('the engine keeps its id over restarts, and counts them [RFC3414 §2.2.2]', async () => {
  const first = await start()
  const id = '.1.3.6.1.6.3.10.2.1.1.0'
  const before = await read(V3, first, id)
  expect(await read(V3, first, BOOTS)).toEqual(['1'])
  await stop()
  const second = await start()
  expect(await read(V3, second, id)).toEqual(before)
  expect(await read(V3, second, BOOTS)).toEqual(['2'])
})

test('a secret that cannot be used ends the start with its place', () => {
  const missing = `{enabled: true, communities: [{file: ${folder}/nothing}]}`
  expect(() => compose(config(missing), pino({ level: 'silent' }), Date.now)).toThrow(ConfigError)
  expect(() => compose(config(missing), pino({ level: 'silent' }), Date.now)).toThrow(/snmp\.agent\.communities\.0/)
})

test('a destination with the profile of the vendor’s manager uses the OIDs that are set, and snmptrapd reads them', async () => {
  const trapd = await startSnmptrapd({ communities: ['public'] })
  onTestFinished(() => trapd.close())
  const ovoc = '{traps: .1.3.6.1.4.1.99999.7, objects: 1.3.6.1.4.1.99999.8}'
  offhook = compose(
    config(
      `{enabled: false}, ovoc: ${ovoc}`,
      `alarms:\n  destinations:\n    - {kind: snmp, name: nms, host: 127.0.0.1, port: ${trapd.port}, community: public, profile: ovoc}\n`,
    ),
    pino({ level: 'silent' }),
    Date.now,
  )
  await startAll(offhook.parts, new AbortController().signal, 5_000)
  await offhook.alarms.raise({
    ...{ name: 'REGISTRATION FAILURE', source: 'IPPhone/00908f123456', severity: 'critical' },
    ...{ description: 'refused', remedy: '' },
  })
  const [trap] = await trapd.received(1)
  expect(trap?.how).toContain('INFORM')
  expect(trap?.varbinds[1]).toBe('.1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.4.1.99999.7.0.39')
  const names = trap?.varbinds.slice(2).map((varbind) => varbind.split(' ')[0])
  expect(names).toEqual(Array.from({ length: 11 }, (_, i) => `.1.3.6.1.4.1.99999.8.${i + 1}.0`))
  expect(trap?.varbinds[5]).toBe('.1.3.6.1.4.1.99999.8.4.0 = INTEGER: 5')
})

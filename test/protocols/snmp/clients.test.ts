// SPDX-License-Identifier: Apache-2.0
// net-snmp's own tools read the agent, by the MIB that we generate.
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Exchange } from '#protocols/lib/exchange'
import { MIB_NAME, mibText } from '#protocols/snmp/mib'
import { COLUMNS } from '#protocols/snmp/objects'
import type { SnmpServer } from '#protocols/snmp/server'
import { here } from '#test/support/process'
import { agent, House, someAlarm } from './house.ts'
import { ARC } from './support.ts'

const house = new House()
const told: Exchange[] = []
let server: SnmpServer
let folder: string
let place: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-snmp-'))
  await mkdir(join(folder, 'state/cert_indexes'), { recursive: true })
  const mibs = join(dirname(createRequire(import.meta.url).resolve('net-snmp')), 'lib/mibs')
  for (const name of ['SNMPv2-SMI', 'SNMPv2-TC', 'SNMPv2-CONF']) {
    await copyFile(join(mibs, `${name}.mib`), join(folder, name))
  }
  await writeFile(join(folder, MIB_NAME), mibText())
  house.alarms = Array.from({ length: 40 }, (_, i) => someAlarm(i * 3 + 1))
  server = agent(house, told)
  await server.start(new AbortController().signal)
  place = `udp:127.0.0.1:${server.health().endpoints[0]?.port}`
})

afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

const V2C = ['-v2c', '-c', 'public']
const WAYS = [
  ['2c', V2C],
  ['3, without security', ['-v3', '-u', 'open', '-l', 'noAuthNoPriv']],
  ['3, signed by SHA-1', ['-v3', '-u', 'signed', '-l', 'authNoPriv', '-a', 'SHA', '-A', 'authentication']],
  [
    '3, SHA-256 and AES-128',
    [
      ...['-v3', '-u', 'private', '-l', 'authPriv', '-a', 'SHA-256', '-A', 'authentication'],
      ...['-x', 'AES', '-X', 'confidential'],
    ],
  ],
  [
    '3, SHA-512 and AES-256',
    [
      ...['-v3', '-u', 'strong', '-l', 'authPriv', '-a', 'SHA-512', '-A', 'authentication'],
      ...['-x', 'AES-256', '-X', 'confidential'],
    ],
  ],
] as const

/** Runs one of the tools; its state stays in the test's folder. */
async function run(tool: string, way: readonly string[], ...args: string[]) {
  const env = { MIBS: '', SNMP_PERSISTENT_DIR: join(folder, 'state'), SNMPCONFPATH: folder }
  const all = ['-M', folder, '-m', MIB_NAME, '-r', '0', '-t', '5', ...way]
  return await here.run(tool, [...all, ...args], { env })
}

async function lines(tool: string, way: readonly string[], ...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(tool, way, ...args)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout.trim().split('\n')
}

describe.each(WAYS)('version %s', (_, way) => {
  test('snmpget', async () => {
    const names = [
      'offhookPhonesRegistered.0',
      'offhookAlarmActiveCount.0',
      'offhookAlarmName.4',
      'offhookAlarmSeverity.4',
    ]
    expect(await lines('snmpget', way, place, ...names.map((name) => `${MIB_NAME}::${name}`))).toEqual([
      'OFFHOOK-MIB::offhookPhonesRegistered.0 = Gauge32: 9',
      'OFFHOOK-MIB::offhookAlarmActiveCount.0 = Gauge32: 40',
      'OFFHOOK-MIB::offhookAlarmName.4 = STRING: Grün 4',
      'OFFHOOK-MIB::offhookAlarmSeverity.4 = INTEGER: critical(5)',
    ])
  })

  test('snmpwalk and snmpbulkwalk see the same, in order and to the end', async () => {
    const walked = await lines('snmpwalk', way, '-On', place, `.${ARC}`)
    expect(walked).toHaveLength(9 + 40 * COLUMNS.length)
    for (const repetitions of ['1', '10', '200']) {
      expect(await lines('snmpbulkwalk', way, '-On', `-Cr${repetitions}`, place, `.${ARC}`)).toEqual(walked)
    }
  })

  test('snmpwalk over everything ends where the view ends', async () => {
    const walked = await lines('snmpwalk', way, '-On', '-CE', '2', place, '.0')
    expect(walked[0]).toBe('.1.3.6.1.2.1.1.1.0 = STRING: "Offhook 1.2.3"')
    expect(walked.at(-2)).toMatch(/^\.1\.3\.6\.1\.6\.3\.15\.1\.1\.6\.0 = Counter32: \d+$/)
    expect(walked.at(-1)).toContain('past the end of the MIB tree')
  })

  test('snmptable', async () => {
    const [title, , head, ...rows] = await lines(
      'snmptable',
      way,
      '-Cf',
      ';',
      '-Ci',
      place,
      'OFFHOOK-MIB::offhookAlarmTable',
    )
    expect(title).toBe('SNMP table: OFFHOOK-MIB::offhookAlarmTable')
    expect(head).toBe(`index;${COLUMNS.map(({ name }) => name).join(';')}`)
    expect(rows).toHaveLength(40)
    expect(rows[0]).toBe(
      '1;Grün 1;IPPhone/1;warning;Alarm 1;Look;communications;1;;;;10.0.0.1;' +
        '2026-11-20,21:5:9.8,+0:0;2026-11-20,21:5:9.8,+0:0;1;0;;a1@IPPhone/1',
    )
  })

  test('snmpset is refused', async () => {
    const { code, stderr } = await run('snmpset', way, place, 'OFFHOOK-MIB::offhookPhonesRegistered.0', 'u', '1')
    expect(code).not.toBe(0)
    expect(stderr).toContain('notWritable')
  })
})

describe('version 3 refuses', () => {
  const secure = ['-x', 'AES', '-X', 'confidential']

  test.each([
    ['an unknown user', ['-u', 'nobody', '-l', 'noAuthNoPriv'], 'Unknown user name', 'usmStatsUnknownUserNames'],
    [
      ...(['a wrong key', ['-u', 'signed', '-l', 'authNoPriv', '-a', 'SHA', '-A', 'something else']] as const),
      ...['Authentication failure', 'usmStatsWrongDigests'],
    ],
    [
      'more security than the user has',
      ['-u', 'signed', '-l', 'authPriv', '-a', 'SHA', '-A', 'authentication', ...secure],
      ...['Unsupported security level', 'usmStatsUnsupportedSecLevels'],
    ],
    [
      'a wrong privacy key',
      ['-u', 'private', '-l', 'authPriv', '-a', 'SHA-256', '-A', 'authentication', '-x', 'AES', '-X', 'something else'],
      ...['Decryption error', 'usmStatsDecryptionErrors'],
    ],
    [
      'a clock that is far behind',
      ['-u', 'signed', '-l', 'authNoPriv', '-a', 'SHA', '-A', 'authentication', '-Z', '1,1'],
      ...['', 'usmStatsNotInTimeWindows'],
    ],
    ['another context', ['-u', 'open', '-l', 'noAuthNoPriv', '-n', 'elsewhere'], 'context', 'snmpUnknownContexts'],
  ] as const)('%s', async (_, way, sentence, counter) => {
    const from = told.length
    const { stdout, stderr } = await run('snmpget', ['-v3', ...way], place, 'OFFHOOK-MIB::offhookPhonesRegistered.0')
    expect(stdout + stderr).toContain(sentence)
    expect(told.slice(from).map(({ answer }) => answer)).toContain(counter)
  })

  test('a user with less security than it has to use', async () => {
    const way = ['-v3', '-u', 'private', '-l', 'noAuthNoPriv']
    const { stdout, stderr } = await run('snmpget', way, place, 'OFFHOOK-MIB::offhookPhonesRegistered.0')
    expect(stdout + stderr).toContain('authorizationError')
    expect(stdout).not.toContain('Gauge32')
  })
})

// SPDX-License-Identifier: Apache-2.0
// Debian's own tools read the generated MIB. Debian ships no base MIBs; the package net-snmp brings three of them.
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MIB_NAME, mibText } from '#protocols/snmp/mib'
import { COLUMNS, DEFAULT_ARC, FLEET, NOTIFICATIONS } from '#protocols/snmp/objects'
import { here } from '#test/support/process'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-mib-'))
  const mibs = join(dirname(createRequire(import.meta.url).resolve('net-snmp')), 'lib/mibs')
  for (const name of ['SNMPv2-SMI', 'SNMPv2-TC', 'SNMPv2-CONF']) {
    await copyFile(join(mibs, `${name}.mib`), join(folder, name))
  }
  await writeFile(join(folder, 'smirc'), `path :${folder}\n`)
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function smilint(text: string): Promise<string> {
  const file = join(folder, MIB_NAME)
  await writeFile(file, text)
  const { stdout, stderr } = await here.run('smilint', ['-c', join(folder, 'smirc'), '-l', '3', '-s', '-m', file])
  return stdout + stderr
}

async function translate(text: string, ...names: string[]): Promise<string[]> {
  await writeFile(join(folder, MIB_NAME), text)
  const args = ['-M', folder, '-m', MIB_NAME, '-Pe', ...names]
  return (await here.must('snmptranslate', args)).trim().split('\n')
}

describe.each([
  ['the usual arc', DEFAULT_ARC],
  ['a short arc', '1.3.6.1.4.1.7'],
  ['a long arc', '1.3.6.1.4.1.65535.1.0.2147483647.2.3.4.5.6.7.8'],
])('OFFHOOK-MIB below %s', (_, arc) => {
  test('has no fault that smilint finds at level 3', async () => {
    expect(await smilint(mibText(arc))).toBe('')
  })

  test('gives every name its number with snmptranslate', async () => {
    const names = ['offhookMIB', ...[...FLEET, ...COLUMNS, ...NOTIFICATIONS].map(({ name }) => name)]
    const numbers = await translate(mibText(arc), '-On', ...names.map((name) => `${MIB_NAME}::${name}`))
    expect(numbers.filter((line) => line !== '')).toEqual([
      `.${arc}`,
      ...FLEET.map(({ number }) => `.${arc}.1.1.${number}`),
      ...COLUMNS.map(({ number }) => `.${arc}.1.2.2.1.${number}`),
      ...NOTIFICATIONS.map(({ number }) => `.${arc}.0.${number}`),
    ])
  })
})

test('smilint would find a fault', async () => {
  expect(await smilint(mibText().replace('Gauge32', 'Gauge33'))).not.toBe('')
  expect(await smilint(mibText().replace('{ offhookFleet 5 }', '{ offhookFleet 4 }'))).not.toBe('')
})

test('an arc outside enterprises is refused', () => {
  expect(() => mibText('1.3.6.1.2.1')).toThrow(RangeError)
})

test('is the one that was reviewed: a change must be made in mib/OFFHOOK-MIB too', async () => {
  expect(mibText()).toBe(await readFile(join(import.meta.dirname, 'mib/OFFHOOK-MIB'), 'utf8'))
})

// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { here } from '#test/support/process'

const SCRIPT = join(import.meta.dirname, '../../scripts/rfc-matrix.mjs')

/** What DHCP promises: each has code that keeps it and a test that shows so. */
const DHCP = [
  ...['2131 §2', '2131 §4.1', '2131 §4.2', '2131 §4.3.1', '2131 §4.3.2', '2131 §4.3.3', '2131 §4.3.4', '2131 §4.3.5'],
  ...['2131 §4.4.5', '1542 §2.1', '2132 §3.3', '2132 §8.4', '2132 §9.3', '2132 §9.10', '3396 §6', '3396 §7'],
  ...['3004 §4', '3046 §2.2', '3361 §3', '3442 ', '3527 ', '3925 §4', '4039 §3.1', '4361 §6.3', '5107 §4', '6842 §3'],
  '8357 ',
]

interface Row {
  readonly code: string
  readonly tests: string
}

async function rows(...rfcs: string[]): Promise<Map<string, Row>> {
  const text = await here.must(process.execPath, [SCRIPT, ...rfcs])
  const cells = text
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split(' | '))
  return new Map(
    cells.map(([rfc = '', clause = '', code = '', tests = '']) => [
      `${rfc.replace('| ', '')} ${clause}`,
      { code, tests: tests.replace(/ \|$/, '') },
    ]),
  )
}

test('every clause that DHCP promises is in the matrix, with code and with a test', async () => {
  const found = await rows()
  const lacking = DHCP.filter((clause) => !found.get(clause)?.code || !found.get(clause)?.tests)
  expect(lacking).toEqual([])
})

test('numbers pick RFCs, and tests stand there by their names', async () => {
  const found = await rows('2131')
  expect([...found.keys()].every((key) => key.startsWith('2131 '))).toBe(true)
  expect(found.get('2131 §4.4.5')?.tests).toContain('dhclient renews by unicast at T1')
  expect(found.get('2131 §4.3.2')?.code).toContain('daemon/services/addressing/request.ts')
})

test('docs/rfc-matrix.md is what the tags say today; npm run rfc -- --write makes it so', async () => {
  const kept = await readFile(join(import.meta.dirname, '../../docs/rfc-matrix.md'), 'utf8')
  expect(await here.must(process.execPath, [SCRIPT])).toBe(kept)
})

// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MOST_ROWS, readMacs as read } from '#daemon/domain/mac-csv'

function readMacs(text: string) {
  const { lines, rejected } = read(text)
  return { macs: [...lines.keys()], rejected }
}

it('a plain list is one MAC in each line, however it is spelled', () => {
  const text = '\ufeff00:90:8f:00:00:01\r\n# second floor\r\n\r\n00908F000002,Anna\r\n00-90-8f-00-00-03\n'
  expect(readMacs(text)).toEqual({ macs: ['00908f000001', '00908f000002', '00908f000003'], rejected: [] })
})

it('with headings, the columns that are called MAC count, as in the file of users', () => {
  const text = 'Name,Device 1 MAC Address,Device 2 MAC Address\nanna,00908f000001,00908f000002\nbert,00908f000003,\n'
  expect(readMacs(text).macs).toEqual(['00908f000001', '00908f000002', '00908f000003'])
})

it('what is no phone is rejected with its line', () => {
  const text = 'mac\n00908f000001\nnobody\n00908f000001\n"",x\n'
  expect(readMacs(text)).toEqual({
    macs: ['00908f000001'],
    rejected: [
      { line: 3, reason: '“nobody” is no MAC address' },
      { line: 4, reason: '00908f000001 stands in line 2 already' },
      { line: 5, reason: 'there is no MAC address' },
    ],
  })
})

it('a first row without any MAC is rejected when it is no heading either', () => {
  expect(readMacs('nobody\n00908f000001\n')).toEqual({
    macs: ['00908f000001'],
    rejected: [{ line: 1, reason: '“nobody” is no MAC address' }],
  })
})

it('too many rows, an open quote and a formula do no harm', () => {
  expect(readMacs('00908f000001\n'.repeat(MOST_ROWS + 1)).rejected).toHaveLength(1)
  expect(readMacs('00908f000001\n"00908f000002\n').rejected).toEqual([
    { line: 2, reason: 'a quote is opened here and never closed' },
  ])
  expect(readMacs('=HYPERLINK(1)\n00908f000001').rejected[0]?.line).toBe(1)
})

it('any text is read, and each row is a phone or a line that is wrong', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      const { macs, rejected } = readMacs(text)
      expect(new Set(macs).size).toBe(macs.length)
      for (const { line } of rejected) expect(line).toBeGreaterThan(0)
    }),
    { numRuns: 200 },
  )
})

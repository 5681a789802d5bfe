// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { selectRange } from '#protocols/http/range'

describe('Range of 1000 bytes', () => {
  it.each([
    ['bytes=0-499', 0, 499],
    ['bytes=500-999', 500, 999],
    ['bytes=0-0', 0, 0],
    ['bytes=999-', 999, 999],
    ['bytes=9-', 9, 999],
  ])('[RFC9110 §14.1.2] %s is an int-range', (header, start, end) => {
    expect(selectRange(header, 1000)).toEqual({ start, end })
  })

  it('[RFC9110 §14.1.2] a last position beyond the end means the end', () => {
    expect(selectRange('bytes=900-99999', 1000)).toEqual({ start: 900, end: 999 })
    expect(selectRange(`bytes=900-${'9'.repeat(400)}`, 1000)).toEqual({ start: 900, end: 999 })
  })

  it('[RFC9110 §14.1.2] a suffix counts from the end, and a longer one is everything', () => {
    expect(selectRange('bytes=-500', 1000)).toEqual({ start: 500, end: 999 })
    expect(selectRange('bytes=-5000', 1000)).toEqual({ start: 0, end: 999 })
  })

  it.each(['bytes=1000-', 'bytes=1000-1001', 'bytes=-0', `bytes=${'9'.repeat(400)}-`])(
    '[RFC9110 §14.1.2] %s is unsatisfiable',
    (header) => {
      expect(selectRange(header, 1000)).toBe('unsatisfiable')
    },
  )

  it('[RFC9110 §14.1.2] nothing of an empty file can be named, yet a suffix of it is no error', () => {
    expect(selectRange('bytes=0-', 0)).toBe('unsatisfiable')
    expect(selectRange('bytes=-5', 0)).toBe('whole')
  })

  it('[RFC9110 §14.1] the range unit has no case', () => {
    expect(selectRange('Bytes=0-1', 1000)).toEqual({ start: 0, end: 1 })
  })

  it.each([
    'lines=0-1',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-2',
    'bytes=1-2-3',
    'bytes=--1',
    '',
    '=0-1',
  ])('[RFC9110 §14.2] %j is ignored', (header) => {
    expect(selectRange(header, 1000)).toBe('whole')
  })

  it('[RFC9110 §14.2] several ranges are answered with the whole', () => {
    expect(selectRange('bytes=0-1,5-6', 1000)).toBe('whole')
    expect(selectRange(`bytes=${'0-1,'.repeat(2_000)}`, 1000)).toBe('whole')
  })
})

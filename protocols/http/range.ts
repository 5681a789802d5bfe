// SPDX-License-Identifier: Apache-2.0

/** Bytes from `start` to `end`, both included. */
export interface Slice {
  readonly start: number
  readonly end: number
}

const BYTE_RANGE = /^(\d*)-(\d*)$/

/**
 * What a Range header selects of `size` bytes [RFC9110 §14.1.2, §14.2]. `whole` stands for every header that a server
 * may ignore: another unit, bad syntax, several ranges (no phone asks for them, and they are a way to multiply work).
 */
export function selectRange(header: string, size: number): Slice | 'whole' | 'unsatisfiable' {
  const equals = header.indexOf('=')
  if (header.slice(0, equals).trim().toLowerCase() !== 'bytes') return 'whole'
  const range = BYTE_RANGE.exec(header.slice(equals + 1).trim())
  if (!range) return 'whole'
  const [, first = '', last = ''] = range
  if (first === '') return last === '' ? 'whole' : suffix(Number(last), size)
  const start = Number(first)
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last)
  if (end < start) return 'whole'
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size - 1) }
}

/** The last `length` bytes; all of them when there are fewer. */
function suffix(length: number, size: number): Slice | 'whole' | 'unsatisfiable' {
  if (length === 0) return 'unsatisfiable'
  // An empty file satisfies a suffix but has no byte that Content-Range could name.
  return size === 0 ? 'whole' : { start: Math.max(0, size - length), end: size - 1 }
}

// SPDX-License-Identifier: Apache-2.0
import { crc32c, masked } from './crc32c.ts'
import { FieldReader } from './fields.ts'

// A log file: blocks of 32 KiB with fragments, none of which crosses a block's end
//   fragment  masked CRC-32C u32 of the rest · length u16 · type u8 · data
//   record    one FULL fragment, or FIRST · MIDDLE… · LAST: a batch
//   batch     sequence u64 · count u32 · operations: PUT u8 · key · value, or DELETE u8 · key, each with its length
// Operations have consecutive sequence numbers. All numbers are little-endian.

const BLOCK = 32768
const HEADER = 7
const FULL = 1
const FIRST = 2
const MIDDLE = 3
const LAST = 4
const PUT = 1

export interface LogEntry {
  readonly key: Buffer
  /** Undefined: the key was deleted. */
  readonly value: Buffer | undefined
  readonly sequence: number
}

/** Every operation whose batch is whole, passing over the others. */
export function* readLog(file: Buffer): Generator<LogEntry> {
  for (const batch of batches(file)) {
    if (batch.length < 12) continue
    let sequence = batch.readUIntLE(0, 6)
    const fields = new FieldReader(batch.subarray(12))
    while (!fields.done) {
      const isPut = fields.u8() === PUT
      const key = fields.sized()
      const value = isPut ? fields.sized() : undefined
      if (!key || (isPut && !value)) break
      yield { key, value, sequence }
      sequence += 1
    }
  }
}

function* batches(file: Buffer): Generator<Buffer> {
  let parts: Buffer[] | undefined
  for (const fragment of fragments(file)) {
    if (fragment?.type === FULL) yield fragment.data
    if (fragment?.type === FIRST) parts = [fragment.data]
    else if (fragment?.type === MIDDLE) parts?.push(fragment.data)
    else if (fragment?.type === LAST && parts) yield Buffer.concat([...parts, fragment.data])
    if (fragment?.type !== FIRST && fragment?.type !== MIDDLE) parts = undefined
  }
}

/** Undefined stands for damage. Where only data is damaged, the next fragment is found by the length. */
function* fragments(file: Buffer): Generator<{ readonly type: number; readonly data: Buffer } | undefined> {
  for (let block = 0; block < file.length; block += BLOCK) {
    const end = Math.min(block + BLOCK, file.length)
    for (let at = block; at + HEADER <= end; ) {
      const next = at + HEADER + file.readUInt16LE(at + 4)
      const sound = next <= end && file.readUInt32LE(at) === masked(crc32c(file.subarray(at + 6, next)))
      yield sound ? { type: file[at + 6] ?? 0, data: file.subarray(at + HEADER, next) } : undefined
      at = next
    }
  }
}

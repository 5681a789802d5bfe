// SPDX-License-Identifier: Apache-2.0

// CRC-32C (Castagnoli): reflected polynomial 82F63B78, initial and final value all ones [RFC3720 §12.1]. zlib has
// only the other CRC-32. Four tables in one array take four bytes at a time.
const TABLE = makeTable()

export function crc32c(bytes: Uint8Array): number {
  let crc = -1
  let i = 0
  for (const end = bytes.length - 3; i < end; i += 4) {
    crc ^= byte(bytes, i) | (byte(bytes, i + 1) << 8) | (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24)
    crc =
      entry(768 + (crc & 255)) ^
      entry(512 + ((crc >>> 8) & 255)) ^
      entry(256 + ((crc >>> 16) & 255)) ^
      entry(crc >>> 24)
  }
  for (; i < bytes.length; i++) crc = step(crc, byte(bytes, i))
  return ~crc >>> 0
}

/** The checksum of `bytes` up to and including each index, in order; for finding where something ends. */
export function* runningCrc32c(bytes: Uint8Array): Generator<number> {
  let crc = -1
  for (const byte of bytes) {
    crc = step(crc, byte)
    yield ~crc >>> 0
  }
}

/** As LevelDB writes it: rotated and offset, so that checksums of data with checksums in it stay useful. */
export function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}

function step(crc: number, next: number): number {
  return entry((crc ^ next) & 255) ^ (crc >>> 8)
}

// Two functions that read an array, so that each sees one kind of array and stays fast.

function byte(bytes: Uint8Array, index: number): number {
  return bytes[index] as number
}

function entry(index: number): number {
  return TABLE[index] as number
}

function makeTable(): Uint32Array {
  const table = new Uint32Array(4 * 256)
  for (let i = 0; i < 256; i++) {
    let crc = i
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    table[i] = crc
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256] as number
    table[i] = (before >>> 8) ^ (table[before & 255] as number)
  }
  return table
}

// SPDX-License-Identifier: Apache-2.0

// CRC-32C (Castagnoli): reflected polynomial 82F63B78, initial and final value all ones [RFC3720 §12.1]. zlib has
// only the other CRC-32. Four tables in one array take four bytes at a time.
const TABLE = makeTable()

export function crc32c(bytes: Uint8Array): number {
  let crc = -1
  let i = 0
  for (const end = bytes.length - 3; i < end; i += 4) {
    crc ^= at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24)
    crc =
      at(TABLE, 768 + (crc & 255)) ^
      at(TABLE, 512 + ((crc >>> 8) & 255)) ^
      at(TABLE, 256 + ((crc >>> 16) & 255)) ^
      at(TABLE, crc >>> 24)
  }
  for (; i < bytes.length; i++) crc = step(crc, at(bytes, i))
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

function step(crc: number, byte: number): number {
  return at(TABLE, (crc ^ byte) & 255) ^ (crc >>> 8)
}

function at(array: Uint8Array | Uint32Array, index: number): number {
  return array[index] as number
}

function makeTable(): Uint32Array {
  const table = new Uint32Array(4 * 256)
  for (let i = 0; i < 256; i++) {
    let crc = i
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    table[i] = crc
  }
  for (let i = 256; i < table.length; i++) {
    const before = at(table, i - 256)
    table[i] = (before >>> 8) ^ at(table, before & 255)
  }
  return table
}

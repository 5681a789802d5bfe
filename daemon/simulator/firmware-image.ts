// SPDX-License-Identifier: Apache-2.0

const HEADER_LENGTH = 112
const SECTION = 0xbbbbbbbb

/**
 * A small image with a true header and no firmware behind it, for virtual phones only: magic, hardware version, header
 * length, checksum (sum of the header's bytes, that field counted as zero), section count, then model, version and a
 * note where a real image has its date.
 */
export function virtualImage(model: string, version: string, bytes = 4096): Uint8Array {
  const image = Buffer.alloc(Math.max(bytes, HEADER_LENGTH + 4))
  image.writeUInt32LE(0xaaaaaaaa, 0)
  image.writeUInt32LE(1, 4)
  image.writeUInt32LE(HEADER_LENGTH, 8)
  image.writeUInt32LE(1, 16)
  image.write([model, version, 'virtual'].join('\0'), 20, HEADER_LENGTH - 20, 'latin1')
  image.writeUInt32LE(
    image.subarray(0, HEADER_LENGTH).reduce((sum, byte) => sum + byte, 0),
    12,
  )
  image.writeUInt32LE(SECTION, HEADER_LENGTH)
  return image
}

// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { BackupRefused } from './header.ts'

// Behind the header:  ( length u32 · AES-256-GCM of ≤ 256 KB, then its tag of 16 bytes )*
// The nonce is the chunk's number and whether it is the last one, as in the STREAM construction (Hoang, Reyhanitabar,
// Rogaway, Vizár 2015): no chunk can be changed, left out, swapped or added, and the end cannot be cut off. The digest
// of the header is authenticated with each. Every backup has a key of its own, so no nonce is ever used twice.

const CHUNK_BYTES = 256 * 1024
const TAG_BYTES = 16

function nonceOf(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(index, 5, 6)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/** Cuts what comes into chunks and seals them. */
export async function* sealed(
  plain: AsyncIterable<Uint8Array>,
  key: Uint8Array,
  aad: Uint8Array,
): AsyncGenerator<Buffer> {
  let index = 0
  let held: Buffer[] = []
  let size = 0
  const seal = (bytes: Uint8Array, isLast: boolean): Buffer => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index++, isLast)).setAAD(aad)
    const text = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(text.length)
    return Buffer.concat([length, text])
  }
  for await (const piece of plain) {
    held.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    size += piece.length
    // The last chunk is known by the end only, so one is always held back.
    while (size > CHUNK_BYTES) {
      const all = Buffer.concat(held)
      yield seal(all.subarray(0, CHUNK_BYTES), false)
      held = [all.subarray(CHUNK_BYTES)]
      size -= CHUNK_BYTES
    }
  }
  yield seal(Buffer.concat(held), true)
}

/** What was sealed; throws BackupRefused at the first byte that was changed, and when the end is missing. */
export async function* unsealed(
  chunks: AsyncIterable<Uint8Array>,
  key: Uint8Array,
  aad: Uint8Array,
): AsyncGenerator<Buffer> {
  let index = 0
  let rest: Buffer = Buffer.alloc(0)
  let ended = false
  for await (const piece of chunks) {
    rest = Buffer.concat([rest, piece])
    for (;;) {
      if (ended && rest.length > 0) throw new BackupRefused('there is something behind its end')
      if (rest.length < 4) break
      const length = rest.readUInt32BE()
      if (length < TAG_BYTES || length > CHUNK_BYTES + TAG_BYTES) throw damaged()
      if (rest.length < 4 + length) break
      const found = unseal(rest.subarray(4, 4 + length), key, aad, index++)
      ended = found.isLast
      yield found.bytes
      rest = rest.subarray(4 + length)
    }
  }
  if (!ended) throw new BackupRefused('its end is missing')
}

function unseal(text: Buffer, key: Uint8Array, aad: Uint8Array, index: number): { bytes: Buffer; isLast: boolean } {
  const end = text.length - TAG_BYTES
  for (const isLast of [false, true]) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(index, isLast), { authTagLength: TAG_BYTES })
    decipher.setAAD(aad).setAuthTag(text.subarray(end))
    try {
      return { bytes: Buffer.concat([decipher.update(text.subarray(0, end)), decipher.final()]), isLast }
    } catch {
      // Perhaps it is the last one.
    }
  }
  throw damaged()
}

function damaged(): BackupRefused {
  return new BackupRefused('it was changed or damaged since it was made')
}

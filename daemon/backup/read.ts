// SPDX-License-Identifier: Apache-2.0
import { createHash, hkdfSync } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { type Sink, type Totals, takeApart } from './archive.ts'
import {
  type BackupHeader,
  BackupRefused,
  decodeHeader,
  type Keys,
  MAGIC,
  MOST_HEADER_BYTES,
  openSlots,
} from './header.ts'
import { unsealed } from './sealed.ts'

interface Beginning {
  readonly header: BackupHeader
  /** Everything up to the sealed part. */
  readonly bytes: Buffer
}

async function beginning(file: string): Promise<Beginning> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MOST_HEADER_BYTES), 0, MOST_HEADER_BYTES, 0)
    const found = buffer.subarray(0, bytesRead)
    const end = found.indexOf(10, MAGIC.length)
    if (found.toString('latin1', 0, MAGIC.length) !== MAGIC || end < 0) {
      throw new BackupRefused('it is no backup of Offhook, or its beginning is damaged')
    }
    return { header: decodeHeader(found.toString('utf8', MAGIC.length, end)), bytes: found.subarray(0, end + 1) }
  } finally {
    await handle.close()
  }
}

/** What a backup says of itself, unproven: only reading it whole proves it. Throws BackupRefused. */
export async function readHeader(file: string): Promise<BackupHeader> {
  return (await beginning(file)).header
}

/**
 * Reads a backup from the first to the last byte and hands what is in it to `sink`. Throws BackupRefused when any of it
 * is not what was written: what the sink was given until then must not be used.
 */
export async function readBackup(
  file: string,
  keys: Keys,
  sink: Sink,
  signal?: AbortSignal,
): Promise<{ readonly header: BackupHeader; readonly totals: Totals }> {
  const { header, bytes } = await beginning(file)
  const content = await openSlots(header.slots, keys)
  const key = Buffer.from(hkdfSync('sha256', content, new Uint8Array(), 'offhook backup body', 32))
  const aad = createHash('sha256').update(bytes).digest()
  let totals: Totals | undefined
  try {
    await pipeline(
      createReadStream(file, { start: bytes.length, highWaterMark: 262_144 }),
      (chunks: AsyncIterable<Uint8Array>) => unsealed(chunks, key, aad),
      createGunzip(),
      async (plain: AsyncIterable<Uint8Array>) => {
        totals = await takeApart(plain, sink)
      },
      { ...(signal && { signal }) },
    )
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw new BackupRefused('what is in it cannot be unpacked', { cause: error })
    }
    throw error
  }
  if (!totals || totals.records !== header.records) throw new BackupRefused('it holds less than it says')
  return { header, totals }
}

/** Reads all of it and keeps nothing. Throws BackupRefused when it is not whole. */
export function verifyBackup(
  file: string,
  keys: Keys,
  signal?: AbortSignal,
): Promise<{ header: BackupHeader; totals: Totals }> {
  const nowhere: Sink = {
    async file(_, bytes) {
      for await (const piece of bytes) void piece
    },
    async record() {},
  }
  return readBackup(file, keys, nowhere, signal)
}

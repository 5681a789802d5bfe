// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib'

export interface Entry {
  /** ASCII, at most 100 characters. */
  readonly name: string
  readonly text: string
}

const BLOCK = 512

/** A gzipped tar archive in the format of POSIX.1-1988 (ustar), which every tar reads. `now`: seconds since the epoch. */
export function tarGz(entries: readonly Entry[], now: number): Buffer {
  const blocks = entries.flatMap(({ name, text }) => {
    const bytes = Buffer.from(text)
    const padding = Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)
    return [head(name, bytes.length, now), bytes, padding]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]))
}

function head(name: string, size: number, now: number): Buffer {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new RangeError(`not a name for an archive: ${JSON.stringify(name)}`)
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, digits: number) =>
    void block.write(`${Math.floor(value).toString(8).padStart(digits, '0')}\0`, at, 'latin1')
  block.write(name, 0, 'latin1')
  octal(0o600, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(now, 136, 11)
  block.fill(0x20, 148, 156)
  block.write('0ustar\x0000', 156, 'latin1')
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  )
  block[155] = 0x20
  return block
}

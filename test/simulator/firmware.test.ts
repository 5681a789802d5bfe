// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ImageReader } from '#daemon/simulator/firmware'
import { image } from './peers/http.ts'

/** Feeds an image in pieces; returns how many were taken before the reader hung up. */
function feed(reader: ImageReader, bytes: Buffer, piece: number): number {
  for (let at = 0; at < bytes.length; at += piece) if (!reader.sink(bytes.subarray(at, at + piece))) return at + piece
  return bytes.length
}

describe('an image’s header', () => {
  it.each([1, 7, 64, 112, 5000])(
    'is found in pieces of %i bytes; with the version at hand the phone hangs up',
    (piece) => {
      const bytes = image('430HD', 'UC_2.0.13.121')
      const reader = new ImageReader(({ version }) => version !== 'UC_2.0.13.121')
      expect(feed(reader, bytes, piece)).toBeLessThanOrEqual(Math.max(112, piece) + piece)
      expect(reader.result()).toEqual({ model: '430HD', version: 'UC_2.0.13.121' })
    },
  )

  it('another version is taken to the end', () => {
    const bytes = image('C450HD', '3.4.6.604')
    const reader = new ImageReader(() => true)
    expect(feed(reader, bytes, 100)).toBe(bytes.length)
    expect(reader.result().model).toBe('C450HD')
  })

  it.each([
    ['text', Buffer.from('<html>not found</html>')],
    ['nothing', Buffer.alloc(0)],
    ['a header without a version', image('430HD', 'latest')],
    ['a header longer than any', Buffer.concat([image('430HD', '1.2.3').fill(0xff, 8, 12)])],
    ['a header that is cut off', image('430HD', '1.2.3').subarray(0, 60)],
  ])('%s is no image', (_name, bytes) => {
    const reader = new ImageReader(() => true)
    feed(reader, bytes, 16)
    expect(() => reader.result()).toThrow('not a firmware image')
  })

  it('random bytes after the magic word neither throw nor make the reader hoard', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        const reader = new ImageReader(() => true)
        feed(reader, Buffer.concat([Buffer.from([0xaa, 0xaa, 0xaa, 0xaa]), noise]), 50)
        try {
          expect(reader.result().version).toMatch(/^(UC_)?[\d.]+$/)
        } catch (error) {
          expect(error).toHaveProperty('message', 'not a firmware image')
        }
      }),
      { numRuns: 500 },
    )
  })
})

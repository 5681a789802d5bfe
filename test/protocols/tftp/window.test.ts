// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DATA_HEADER } from '#protocols/tftp/codec'
import { toNetascii } from '#protocols/tftp/netascii'
import { FileSource } from '#protocols/tftp/source'
import { SendWindow } from '#protocols/tftp/window'
import { seededRandom } from '#test/support/random'
import { noise } from './serving.ts'

const quiet = { onReadable: () => {}, onError: () => {} }

function sourceOf(bytes: Uint8Array, netascii = false): FileSource {
  const source = new FileSource({ size: bytes.length, open: () => bytes }, netascii, quiet)
  source.open()
  return source
}

function takeAll(window: SendWindow): Uint8Array[] {
  const packets: Uint8Array[] = []
  for (let packet = window.next(); packet; packet = window.next()) packets.push(packet)
  return packets
}

describe('SendWindow', () => {
  it('holds no more than its size, and its buffers are used again', () => {
    const window = new SendWindow(sourceOf(noise(10_000)), 10, 4)
    const buffers = new Set<Uint8Array>()
    for (let block = 0; block < 1000; block += 4) {
      const packets = takeAll(window)
      expect(packets.length).toBe(4)
      for (const packet of packets) buffers.add(packet)
      expect(window.acknowledge((block + 4) & 0xffff)).toBe(4)
    }
    expect(buffers.size).toBe(4)
    expect(takeAll(window).map((packet) => packet.length)).toEqual([DATA_HEADER])
    expect([window.finished, window.acknowledge(1001), window.finished]).toEqual([false, 1, true])
    expect(window.bytesAcknowledged).toBe(10_000)
  })

  it.each([1, 2, 7, 64])('AcksAreReadAcrossTheWrap in windows of %i', (size) => {
    const window = new SendWindow(sourceOf(new Uint8Array(70_000)), 1, size)
    const misread = new Set<string>()
    for (let acknowledged = 0; !window.finished; ) {
      const sent = takeAll(window).length
      if (window.acknowledge((acknowledged - 1) & 0xffff) !== -1) misread.add('before the window')
      if (window.acknowledge((acknowledged + sent + 1) & 0xffff) !== -1) misread.add('behind the window')
      if (window.acknowledge(acknowledged & 0xffff) !== 0) misread.add('the last one again')
      acknowledged += sent
      if (window.acknowledge(acknowledged & 0xffff) !== sent) misread.add('the whole window')
    }
    expect([...misread]).toEqual([])
    expect(window.bytesAcknowledged).toBe(70_000)
  })

  it('whatever is acknowledged, lost or repeated, the receiver puts the same file together', () => {
    const run = fc.record({
      length: fc.nat({ max: 400 }),
      blockSize: fc.integer({ min: 1, max: 50 }),
      size: fc.integer({ min: 1, max: 9 }),
      seed: fc.nat(),
    })
    fc.assert(
      fc.property(run, ({ length, blockSize, size, seed }) => {
        const bytes = noise(length)
        const got = receive(new SendWindow(sourceOf(bytes), blockSize, size), seededRandom(seed))
        expect(Buffer.compare(Buffer.concat(got), bytes)).toBe(0)
        expect(got.length).toBe(Math.floor(length / blockSize) + 1)
      }),
      { numRuns: 500 },
    )
  })

  it('BlockWrapsAroundUnderLoss', () => {
    const bytes = noise(140_000)
    const got = receive(new SendWindow(sourceOf(bytes), 1, 60), seededRandom(7))
    expect(Buffer.compare(Buffer.concat(got), bytes)).toBe(0)
  })
})

/** A receiver that loses packets and ACKs: a lost packet takes the rest of its window with it. */
function receive(window: SendWindow, random: () => number): Uint8Array[] {
  const got: Uint8Array[] = []
  while (!window.finished) {
    takeAll(window)
    for (const packet of window.unacknowledged()) {
      if (random() < 0.1) break
      const block = new DataView(packet.buffer, packet.byteOffset).getUint16(2)
      if (block === ((got.length + 1) & 0xffff)) got.push(Uint8Array.from(packet.subarray(DATA_HEADER)))
    }
    if (random() < 0.8) window.acknowledge(got.length & 0xffff)
  }
  return got
}

describe('netascii [RFC764]', () => {
  it.each([
    ['a\nb', 'a\r\nb'],
    ['a\rb', 'a\r\0b'],
    ['a\r\nb', 'a\r\0\r\nb'],
    ['\n\n', '\r\n\r\n'],
    ['', ''],
    ['plain', 'plain'],
  ])('%j is sent as %j', (local, wire) => {
    expect(Buffer.from(toNetascii(Buffer.from(local))).toString()).toBe(wire)
  })

  it('comes out the same however the file is cut, and reads back as it was', async () => {
    const text = fc.array(fc.constantFrom('\r', '\n', 'a', 'bc'), { maxLength: 60 }).map((parts) => parts.join(''))
    const cuts = fc.integer({ min: 1, max: 9 })
    await fc.assert(
      fc.asyncProperty(text, cuts, cuts, async (local, piece, blockSize) => {
        const bytes = Buffer.from(local)
        const pieces = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
          bytes.subarray(i * piece, (i + 1) * piece),
        )
        const wire = await readThrough(pieces, bytes.length, blockSize)
        expect(wire).toBe(Buffer.from(toNetascii(bytes)).toString())
        expect(wire.replaceAll('\r\n', '\n').replaceAll('\r\0', '\r')).toBe(local)
      }),
      { numRuns: 200 },
    )
  })
})

/** The data of all blocks, read from a stream that gives one piece at a time. */
function readThrough(pieces: readonly Uint8Array[], size: number, blockSize: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const wire: Uint8Array[] = []
    const open = () => Readable.from(pieces, { objectMode: false, highWaterMark: 1 })
    const source = new FileSource({ size, open }, true, { onReadable: () => pump(), onError: reject })
    const window = new SendWindow(source, blockSize, 1)
    const pump = () => {
      for (let packet = window.next(); packet; packet = window.next()) {
        wire.push(Uint8Array.from(packet.subarray(DATA_HEADER)))
        window.acknowledge(wire.length)
      }
      if (window.finished) resolve(Buffer.concat(wire).toString())
    }
    source.open()
    pump()
  })
}

// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '#test/support/random'
import { download } from './download.ts'
import { Peer } from './peer.ts'
import { noise, serving } from './serving.ts'

const file = noise(100_000)

/** Nonsense of every degree: pure noise, noise behind a real opcode, and real packets with one byte spoiled. */
function nonsense(random: () => number): Uint8Array {
  const real = Buffer.from('\0\x01file\0octet\0blksize\x001428\0windowsize\x008\0tsize\x000\0')
  const byte = () => Math.floor(random() * 256)
  const length = Math.floor(random() * (random() < 0.05 ? 2_000 : 40))
  const kind = random()
  if (kind < 0.3) return Uint8Array.from({ length }, byte)
  if (kind < 0.6) return Uint8Array.from({ length }, (_, i) => (i === 0 ? 0 : i === 1 ? 1 + (byte() % 6) : byte()))
  const spoiled = Uint8Array.from(real)
  spoiled[Math.floor(random() * spoiled.length)] = byte()
  return spoiled.subarray(0, kind < 0.8 ? spoiled.length : length)
}

describe('a live port', () => {
  it('RandomPacketsDoNotDisturb: the server lives, is bounded, and still serves', async () => {
    const { endpoint, server, exchanges } = await serving(
      { file },
      { maxTransfers: 200, maxTransfersPerPeer: 50, retransmit: { firstMillis: 20, tries: 2 } },
    )
    const [running, first] = await Peer.asking(endpoint, 'file')
    const random = seededRandom(20_260)
    const senders = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const socket = createSocket('udp4').bind(0, '127.0.0.1')
        await once(socket, 'listening')
        return socket
      }),
    )
    for (let round = 0; round < 50; round++) {
      // Sent packet by packet, so that a full buffer of the kernel swallows nothing.
      for (const sender of senders) {
        const port = random() < 0.5 ? endpoint.port : first.from.port
        await new Promise((resolve) => sender.send(nonsense(random), port, endpoint.address, resolve))
      }
      running.send(nonsense(random), first.from.port)
      await running.untilNow()
    }
    for (const sender of senders) sender.close()
    // A transfer begun by chance still counts against the address until it is given up.
    for (let free = false; !free; ) {
      free = await download(endpoint, 'file').then(
        ({ bytes }) => Buffer.compare(bytes, file) === 0,
        (error: Error) => {
          expect(error.message).toMatch(/^ERROR 0 busy/)
          return false
        },
      )
    }
    expect(server.health().state).toBe('serving')
    const endings = new Set<string>()
    while (!endings.has('reply')) endings.add((await exchanges.take()).ending)
    expect([...endings].sort()).toEqual(['ignore', 'malformed', 'refuse', 'reply'])
  })

  it('any options of any size get a valid answer', async () => {
    const { endpoint } = await serving({ file: file.subarray(0, 3_000) })
    const name = fc.constantFrom('blksize', 'windowsize', 'timeout', 'tsize', 'x')
    const value = fc.oneof(fc.nat({ max: 70_000 }).map(String), fc.string({ maxLength: 5, unit: 'grapheme-ascii' }))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 6 }), async (options) => {
        const { bytes } = await download(endpoint, 'file', ...options)
        expect(Buffer.compare(bytes, file.subarray(0, 3_000))).toBe(0)
      }),
      { numRuns: 100, examples: [[[['windowsize', '65535']]], [[['blksize', '8']]]] },
    )
  })
})

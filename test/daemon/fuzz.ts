// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { Endpoint } from '#protocols/lib/exchange'

/** Bytes where decoders err: signs, lengths and ends of text. */
const EDGES = [0x00, 0x01, 0x0a, 0x0d, 0x20, 0x30, 0x7f, 0x80, 0x84, 0xff]
/** A datagram that loopback takes in one piece. */
const LONGEST = 60_000
const AT_ONCE = 16
/** Milliseconds that a server which waits for more is waited for. */
const PATIENCE = 50

/** What is thrown at one listener for a while. Gives how many datagrams or connections were thrown. */
export type Thrower = (target: Endpoint, next: () => Buffer, until: number) => Promise<number>

/** A sound message with one to four wounds; now and then nothing but noise. */
export function mutated(random: () => number, sound: readonly Buffer[]): Buffer {
  const upTo = (count: number) => Math.floor(random() * count)
  const one = () => sound[upTo(sound.length)] ?? Buffer.alloc(0)
  if (random() < 0.05) return noise(upTo(1_400))
  let bytes = one()
  for (let wounds = 1 + upTo(4); wounds > 0; wounds--) bytes = wounded(bytes)
  return bytes.subarray(0, LONGEST)

  function wounded(bytes: Buffer): Buffer {
    const at = upTo(bytes.length + 1)
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
    switch (upTo(7)) {
      case 0:
        return head
      case 1:
        return Buffer.concat([head, noise(1 + upTo(16)), tail])
      case 2:
        return Buffer.concat([head, tail.subarray(upTo(16))])
      case 3:
        return Buffer.concat([head, ...new Array<Buffer>(1 + upTo(40)).fill(tail.subarray(0, 1 + upTo(64))), tail])
      case 4:
        return Buffer.concat([head, one().subarray(at)])
      case 5:
        return Buffer.concat([head, Buffer.from([EDGES[upTo(EDGES.length)] ?? 0]), tail.subarray(1)])
      default:
        return Buffer.concat([head, Buffer.from([(tail[0] ?? 0) ^ (1 << upTo(8))]), tail.subarray(1)])
    }
  }

  function noise(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => upTo(256)))
  }
}

/** From the address of a relay of ours, in bursts small enough that the server reads most of them. */
export async function throwDatagrams(target: Endpoint, next: () => Buffer, until: number): Promise<number> {
  const socket = createSocket('udp4').on('error', () => {})
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  let thrown = 0
  while (performance.now() < until) {
    for (let i = 0; i < AT_ONCE; i++, thrown++) {
      await new Promise<void>((sent) => socket.send(next(), target.port, target.address, () => sent()))
    }
    await delay(2)
  }
  socket.close()
  return thrown
}

/** A connection for each, several at a time; an answer is neither needed nor read to its end. */
export function throwStreams(target: Endpoint, next: () => Buffer, until: number): Promise<number> {
  return streams(() => connect(target.port, target.address), next, until)
}

/** The same inside TLS: what is behind the handshake is wounded, not the handshake. */
export function throwTlsStreams(target: Endpoint, next: () => Buffer, until: number): Promise<number> {
  const open = () => connectTls({ port: target.port, host: target.address, rejectUnauthorized: false })
  return streams(open, next, until)
}

async function streams(open: () => Socket, next: () => Buffer, until: number): Promise<number> {
  let thrown = 0
  const worker = async () => {
    for (; performance.now() < until; thrown++) {
      const socket = open()
      const closed = new Promise<void>((done) => socket.once('close', () => done()))
      socket.on('error', () => {}).resume()
      socket.setTimeout(PATIENCE, () => socket.destroy())
      socket.end(next())
      await closed
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return thrown
}

// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { encode } from '#protocols/ldap/codec'
import { Framer } from '#protocols/ldap/framing'
import type { SearchRequest } from '#protocols/ldap/messages'

export interface Rival {
  readonly port: number
  readonly pid: number
}

export interface Load {
  readonly searches: number
  readonly entries: number
  /** Wall time. */
  readonly seconds: number
  /** What the server's process used of a processor. */
  readonly cpuSeconds: number
  /** Milliseconds below which 99 of 100 searches were answered. */
  readonly p99: number
}

/** Asks one search after the other on each of several connections, for a while. */
export async function load(
  rival: Rival,
  requests: readonly SearchRequest[],
  connections: number,
  milliseconds: number,
): Promise<Load> {
  const packets = requests.map((op) => Buffer.from(encode({ id: 1, op, controls: [] })))
  const lines = await Promise.all(Array.from({ length: connections }, (_, i) => Line.open(rival.port, packets, i * 97)))
  const [cpu, since] = [cpuSeconds(rival.pid), performance.now()]
  const until = since + milliseconds
  await Promise.all(lines.map((line) => line.run(until)))
  const seconds = (performance.now() - since) / 1_000
  const times = lines.flatMap((line) => line.times).sort((a, b) => a - b)
  const entries = lines.reduce((sum, line) => sum + line.entries, 0)
  return {
    searches: times.length,
    entries,
    seconds,
    cpuSeconds: cpuSeconds(rival.pid) - cpu,
    p99: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
  }
}

/** User and system time of a process, from fields 14 and 15 of its stat line, in ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const SEARCH_ENTRY = 0x64
const SEARCH_DONE = 0x65

class Line {
  readonly times: number[] = []
  entries = 0
  readonly #socket: Socket
  readonly #packets: readonly Buffer[]
  readonly #framer = new Framer(2 ** 24)
  #next: number
  #since = 0
  #until = 0
  #done: () => void = () => {}

  static open(port: number, packets: readonly Buffer[], first: number): Promise<Line> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject).once('connect', () => resolve(new Line(socket, packets, first)))
    })
  }

  constructor(socket: Socket, packets: readonly Buffer[], first: number) {
    this.#socket = socket
    this.#packets = packets
    this.#next = first
    socket.on('data', (chunk) => this.#receive(chunk))
  }

  run(until: number): Promise<void> {
    this.#until = until
    return new Promise((resolve) => {
      this.#done = resolve
      this.#ask()
    })
  }

  #ask(): void {
    this.#since = performance.now()
    this.#socket.write(this.#packets[this.#next++ % this.#packets.length] ?? Buffer.alloc(0))
  }

  #receive(chunk: Uint8Array): void {
    this.#framer.push(chunk)
    for (let message = this.#framer.next(); message; message = this.#framer.next()) {
      // The operation's tag stands behind the length (one to five bytes) and the message id (three bytes).
      const length = message[1] ?? 0
      const tag = message[(length < 0x80 ? 2 : 2 + (length & 0x7f)) + 3]
      if (tag === SEARCH_ENTRY) this.entries++
      if (tag === SEARCH_DONE) this.#answered()
    }
  }

  #answered(): void {
    const now = performance.now()
    this.times.push(now - this.#since)
    if (now < this.#until) this.#ask()
    else {
      this.#socket.destroy()
      this.#done()
    }
  }
}

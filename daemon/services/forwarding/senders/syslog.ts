// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { SyslogSettings } from '#daemon/domain/destination'
import { type Outgoing, SendError, type Sender, sentenceOf } from '#daemon/services/forwarding/sender'
import { heartbeatLine, type SyslogIdentity, syslogLine } from './syslog-line.ts'
import { readAuthorities } from './webhook.ts'

const CONNECT_MS = 10_000
const WRITE_MS = 10_000
/** Every receiver should take this much in a datagram [RFC5426 §3.2]. */
const LONGEST_DATAGRAM = 2_048

export interface SyslogOptions {
  readonly settings: SyslogSettings
  readonly identity: SyslogIdentity
}

/**
 * RFC 5424 over UDP [RFC5426], TCP [RFC6587] or TLS [RFC5425]. Syslog acknowledges nothing: a message counts as told
 * when the system took it. What was in the connection when it broke may be lost; TLS and TCP lose less than UDP.
 */
export class SyslogSender implements Sender {
  readonly window = 1
  readonly most = 100
  readonly pauseMillis = 0
  readonly #options: SyslogOptions
  #connection: Socket | undefined
  #isClosed = false

  constructor(options: SyslogOptions) {
    this.#options = options
  }

  send(messages: readonly Outgoing[]): Promise<void> {
    return this.#tell(messages.map((message) => syslogLine(message, this.#options.identity)))
  }

  heartbeat(activeAlarms: number, at: number): Promise<void> {
    return this.#tell([heartbeatLine(activeAlarms, at, this.#options.identity)])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    // With an error, so that whoever waits for the connection hears of it.
    this.#connection?.destroy(new Error('we are stopping'))
  }

  async #tell(lines: readonly Buffer[]): Promise<void> {
    const { host, port, transport } = this.#options.settings
    try {
      if (transport === 'udp') await this.#datagrams(lines)
      else await this.#write(lines)
    } catch (error) {
      this.#connection?.destroy()
      this.#connection = undefined
      if (error instanceof SendError) throw error
      throw new SendError(`${host}:${port}: ${sentenceOf(error)}`, { cause: error })
    }
  }

  async #datagrams(lines: readonly Buffer[]): Promise<void> {
    const { host, port } = this.#options.settings
    const socket = createSocket('udp4')
    try {
      for (const line of lines) {
        await new Promise<void>((resolve, reject) => {
          socket.once('error', reject)
          socket.send(cut(line), port, host, (error) => (error ? reject(error) : resolve()))
        })
      }
    } finally {
      socket.close()
    }
  }

  /** Octet counting: the length in bytes, a blank, the message [RFC6587 §3.4.1]. */
  async #write(lines: readonly Buffer[]): Promise<void> {
    const socket = await this.#connected()
    const frames = Buffer.concat(lines.flatMap((line) => [Buffer.from(`${line.length} `), line]))
    let stopListening = () => {}
    await within(WRITE_MS, 'it takes nothing', (done, fail) => {
      const gone = () => fail(new Error('it closed the connection'))
      socket.once('error', fail).once('close', gone)
      stopListening = () => socket.off('error', fail).off('close', gone)
      socket.write(frames, (error) => (error ? fail(error) : done()))
    }).finally(() => stopListening())
  }

  async #connected(): Promise<Socket> {
    if (this.#isClosed) throw new SendError('closed')
    const old = this.#connection
    // A receiver says nothing on this connection: an end that it sent is a connection that is over.
    if (old && !old.destroyed && old.writable && !old.readableEnded) return old
    old?.destroy()
    const { host, port, transport, caFile } = this.#options.settings
    const ca = caFile === undefined ? undefined : await readAuthorities(caFile)
    const isTls = transport === 'tls'
    const socket = isTls
      ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...(ca && { ca }) })
      : connectTcp({ host, port })
    this.#connection = socket
    socket.on('error', () => {}).resume()
    const ready = once(socket, isTls ? 'secureConnect' : 'connect')
    await within(CONNECT_MS, 'it does not answer', (done, fail) => void ready.then(() => done(), fail))
    socket.setKeepAlive(true, 30_000).setNoDelay(true)
    return socket
  }
}

type Settle = (done: () => void, fail: (error: Error) => void) => void

async function within(millis: number, late: string, work: Settle): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(late)), millis)
      work(resolve, reject)
    })
  } finally {
    clearTimeout(timer)
  }
}

/** Never in the middle of a character. */
function cut(line: Buffer): Buffer {
  if (line.length <= LONGEST_DATAGRAM) return line
  let end = LONGEST_DATAGRAM
  while (end > 0 && ((line[end] ?? 0) & 0xc0) === 0x80) end--
  return line.subarray(0, end)
}

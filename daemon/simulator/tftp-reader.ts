// SPDX-License-Identifier: Apache-2.0
import { ByteReader, ByteWriter } from '#protocols/lib/bytes'
import { printable, StepFailure } from './failure.ts'
import type { Sink, Transfer } from './transfer.ts'

const OPCODE = { RRQ: 1, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const

/** Options a phone asks for; one that asks for none is a client of RFC 1350 alone. */
export interface TftpOptions {
  /** Bytes in a block [RFC 2348]. */
  readonly blksize?: number
  /** Blocks before an ACK [RFC 7440]. */
  readonly windowsize?: number
  /** Asks for the file's length [RFC 2349 §3]. */
  readonly tsize?: boolean
}

/** What the client does after a packet. */
export type Move =
  /** Says this, and again until something new comes. */
  | { readonly kind: 'say'; readonly packet: Uint8Array }
  /** Waits for more of the window. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'ignore' }
  /** It is over; a last packet may tell the server. */
  | { readonly kind: 'end'; readonly packet?: Uint8Array; readonly result: Transfer | StepFailure }

/** The reading side of one transfer, without sockets and clocks. */
export class TftpReader {
  readonly #options: TftpOptions
  readonly #mostBytes: number
  readonly #sink: Sink
  #answered = false
  #blksize = 512
  #windowsize = 1
  /** The number of the next block; after 65,535 comes 0. */
  #expected = 1
  /** Blocks of the present window that have come. */
  #inWindow = 0
  /** A gap is reported once, not for each block that follows it. */
  #gapReported = false
  #bytes = 0
  #announced: number | undefined

  constructor(options: TftpOptions, mostBytes: number, sink: Sink) {
    this.#options = options
    this.#mostBytes = mostBytes
    this.#sink = sink
  }

  request(file: string): Uint8Array {
    const { blksize, windowsize, tsize } = this.#options
    const fields = [file, 'octet']
    if (blksize !== undefined) fields.push('blksize', String(blksize))
    if (windowsize !== undefined) fields.push('windowsize', String(windowsize))
    if (tsize) fields.push('tsize', '0')
    return new ByteWriter(128)
      .u16(OPCODE.RRQ)
      .bytes(encode(fields.join('\0')))
      .u8(0)
      .done()
  }

  /** After a silence: what came last in order, as our ACK or the window behind it was lost. */
  acknowledge(): Uint8Array {
    this.#gapReported = false
    this.#inWindow = 0
    return ack((this.#expected - 1) & 0xffff)
  }

  /** Throws MalformedPacket for a packet that is cut off. */
  take(packet: Uint8Array): Move {
    const reader = new ByteReader(packet)
    const opcode = reader.u16()
    if (opcode === OPCODE.ERROR) return failed(reader.u16(), reader.rest())
    if (opcode === OPCODE.OACK) return this.#takeOptions(reader.rest())
    if (opcode !== OPCODE.DATA) return { kind: 'ignore' }
    const block = reader.u16()
    this.#answered = true
    return block === this.#expected ? this.#takeBlock(block, reader.rest()) : this.#outOfOrder(block)
  }

  /** The server's choice among the options we asked for [RFC 2347]. */
  #takeOptions(bytes: Uint8Array): Move {
    if (this.#answered) return this.#expected === 1 && this.#bytes === 0 ? say(ack(0)) : { kind: 'ignore' }
    this.#answered = true
    const { blksize = 0, windowsize = 0, tsize } = this.#options
    const fields = Buffer.from(bytes).toString('latin1').split('\0')
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = (fields[i] ?? '').toLowerCase()
      const value = /^\d{1,10}$/.test(fields[i + 1] ?? '') ? Number(fields[i + 1]) : -1
      if (name === 'blksize' && value >= 8 && value <= blksize) this.#blksize = value
      else if (name === 'windowsize' && value >= 1 && value <= windowsize) this.#windowsize = value
      else if (name === 'tsize' && tsize && value >= 0) this.#announced = value
      else return refuse(8, `TFTP option ${printable(name)} not as asked for`)
    }
    if ((this.#announced ?? 0) > this.#mostBytes) return refuse(3, `answer longer than ${this.#mostBytes} bytes`)
    return say(ack(0))
  }

  #takeBlock(block: number, payload: Uint8Array): Move {
    if (payload.length > this.#blksize) return refuse(4, 'TFTP block longer than agreed')
    this.#bytes += payload.length
    if (this.#bytes > this.#mostBytes) return refuse(3, `answer longer than ${this.#mostBytes} bytes`)
    this.#expected = (block + 1) & 0xffff
    this.#inWindow++
    this.#gapReported = false
    const more = payload.length === 0 || this.#sink(payload)
    if (payload.length < this.#blksize) return this.#finish(block)
    if (!more) return { kind: 'end', packet: error(0, 'read enough'), result: { bytes: this.#bytes, complete: false } }
    if (this.#inWindow < this.#windowsize) return { kind: 'wait' }
    this.#inWindow = 0
    return say(ack(block))
  }

  /** A block shorter than agreed is the last [RFC 1350 §6]. */
  #finish(block: number): Move {
    const whole = this.#announced === undefined || this.#announced === this.#bytes
    const result = whole
      ? { bytes: this.#bytes, complete: true }
      : new StepFailure('TFTP file of another length than announced')
    return { kind: 'end', packet: ack(block), result }
  }

  /** A repeat, or a block after a lost one: says once what came last in order [RFC 7440 §4]. */
  #outOfOrder(block: number): Move {
    const lastInOrder = (this.#expected - 1) & 0xffff
    if (this.#gapReported || (this.#windowsize === 1 && block !== lastInOrder)) return { kind: 'ignore' }
    this.#gapReported = this.#windowsize > 1
    this.#inWindow = 0
    return say(ack(lastInOrder))
  }
}

/** ERROR to whoever mixes into a transfer [RFC 1350 §4]. */
export function strangerError(): Uint8Array {
  return error(5, 'unknown transfer')
}

function say(packet: Uint8Array): Move {
  return { kind: 'say', packet }
}

function refuse(code: number, reason: string): Move {
  return { kind: 'end', packet: error(code, reason), result: new StepFailure(reason) }
}

function failed(code: number, message: Uint8Array): Move {
  const words = printable(Buffer.from(message).toString('latin1').replace(/\0.*$/s, ''))
  return {
    kind: 'end',
    result: new StepFailure(`TFTP error ${code} ${words}`.trim(), code === 1 ? 'missing' : 'final'),
  }
}

function ack(block: number): Uint8Array {
  return new ByteWriter(4).u16(OPCODE.ACK).u16(block).done()
}

function error(code: number, message: string): Uint8Array {
  return new ByteWriter(64).u16(OPCODE.ERROR).u16(code).bytes(encode(message)).u8(0).done()
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

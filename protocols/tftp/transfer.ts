// SPDX-License-Identifier: Apache-2.0
import type { RemoteInfo } from 'node:dgram'
import type { Ending, Endpoint } from '#protocols/lib/exchange'
import { MalformedPacket } from '#protocols/lib/malformed'
import { acknowledgedBlock, decode, ERROR_CODES, encode, printable, saysError } from './codec.ts'
import type { TransferPort, TransferPorts } from './ports.ts'
import type { Delivery } from './reply.ts'
import { FileSource } from './source.ts'
import { SendWindow } from './window.ts'

/** When to send again and when to give up. */
export interface Retransmit {
  /** Until the first repeat, in milliseconds; doubled for each further one, up to eight times this. */
  readonly firstMillis: number
  /** How often a packet is sent in all before the peer counts as gone. */
  readonly tries: number
}

/** How a transfer ended, in the words of an Exchange. `bytes` counts what the peer acknowledged. */
export interface TransferEnd {
  readonly ending: Ending
  readonly answer?: string
  readonly reason?: string
  readonly bytes: number
}

const UNKNOWN_TID = encode({ kind: 'ERROR', code: ERROR_CODES.unknownTransferId, message: 'unknown transfer ID' })

/**
 * Sends one file to one peer from a port of its own, the server's transfer identifier (TID) [RFC1350 §4].
 * States: offering (an OACK waits for ACK 0) → sending → over.
 */
export class Transfer {
  readonly #peer: Endpoint
  readonly #delivery: Delivery
  readonly #retransmit: Retransmit
  readonly #onMalformed: (error: MalformedPacket) => void
  readonly #source: FileSource
  readonly #window: SendWindow
  readonly #ended: Promise<TransferEnd>
  #end: ((end: TransferEnd) => void) | undefined
  #port: TransferPort | undefined
  /** The OACK while it waits for ACK 0. */
  #offer: Uint8Array | undefined
  /** The peer acknowledged something: it is there, and nobody forged its address. */
  #acknowledged = false
  #superseded = false
  #tries = 1
  #timer: NodeJS.Timeout | undefined
  #delay = 0
  /** When the packets in flight left, and how long the ones before took to be acknowledged; in milliseconds. */
  #sentAt = 0
  #lap: number

  constructor(
    peer: Endpoint,
    delivery: Delivery,
    retransmit: Retransmit,
    onMalformed: (error: MalformedPacket) => void,
  ) {
    this.#peer = peer
    this.#delivery = delivery
    this.#retransmit = retransmit
    this.#onMalformed = onMalformed
    this.#lap = retransmit.firstMillis / 8
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#source = new FileSource(delivery.file, delivery.netascii, {
      onReadable: () => this.#sendNew(),
      onError: (error) => this.#cannotRead(error.message),
    })
    this.#window = new SendWindow(this.#source, delivery.terms.blockSize, delivery.terms.windowSize)
  }

  /** Takes a port and sends; resolves when it is over. `signal` ends it with an ERROR. */
  async run(ports: TransferPorts, signal: AbortSignal): Promise<TransferEnd> {
    const handlers = {
      onMessage: (bytes: Uint8Array, from: RemoteInfo) => this.#receive(bytes, from),
      onLost: (error: Error) => {
        this.#port = undefined
        this.#finish({ ending: 'fault', reason: error.message })
      },
    }
    this.#port = await ports.take(this.#peer, handlers, signal)
    signal.addEventListener('abort', () => this.#fail('refuse', 'the server is stopping'))
    this.#begin()
    return this.#ended
  }

  /**
   * The peer sent a request from the same port again. `same` says that its bytes did not change. True if a new
   * transfer is wanted as soon as this one is over, which is at the next silence at the latest; false if it is only a
   * late or repeated copy of the request being served.
   */
  yieldsTo(same: boolean): boolean {
    const silent = this.#tries > 1
    if (same && !(silent && this.#acknowledged)) return false
    this.#superseded = true
    if (silent) this.#expire()
    return true
  }

  #begin(): void {
    try {
      this.#source.open()
    } catch (error) {
      this.#cannotRead(error instanceof Error ? error.message : String(error))
      return
    }
    const { accepted } = this.#delivery.terms
    if (accepted.length > 0) this.#offer = encode({ kind: 'OACK', options: accepted })
    if (this.#offer) this.#send(this.#offer)
    this.#sentAt = performance.now()
    this.#arm(this.#firstDelay())
    this.#sendNew()
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    if (!this.#port) return
    if (from.port !== this.#peer.port || from.address !== this.#peer.address) {
      if (!saysError(bytes) && from.port !== 0) this.#port.send(UNKNOWN_TID, from)
      return
    }
    const block = acknowledgedBlock(bytes)
    if (block >= 0) this.#onAck(block)
    else this.#onOther(bytes)
  }

  #onAck(block: number): void {
    if (this.#offer) {
      if (block !== 0) return
      this.#offer = undefined
      this.#progress()
      return
    }
    const advance = this.#window.acknowledge(block)
    if (advance > 0) {
      // An ACK from within the window says that the peer misses what follows [RFC7440 §4].
      if (this.#window.outstanding > 0) this.#resend()
      this.#progress()
    } else if (advance === 0) this.#doubt()
  }

  /** Something new was acknowledged: sends on, or is done. */
  #progress(): void {
    this.#acknowledged = true
    if (this.#window.finished) {
      const bytes = this.#window.bytesAcknowledged
      this.#finish({ ending: 'reply', answer: `sent ${bytes} bytes` })
      return
    }
    if (this.#delivery.terms.windowSize > 1) {
      const now = performance.now()
      if (this.#tries === 1) this.#lap = now - this.#sentAt
      this.#sentAt = now
    }
    this.#tries = 1
    this.#arm(this.#firstDelay())
    this.#sendNew()
  }

  /**
   * The last ACK came again. With one block in flight that never makes us send: both sides would double every packet
   * to the end (the Sorcerer's Apprentice) [RFC1123 §4.2.3.1]. Within a window it may be all that a peer can say when
   * the first block was lost: send again soon, unless the ACK of the window arrives within its usual time after all.
   */
  #doubt(): void {
    if (this.#delivery.terms.windowSize === 1 || this.#window.outstanding === 0 || this.#tries > 1) return
    const soon = Math.ceil(this.#lap * 2) + 1
    if (soon < this.#delay) this.#arm(soon)
  }

  #onOther(bytes: Uint8Array): void {
    try {
      const packet = decode(bytes)
      if (packet.kind !== 'ERROR') return
      const reason = `the peer ended it with ERROR ${packet.code} ${printable(packet.message)}`
      this.#finish({ ending: 'reply', answer: `sent ${this.#window.bytesAcknowledged} bytes`, reason })
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error
      this.#onMalformed(error)
    }
  }

  #sendNew(): void {
    if (this.#offer || !this.#port) return
    for (let packet = this.#window.next(); packet; packet = this.#window.next()) this.#send(packet)
  }

  #resend(): void {
    if (this.#offer) this.#send(this.#offer)
    else for (const packet of this.#window.unacknowledged()) this.#send(packet)
  }

  /** Nothing was acknowledged for a while. Also counts while the disk is silent, so that no transfer hangs. */
  #expire(): void {
    if (this.#superseded) this.#finish({ ending: 'ignore', reason: 'the peer asked anew' })
    else if (this.#tries < this.#retransmit.tries) {
      this.#tries++
      this.#resend()
      this.#arm(this.#backOff())
    } else if (this.#offer) this.#fail('refuse', `no answer to the options in ${this.#tries} tries`)
    else if (this.#window.outstanding === 0) this.#cannotRead('no bytes came from it for too long')
    else this.#fail('refuse', `no ACK of block ${this.#window.awaited} in ${this.#tries} tries`)
  }

  /** The client's interval [RFC2349] is kept only for a peer that answered: forged requests shall not occupy us long. */
  #firstDelay(): number {
    return (this.#acknowledged && this.#delivery.terms.timeoutMillis) || this.#retransmit.firstMillis
  }

  /** At least an exponential back-off is asked for [RFC1123 §4.2.3.2]. */
  #backOff(): number {
    const first = this.#firstDelay()
    return Math.min(first * 2 ** (this.#tries - 1), Math.max(first, this.#retransmit.firstMillis * 8))
  }

  #arm(millis: number): void {
    if (millis === this.#delay && this.#timer) {
      this.#timer.refresh()
      return
    }
    clearTimeout(this.#timer)
    this.#delay = millis
    this.#timer = setTimeout(() => this.#expire(), millis)
  }

  #send(packet: Uint8Array): void {
    this.#port?.send(packet, this.#peer)
  }

  #cannotRead(reason: string): void {
    this.#fail('fault', 'the file cannot be read', `the file cannot be read: ${reason}`)
  }

  /** Ends with ERROR 0, whose text the peer may show; `reason` is for the operator. */
  #fail(ending: Ending, message: string, reason = message): void {
    const farewell = encode({ kind: 'ERROR', code: ERROR_CODES.undefined, message })
    this.#finish({ ending, answer: 'ERROR 0', reason }, farewell)
  }

  #finish(end: Omit<TransferEnd, 'bytes'>, farewell?: Uint8Array): void {
    clearTimeout(this.#timer)
    this.#end?.({ ...end, bytes: this.#window.bytesAcknowledged })
    this.#source.close()
    const port = this.#port
    this.#port = undefined
    port?.giveBack(this.#peer, farewell)
  }
}

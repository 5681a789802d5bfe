// SPDX-License-Identifier: Apache-2.0
import { DATA_HEADER, writeDataHeader } from './codec.ts'
import type { FileSource } from './source.ts'

/**
 * The blocks sent and not yet acknowledged, kept as whole packets for resending [RFC7440 §4]. Blocks are counted
 * without end from 1; only on the wire do they wrap from 65535 to 0, so a file may have any length.
 */
export class SendWindow {
  readonly #source: FileSource
  readonly #blockSize: number
  readonly #size: number
  /** Packet n stands at (n - 1) % size; buffers are used again. */
  readonly #packets: Uint8Array[] = []
  #acknowledged = 0
  #sent = 0
  /** Data bytes already in the packet after the last sent one. */
  #filled = 0
  #lastLength: number | undefined

  constructor(source: FileSource, blockSize: number, size: number) {
    this.#source = source
    this.#blockSize = blockSize
    this.#size = size
  }

  /** The first block that lacks an ACK. */
  get awaited(): number {
    return this.#acknowledged + 1
  }

  get outstanding(): number {
    return this.#sent - this.#acknowledged
  }

  get finished(): boolean {
    return this.#lastLength !== undefined && this.outstanding === 0
  }

  get bytesAcknowledged(): number {
    const last = this.finished ? this.#blockSize - (this.#lastLength ?? 0) : 0
    return this.#acknowledged * this.#blockSize - last
  }

  /** The next DATA packet, or undefined while the window is full, the source has no bytes yet, or all was sent. */
  next(): Uint8Array | undefined {
    if (this.#lastLength !== undefined || this.outstanding === this.#size) return undefined
    const place = this.#sent % this.#size
    let packet = this.#packets[place]
    if (packet === undefined) this.#packets[place] = packet = Buffer.allocUnsafe(DATA_HEADER + this.#blockSize)
    this.#filled += this.#source.copyTo(packet, DATA_HEADER + this.#filled)
    if (this.#filled < this.#blockSize) {
      if (!this.#source.drained) return undefined
      // The last block is shorter than the others, if need be empty [RFC1350 §6]. It gets a buffer of its own: a full
      // one may still wait in the kernel's queue with its old length.
      this.#packets[place] = packet = Buffer.from(packet.subarray(0, DATA_HEADER + this.#filled))
      this.#lastLength = this.#filled
    }
    this.#filled = 0
    this.#sent++
    writeDataHeader(packet, this.#sent)
    return packet
  }

  /** What to send again: every packet after the last acknowledged one. */
  *unacknowledged(): Generator<Uint8Array> {
    for (let block = this.#acknowledged; block < this.#sent; block++) {
      const packet = this.#packets[block % this.#size]
      if (packet) yield packet
    }
  }

  /**
   * Moves behind the block that an ACK names. Gives the number of blocks newly acknowledged: 0 repeats the last ACK,
   * -1 names a block that is not in flight.
   */
  acknowledge(wireBlock: number): number {
    const advance = (wireBlock - this.#acknowledged) & 0xffff
    if (advance > this.outstanding) return -1
    this.#acknowledged += advance
    return advance
  }
}

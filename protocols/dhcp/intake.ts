// SPDX-License-Identifier: Apache-2.0
import { HEADER_LENGTH } from './codec.ts'
import { MESSAGE, OPTION } from './options.ts'

/** Messages worked on in one turn of the event loop, which reads up to twice as many: so the kernel's queue stays short. */
const IN_ONE_TURN = 16
/** DISCOVERs that may wait: what comes in while we are held up for a third of a second, and clients wait for longer. */
const MOST_DISCOVERS = 2_048

export interface IntakeOptions<T> {
  readonly work: (message: T) => void
  /** A DISCOVER that made room for a newer one. */
  readonly drop: (message: T) => void
  /** How many others may wait; one above it is dropped itself. */
  readonly maxWaiting: number
}

/**
 * Messages that were heard and not worked on yet. Under overload, who was offered an address is served before who asks
 * for one: else work on many DISCOVERs would be lost with the REQUESTs that follow them.
 */
export class Intake<T> {
  readonly #options: IntakeOptions<T>
  #discovers: T[] = []
  #others: T[] = []
  #turn: NodeJS.Immediate | undefined

  constructor(options: IntakeOptions<T>) {
    this.#options = options
  }

  add(message: T, isDiscover: boolean): void {
    const { drop, maxWaiting } = this.#options
    if (isDiscover) {
      this.#discovers.push(message)
      const oldest = this.#discovers.length > MOST_DISCOVERS ? this.#discovers.shift() : undefined
      if (oldest !== undefined) drop(oldest)
    } else if (this.#others.length >= maxWaiting) drop(message)
    else this.#others.push(message)
    this.#turn ??= setImmediate(() => this.#work(IN_ONE_TURN))
  }

  /** Works on all that waits, at once. */
  flush(): void {
    clearImmediate(this.#turn)
    this.#work(Number.POSITIVE_INFINITY)
  }

  /** Forgets all that waits. */
  clear(): void {
    clearImmediate(this.#turn)
    this.#turn = undefined
    this.#discovers = []
    this.#others = []
  }

  #work(most: number): void {
    const others = this.#others.splice(0, most)
    const discovers = this.#discovers.splice(0, most - others.length)
    const isIdle = this.#others.length === 0 && this.#discovers.length === 0
    this.#turn = isIdle ? undefined : setImmediate(() => this.#work(IN_ONE_TURN))
    for (const message of others) this.#options.work(message)
    for (const message of discovers) this.#options.work(message)
  }
}

/** Whether the packet is a DISCOVER, as far as a glance tells: whatever is odd about it, decoding will find. */
export function looksLikeDiscover(packet: Uint8Array): boolean {
  let at = HEADER_LENGTH
  while (at + 2 < packet.length) {
    const code = packet[at] ?? OPTION.end
    if (code === OPTION.messageType) return packet[at + 2] === MESSAGE.discover
    if (code === OPTION.end) return false
    at += code === OPTION.pad ? 1 : 2 + (packet[at + 1] ?? 0)
  }
  return false
}

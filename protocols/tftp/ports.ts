// SPDX-License-Identifier: Apache-2.0
import type { RemoteInfo, Socket } from 'node:dgram'
import type { Endpoint } from '#protocols/lib/exchange'
import { bindUdp, type UdpHandlers } from '#protocols/lib/listen'

/** A port of its own for one transfer, until it is given back. */
export interface TransferPort {
  send(bytes: Uint8Array, peer: Endpoint): void
  /** Sends `farewell` first, if there is one; afterwards nothing is heard from it any more. */
  giveBack(peer: Endpoint, farewell?: Uint8Array): void
}

/** Ports that wait for the next transfer; binding one costs more than sending a small file. */
const MOST_IDLE = 64

interface Slot {
  readonly socket: Socket
  handlers: UdpHandlers | undefined
  /** Whom it served last: a late packet of that transfer must not meet another one of the same peer. */
  last: Endpoint | undefined
  lost: boolean
}

/**
 * The ports that transfers leave from. Each has one transfer at a time, so that it is that transfer's identifier
 * [RFC1350 §4]; the next one on it is another peer's.
 */
export class TransferPorts {
  readonly #address: string
  readonly #idle: Slot[] = []
  #closed = false

  constructor(address: string) {
    this.#address = address
  }

  /** An idle port, or a new one: rejects with a ListenError, or when `signal` aborts. */
  async take(peer: Endpoint, handlers: UdpHandlers, signal: AbortSignal): Promise<TransferPort> {
    signal.throwIfAborted()
    const at = this.#idle.findLastIndex(({ last }) => last?.port !== peer.port || last.address !== peer.address)
    const [slot] = at < 0 ? [await this.#bind(signal)] : this.#idle.splice(at, 1)
    if (!slot) throw new Error('no port was found')
    slot.handlers = handlers
    return {
      send: (bytes, to) => slot.socket.send(bytes, to.port, to.address),
      giveBack: (to, farewell) => {
        slot.handlers = undefined
        slot.last = to
        if (farewell) slot.socket.send(farewell, to.port, to.address, () => this.#rest(slot))
        else this.#rest(slot)
      },
    }
  }

  /** Idle ports close now, others when their transfers end. */
  close(): void {
    this.#closed = true
    for (const { socket } of this.#idle.splice(0)) socket.close()
  }

  async #bind(signal: AbortSignal): Promise<Slot> {
    const slot: Partial<Slot> = {}
    const socket = await bindUdp(
      { address: this.#address, port: 0 },
      {
        onMessage: (bytes: Uint8Array, from: RemoteInfo) => slot.handlers?.onMessage(bytes, from),
        onLost: (error) => {
          slot.lost = true
          this.#forget(socket)
          slot.handlers?.onLost(error)
        },
      },
      signal,
    )
    return Object.assign(slot, { socket, handlers: undefined, last: undefined, lost: false })
  }

  #rest(slot: Slot): void {
    if (slot.lost) return
    if (this.#closed || this.#idle.length >= MOST_IDLE) slot.socket.close()
    else this.#idle.push(slot)
  }

  #forget(socket: Socket): void {
    const at = this.#idle.findIndex((slot) => slot.socket === socket)
    if (at >= 0) this.#idle.splice(at, 1)
  }
}

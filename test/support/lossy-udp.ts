// SPDX-License-Identifier: Apache-2.0
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Endpoint } from '#protocols/lib/exchange'
import { seededRandom } from './random.ts'

/** Chances between 0 and 1, the same in both directions. */
export interface Mischief {
  readonly seed: number
  readonly drop?: number
  readonly duplicate?: number
  /** Held back until the next packet of its direction has passed, or for 3 ms if none follows. */
  readonly reorder?: number
}

/** What the network did. */
export interface Toll {
  passed: number
  dropped: number
  duplicated: number
  reordered: number
}

/**
 * A bad network before a UDP service on loopback. To the client it is the service; to the service each client is a
 * socket of its own. A port from which the service answers (a TFTP transfer identifier, say) gets a port of its own
 * towards the client too, so that both sides see as many ports as without it.
 */
export class LossyUdp {
  readonly toll: Toll = { passed: 0, dropped: 0, duplicated: 0, reordered: 0 }
  readonly #service: Endpoint
  readonly #mischief: Required<Mischief>
  readonly #random: () => number
  readonly #front: Socket
  /** Towards the service, by the client's port. */
  readonly #clients = new Map<number, Promise<Socket>>()
  /** Towards a client, by its port and the service's port. */
  readonly #faces = new Map<string, Promise<Socket>>()
  readonly #held = new Map<Socket, { readonly packet: () => void; readonly timer: NodeJS.Timeout }>()
  #closed = false

  private constructor(service: Endpoint, mischief: Mischief, front: Socket) {
    this.#service = service
    this.#mischief = { drop: 0, duplicate: 0, reorder: 0, ...mischief }
    this.#random = seededRandom(mischief.seed)
    // The first numbers of a small seed are small: every first packet would be lost.
    for (let i = 0; i < 20; i++) this.#random()
    this.#front = front
    front.on('message', async (bytes, client) => {
      this.#pass(await this.#towardsService(client), bytes, service.port)
    })
  }

  static async before(service: Endpoint, mischief: Mischief): Promise<LossyUdp> {
    return new LossyUdp(service, mischief, await bound())
  }

  get endpoint(): Endpoint {
    return { address: '127.0.0.1', port: this.#front.address().port }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { timer } of this.#held.values()) clearTimeout(timer)
    this.#held.clear()
    const sockets = await Promise.all([this.#front, ...this.#clients.values(), ...this.#faces.values()])
    for (const socket of sockets) socket.removeAllListeners('message').close()
  }

  #towardsService(client: RemoteInfo): Promise<Socket> {
    return remember(this.#clients, client.port, async () => {
      const socket = await bound()
      socket.on('message', async (bytes, from) => {
        this.#pass(await this.#face(client, socket, from.port), bytes, client.port)
      })
      return socket
    })
  }

  #face(client: RemoteInfo, towardsService: Socket, servicePort: number): Promise<Socket> {
    if (servicePort === this.#service.port) return Promise.resolve(this.#front)
    return remember(this.#faces, `${client.port} ${servicePort}`, async () => {
      const socket = await bound()
      socket.on('message', (bytes) => this.#pass(towardsService, bytes, servicePort))
      return socket
    })
  }

  #pass(out: Socket, bytes: Uint8Array, port: number): void {
    if (this.#closed) return
    const { drop, duplicate, reorder } = this.#mischief
    const send = () => out.send(bytes, port, '127.0.0.1')
    // Three draws for every packet, whatever becomes of it, so that one fate does not shift all others.
    const [fate, twin, delay] = [this.#random(), this.#random(), this.#random()]
    if (fate < drop) {
      this.toll.dropped++
      return
    }
    this.toll.passed++
    if (delay < reorder && !this.#held.has(out)) {
      this.toll.reordered++
      this.#held.set(out, { packet: send, timer: setTimeout(() => this.#release(out), 3) })
      return
    }
    send()
    if (twin < duplicate) {
      this.toll.duplicated++
      send()
    }
    this.#release(out)
  }

  #release(out: Socket): void {
    const held = this.#held.get(out)
    if (!held) return
    this.#held.delete(out)
    clearTimeout(held.timer)
    held.packet()
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

function remember<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

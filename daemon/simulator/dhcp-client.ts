// SPDX-License-Identifier: Apache-2.0
import { type Ipv4, UNSPECIFIED } from '#protocols/lib/ipv4'
import type { Clock } from './clock.ts'
import { addressOption, type ClientMessage, type ServerMessage, secondsOption, textOption } from './dhcp-message.ts'
import { printable, StepFailure } from './failure.ts'
import type { PhoneIdentity } from './identity.ts'
import type { Random } from './random.ts'
import type { Relay } from './relay.ts'
import type { Tally } from './step.ts'

/** How long a client waits before it says the same again, in milliseconds. */
export interface DhcpTimes {
  /** One entry for each transmission: 4, 8, 16, 32 s by the book [RFC 2131 §4.1]. */
  readonly waits: readonly number[]
  /** Each wait is longer or shorter by up to this much. */
  readonly jitter: number
  /** The pause after DECLINE [RFC 2131 §3.1 (5)]. */
  readonly declinePause: number
}

export const RFC_2131_TIMES: DhcpTimes = { waits: [4000, 8000, 16_000, 32_000], jitter: 1000, declinePause: 10_000 }

/** Infinity, as a lease time [RFC 2131 §3.3]. */
const FOREVER = 0xffffffff

/** Seconds; a server that grants less is not obeyed, lest its clients do nothing but ask. */
const SHORTEST_LEASE = 16
const SHORTEST_REBIND = 10

/** What a phone keeps of an ACK. */
export interface Lease {
  readonly address: Ipv4
  readonly mask: Ipv4
  readonly server: Ipv4
  /** Milliseconds on the clock; Infinity for a lease that never ends. */
  readonly rebindAt: number
  readonly expiresAt: number
  /** Options that may tell where the phone's files are. */
  readonly option160: string | undefined
  readonly option66: string | undefined
  readonly option67: string | undefined
  readonly option43: string | undefined
}

export interface Offer {
  readonly xid: number
  readonly beganAt: number
  readonly address: Ipv4
  readonly server: Ipv4
}

/** The DHCP client of one phone: INIT, SELECTING, REQUESTING, BOUND and REBINDING of RFC 2131 figure 5. */
export class DhcpClient {
  readonly #phone: PhoneIdentity
  readonly #relay: Relay
  readonly #clock: Clock
  readonly #random: Random
  readonly #times: DhcpTimes

  constructor(phone: PhoneIdentity, relay: Relay, clock: Clock, random: Random, times: DhcpTimes) {
    this.#phone = phone
    this.#relay = relay
    this.#clock = clock
    this.#random = random
    this.#times = times
  }

  /** INIT → SELECTING: the first usable OFFER [RFC 2131 §4.4.1]. */
  async discover(tally: Tally, signal: AbortSignal): Promise<Offer> {
    const xid = this.#xid()
    const beganAt = this.#clock.now()
    const usable = (reply: ServerMessage) =>
      reply.type === 'OFFER' && reply.yiaddr !== UNSPECIFIED && addressOption(reply, 54) !== undefined
    const offer = await this.#ask({ type: 'DISCOVER' }, xid, beganAt, usable, tally, signal)
    const server = offer && addressOption(offer, 54)
    if (!offer || !server) throw new StepFailure('no OFFER')
    return { xid, beganAt, address: offer.yiaddr, server }
  }

  /** SELECTING → REQUESTING → BOUND; undefined after a NAK, whereupon a client begins anew [RFC 2131 §3.1 (4)]. */
  async request(offer: Offer, tally: Tally, signal: AbortSignal): Promise<Lease | undefined> {
    const { xid, beganAt, address, server } = offer
    const mine = (reply: ServerMessage) => reply.type !== 'OFFER' && addressOption(reply, 54) === server
    const asked = { type: 'REQUEST', requested: address, server } as const
    return this.#bound(await this.#ask(asked, xid, beganAt, mine, tally, signal), tally)
  }

  /** REBINDING, through the relay as a broadcast would go; undefined after a NAK [RFC 2131 §4.4.5]. */
  async rebind(lease: Lease, tally: Tally, signal: AbortSignal): Promise<Lease | undefined> {
    const any = (reply: ServerMessage) => reply.type !== 'OFFER'
    const asked = { type: 'REQUEST', ciaddr: lease.address } as const
    return this.#bound(await this.#ask(asked, this.#xid(), this.#clock.now(), any, tally, signal), tally)
  }

  /** The address turned out to be in use; then waits before the client may begin anew [RFC 2131 §3.1 (5)]. */
  async decline(lease: Lease, signal: AbortSignal): Promise<void> {
    const { address: requested, server } = lease
    this.#relay.forward({ ...this.#message('DECLINE', this.#xid(), 0), requested, server }, this.#phone.number)
    await this.#clock.sleep(this.#times.declinePause, signal)
  }

  /** Gives the address back; there is no answer [RFC 2131 §4.4.6]. `from`: the local address to send it from. */
  release(lease: Lease, from: Ipv4 | undefined): Promise<void> {
    const { address: ciaddr, server } = lease
    return this.#relay.unicast({ ...this.#message('RELEASE', this.#xid(), 0), ciaddr, server }, from)
  }

  async #ask(
    asked: Pick<ClientMessage, 'type' | 'requested' | 'server' | 'ciaddr'>,
    xid: number,
    beganAt: number,
    accept: (reply: ServerMessage) => boolean,
    tally: Tally,
    signal: AbortSignal,
  ): Promise<ServerMessage | undefined> {
    for (const [turn, wait] of this.#times.waits.entries()) {
      if (turn > 0) tally.retries++
      const secs = Math.floor((this.#clock.now() - beganAt) / 1000)
      const message = { ...this.#message(asked.type, xid, secs), ...asked }
      const timeout = Math.max(1, wait + (this.#random.next() * 2 - 1) * this.#times.jitter)
      const reply = await this.#relay.ask(message, this.#phone.number, accept, timeout, signal)
      if (reply) return reply
    }
    return undefined
  }

  #bound(reply: ServerMessage | undefined, tally: Tally): Lease | undefined {
    if (!reply) throw new StepFailure('no ACK')
    if (reply.type === 'NAK') {
      tally.failed = `NAK ${printable(textOption(reply, 56) ?? '')}`.trim()
      return undefined
    }
    const seconds = secondsOption(reply, 51)
    const server = addressOption(reply, 54)
    if (seconds === undefined || server === undefined || reply.yiaddr === UNSPECIFIED) {
      throw new StepFailure('ACK without address, lease time or server')
    }
    const now = this.#clock.now()
    const lasting = Math.max(seconds, SHORTEST_LEASE)
    const rebindAfter = Math.min(lasting, Math.max(secondsOption(reply, 59) ?? lasting * 0.875, SHORTEST_REBIND))
    return {
      address: reply.yiaddr,
      mask: addressOption(reply, 1) ?? UNSPECIFIED,
      server,
      rebindAt: seconds === FOREVER ? Number.POSITIVE_INFINITY : now + rebindAfter * 1000,
      expiresAt: seconds === FOREVER ? Number.POSITIVE_INFINITY : now + lasting * 1000,
      option160: textOption(reply, 160),
      option66: textOption(reply, 66),
      option67: textOption(reply, 67),
      option43: textOption(reply, 43),
    }
  }

  #message(type: ClientMessage['type'], xid: number, secs: number): ClientMessage {
    const { mac, model, hostname } = this.#phone
    return { type, xid, secs, mac, model, hostname }
  }

  #xid(): number {
    return this.#random.below(2 ** 32)
  }
}

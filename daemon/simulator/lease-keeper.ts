// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import type { Clock } from './clock.ts'
import type { DhcpClient, Lease } from './dhcp-client.ts'
import { StepFailure } from './failure.ts'
import type { Segment } from './segment.ts'
import type { StepRunner } from './step.ts'

/** NAKs and conflicts in a row before a boot counts as failed. */
const MOST_RESTARTS = 5
/** Milliseconds before a rebinding is tried again, at least [RFC 2131 §4.4.5]. */
const REBIND_PAUSE = 60_000

/** A phone's hold on an address: obtains it, keeps it, gives it back. */
export class LeaseKeeper {
  readonly #mac: Mac
  readonly #client: DhcpClient
  readonly #segment: Segment
  readonly #clock: Clock
  readonly #steps: StepRunner
  #lease: Lease | undefined

  constructor(mac: Mac, client: DhcpClient, segment: Segment, clock: Clock, steps: StepRunner) {
    this.#mac = mac
    this.#client = client
    this.#segment = segment
    this.#clock = clock
    this.#steps = steps
  }

  get lease(): Lease | undefined {
    return this.#lease
  }

  /** DISCOVER to ACK; begins anew after a NAK, and after DECLINE when somebody else holds the address. */
  async obtain(signal: AbortSignal): Promise<Lease> {
    this.forget()
    for (let restart = 0; restart <= MOST_RESTARTS; restart++) {
      const offer = await this.#steps.run('discover', (tally) => this.#client.discover(tally, signal))
      const { lease, free } = await this.#steps.run('request', async (tally) => {
        const granted = await this.#client.request(offer, tally, signal)
        const claimed = granted !== undefined && this.#segment.claim(granted.address, this.#mac)
        if (granted && !claimed) tally.failed = 'address is in use by another phone'
        return { lease: granted, free: claimed }
      })
      if (lease && !free) await this.#client.decline(lease, signal)
      if (!lease || !free) continue
      this.#lease = lease
      return lease
    }
    throw new StepFailure('no lease')
  }

  /** Has the lease prolonged; false when it is lost: by NAK or another address, or for want of an answer. */
  async rebind(signal: AbortSignal): Promise<boolean> {
    const lease = this.#lease
    if (!lease) return false
    try {
      this.#lease = await this.#steps.run('rebind', async (tally) => {
        const granted = await this.#client.rebind(lease, tally, signal)
        if (granted === undefined || granted.address === lease.address) return granted
        tally.failed = 'ACK for another address'
        return undefined
      })
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error
      const now = this.#clock.now()
      const left = lease.expiresAt - now
      this.#lease =
        left > 0 ? { ...lease, rebindAt: now + Math.min(left, Math.max(left / 2, REBIND_PAUSE)) } : undefined
    }
    if (!this.#lease) this.#segment.leave(lease.address, this.#mac)
    return this.#lease !== undefined
  }

  /** RELEASE; `ownSocket` sends it from the leased address. */
  async release(ownSocket: boolean): Promise<void> {
    if (this.#lease) await this.#client.release(this.#lease, ownSocket ? this.#lease.address : undefined)
    this.forget()
  }

  /** The address is held no more and nobody is told, as after a power cut. */
  forget(): void {
    if (this.#lease) this.#segment.leave(this.#lease.address, this.#mac)
    this.#lease = undefined
  }
}

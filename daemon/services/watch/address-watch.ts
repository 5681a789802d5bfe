// SPDX-License-Identifier: Apache-2.0
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Alarms } from '#daemon/services/alarms/alarms'

export interface AddressWatchOptions {
  readonly alarms: Pick<Alarms, 'raise' | 'clear' | 'active'>
  /** Where each server listens. */
  readonly servers: () => readonly { readonly name: string; readonly addresses: readonly string[] }[]
  /** Of interfaces that are up and have a carrier. */
  readonly present: () => ReadonlySet<string>
}

const ALARM = 'ADDRESS MISSING'
const LOOK_MS = 2_000
/** Every address, and those of this machine alone, are always there. */
const ALWAYS = /^(?:0\.0\.0\.0$|127\.|::)/

/**
 * A network card that dies, a cable that is pulled, an address that is taken away: sockets notice nothing of it, phones
 * fall silent. The servers keep their sockets and go on by themselves when the address is back.
 */
export class AddressWatch {
  readonly #options: AddressWatchOptions
  #timer: NodeJS.Timeout | undefined

  constructor(options: AddressWatchOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.look()
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async look(): Promise<void> {
    const { alarms, servers, present } = this.#options
    const there = present()
    const missing = new Map<string, string[]>()
    for (const { name, addresses } of servers()) {
      for (const address of addresses) {
        if (ALWAYS.test(address) || there.has(address)) continue
        missing.set(address, [...(missing.get(address) ?? []), name])
      }
    }
    for (const { name, source } of alarms.active()) {
      const isBack = name === ALARM && !missing.has(source.slice('address/'.length))
      if (isBack) await alarms.clear(name, source)
    }
    const told = new Set(alarms.active().map(({ id }) => id))
    for (const [address, names] of missing) {
      const source = `address/${address}`
      if (told.has(`${ALARM}@${source}`)) continue
      await alarms.raise({
        ...{ name: ALARM, source, severity: 'critical', eventType: 'equipment' },
        probableCause: PROBABLE_CAUSE.lanError,
        description: `No interface that is up has the address ${address}: ${[...new Set(names)].join(', ')} cannot be reached there.`,
        remedy:
          'Look at the cable, the network card and its addresses. When the address is back, everything goes on by itself.',
      })
    }
  }
}

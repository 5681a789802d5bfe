// SPDX-License-Identifier: Apache-2.0
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Alarms } from '#daemon/services/alarms/alarms'
import { Raiser } from '#daemon/services/watch/raiser'
import type { Mac } from '#protocols/lib/mac'

export interface GuessesOptions {
  readonly alarms: Alarms
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Hardware addresses that one address may ask for in ten minutes without being one of them. */
  readonly most: () => number
  /** Waits; in milliseconds. */
  readonly pause: (ms: number) => Promise<void>
}

const ALARM = 'MAC ENUMERATION'
const WINDOW_MS = 10 * 60_000
const QUIET_MS = 15 * 60_000
/** Addresses that are remembered; the one that was quiet for longest gives way. */
const MOST_ADDRESSES = 10_000
const MOST_ALARMS = 50
/** How long one who guesses waits for each file, and how many requests may wait: of one address, and of all. */
const STEP_MS = 100
const LONGEST_MS = 2_000
const WAITING_EACH = 4
const WAITING = 200

interface Asker {
  since: number
  readonly macs: Set<Mac>
  waiting: number
}

/** Who asks for the files of many phones that it is not: told as an alarm, and slowed down. */
export class Guesses {
  readonly #options: GuessesOptions
  readonly #raiser: Raiser
  readonly #askers = new Map<string, Asker>()
  #waiting = 0

  constructor(options: GuessesOptions) {
    this.#options = options
    this.#raiser = new Raiser(options.alarms, options.now, { [ALARM]: QUIET_MS }, MOST_ALARMS)
  }

  /** Resolves when the file may be given; to false when too many wait already, and nothing is to be given. */
  async asked(address: string, mac: Mac): Promise<boolean> {
    const most = this.#options.most()
    const asker = this.#asker(address)
    // Beyond what is needed to slow down nothing more is remembered.
    if (asker.macs.size <= most + LONGEST_MS / STEP_MS) asker.macs.add(mac)
    const over = asker.macs.size - most
    if (over <= 0) return true
    this.#tell(address, most)
    if (asker.waiting >= WAITING_EACH || this.#waiting >= WAITING) return false
    asker.waiting++
    this.#waiting++
    try {
      await this.#options.pause(Math.min(over * STEP_MS, LONGEST_MS))
    } finally {
      asker.waiting--
      this.#waiting--
    }
    return true
  }

  tick(): void {
    this.#raiser.tick()
  }

  #asker(address: string): Asker {
    const now = this.#options.now()
    const known = this.#askers.get(address)
    const asker = known ?? { since: now, macs: new Set(), waiting: 0 }
    if (now - asker.since > WINDOW_MS) {
      asker.since = now
      asker.macs.clear()
    }
    // Re-inserting keeps the map in order of use.
    this.#askers.delete(address)
    this.#askers.set(address, asker)
    const oldest = this.#askers.keys().next().value
    if (this.#askers.size > MOST_ADDRESSES && oldest !== undefined) this.#askers.delete(oldest)
    return asker
  }

  #tell(address: string, most: number): void {
    this.#raiser.raise({
      ...{ name: ALARM, source: `files/${address}`, remoteHost: address, severity: 'major' },
      ...{ eventType: 'other', probableCause: PROBABLE_CAUSE.authenticationFailure },
      description: `${address} asked for the files of more than ${most} phones in ten minutes, and is none of them.`,
      remedy:
        'Look at that machine: somebody may be trying hardware addresses to get at passwords. It is slowed down and gets none. If many phones stand behind this address, raise provisioning.guesses.',
    })
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Whereabouts as Where } from '#daemon/domain/job-order'
import type { Phone } from '#daemon/domain/phone'
import { SYSTEM } from '#daemon/domain/scope'
import type { Store } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { ScopesPort } from '#web/ports/scopes'

export interface WhereaboutsOptions {
  readonly store: Store
  readonly scopes: Pick<ScopesPort, 'tree' | 'placementOf'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** IANA name of the zone of places that say none. */
  readonly timeZone: string
}

const MINUTE = 60_000

/** Where phones are, and what the clocks there say. */
export class Whereabouts {
  readonly #options: WhereaboutsOptions
  readonly #clocks = new Map<string, Intl.DateTimeFormat>()
  /** What each zone's clock says, for the minute it was asked in. */
  #said = { minute: 0, of: new Map<string, number>() }

  constructor(options: WhereaboutsOptions) {
    this.#options = options
  }

  of(mac: Mac): Where {
    const { store, scopes, timeZone } = this.#options
    const phone = store.get(phones, mac)?.value
    const id = phone ? scopes.placementOf(phone).scope.id : SYSTEM.id
    return { site: this.siteOf(phone), minute: this.#minuteIn(scopes.tree().timeZone(id) ?? timeZone) }
  }

  /** Id of the nearest site, or of what else the phone lies in. */
  siteOf(phone: Phone | undefined): string {
    const { scopes } = this.#options
    if (!phone) return SYSTEM.id
    const { scope } = scopes.placementOf(phone)
    const path = scopes.tree().path(scope.id)
    return path.findLast(({ kind }) => kind === 'site')?.id ?? scope.id
  }

  /** Minutes since midnight. */
  #minuteIn(zone: string): number {
    const at = this.#options.now()
    const current = Math.floor(at / MINUTE)
    if (this.#said.minute !== current) this.#said = { minute: current, of: new Map() }
    const known = this.#said.of.get(zone)
    if (known !== undefined) return known
    const clock = this.#clocks.get(zone) ?? clockOf(zone)
    this.#clocks.set(zone, clock)
    const [hours = 0, minutes = 0] = clock.format(at).split(':').map(Number)
    const minute = hours * 60 + minutes
    this.#said.of.set(zone, minute)
    return minute
  }
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}

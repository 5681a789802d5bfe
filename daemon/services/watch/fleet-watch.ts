// SPDX-License-Identifier: Apache-2.0
import { setImmediate as soon } from 'node:timers/promises'
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Phone } from '#daemon/domain/phone'
import type { Alarms } from '#daemon/services/alarms/alarms'
import type { Store } from '#daemon/store/store'
import { phones, timelines } from '#daemon/store/tables'
import { formatMac, type Mac } from '#protocols/lib/mac'

const HOUR_MS = 3600 * 1000
/** Time from the day a phone is let in until it should have come for its configuration. */
const FETCH_WITHIN_MS = 24 * HOUR_MS
/** Time from a new image until a phone that starts should run it. */
const UPDATE_WITHIN_MS = HOUR_MS
/** Phones looked at without a break. */
const AT_A_TIME = 1_000
/** Phones named in an alarm. */
const NAMED = 10

const UNFETCHED = 'CONFIGURATION NEVER FETCHED'
const MISMATCH = 'FIRMWARE MISMATCH'

export interface Image {
  readonly version: string
  /** When it was chosen, or put there, in milliseconds since the epoch. */
  readonly since: number
}

export interface FleetWatchOptions {
  readonly store: Store
  readonly alarms: Alarms
  readonly scopeOf: (phone: Phone) => string
  readonly label: (scope: string) => string
  /** What a phone should run; undefined when nobody says, or a rollout sees to it. */
  readonly imageOf: (phone: Phone) => Promise<Image | undefined>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Finds phones that are not as they were told to be: one alarm for each place or model. */
export class FleetWatch {
  readonly #options: FleetWatchOptions

  constructor(options: FleetWatchOptions) {
    this.#options = options
  }

  async look(): Promise<void> {
    await this.#unfetched()
    await this.#mismatched()
  }

  /** Let in, and never seen to fetch a configuration nor to report. */
  async #unfetched(): Promise<void> {
    const { store, scopeOf, label, now } = this.#options
    const places = new Map<string, Mac[]>()
    for (const { value: phone } of store.entries(phones)) {
      const isAwaited = phone.approval === 'approved' && phone.status === 'silent'
      if (!isAwaited || now() - phone.firstSeenAt < FETCH_WITHIN_MS) continue
      if (store.get(timelines, phone.mac)?.value.steps.some(({ step }) => step === 'config')) continue
      const place = scopeOf(phone)
      add(places, place, phone.mac)
    }
    await this.#tell(UNFETCHED, 'scope/', places, (place, macs) => ({
      ...{ severity: 'warning', eventType: 'processingError', scope: place },
      probableCause: PROBABLE_CAUSE.configurationOrCustomizationError,
      description: `${countOf(macs)} of ${label(place) || 'no known place'} never came for the configuration that waits for them.`,
      remedy:
        'Check that they are plugged in and learn the provisioning URL (DHCP option 160); “explain” shows what they got.',
    }))
  }

  /** They started after a new image was there, and run another version. */
  async #mismatched(): Promise<void> {
    const { store, imageOf, now } = this.#options
    const wanted = new Map<string, Set<string>>()
    const models = new Map<string, Mac[]>()
    let seen = 0
    for (const { value: phone } of store.entries(phones)) {
      // A large fleet takes a while; others are served in between.
      if (++seen % AT_A_TIME === 0) await soon()
      if (phone.model === '' || phone.firmware === '' || phone.status === 'silent') continue
      const image = await imageOf(phone)
      if (!image?.version || image.version === phone.firmware || now() - image.since < UPDATE_WITHIN_MS) continue
      const started = store.get(timelines, phone.mac)?.value.steps.findLast(({ step }) => step === 'started')
      if (!started || started.lastAt < image.since) continue
      add(models, phone.model, phone.mac)
      wanted.set(phone.model, (wanted.get(phone.model) ?? new Set()).add(image.version))
    }
    await this.#tell(MISMATCH, 'firmware/', models, (model, macs) => ({
      ...{ severity: 'minor', eventType: 'processingError', scope: '' },
      probableCause: PROBABLE_CAUSE.versionMismatch,
      description: `${countOf(macs)} of model ${model} run another firmware than ${[...(wanted.get(model) ?? [])].sort().join(' or ')}, which is chosen for them, although they started since.`,
      remedy:
        'Look at the steps of one of them: whether it fetches the image, and from where. Another server may tell it another one.',
    }))
  }

  async #tell(
    name: string,
    prefix: string,
    found: ReadonlyMap<string, readonly Mac[]>,
    facts: (
      key: string,
      macs: readonly Mac[],
    ) => {
      readonly severity: 'warning' | 'minor'
      readonly eventType: 'processingError'
      readonly scope: string
      readonly probableCause: number
      readonly description: string
      readonly remedy: string
    },
  ): Promise<void> {
    const { alarms } = this.#options
    for (const { name: active, source } of alarms.active()) {
      if (active === name && !found.has(source.slice(prefix.length))) await alarms.clear(name, source)
    }
    for (const [key, macs] of found) {
      const source = `${prefix}${key}`
      const alarm = {
        name,
        source,
        ...facts(key, macs),
        additionalInfo: [macs.slice(0, NAMED).map(formatMac).join(' ')],
      }
      const before = alarms.get(`${name}@${source}`)
      const says = (a: { readonly description: string; readonly additionalInfo: readonly string[] }) =>
        a.description + a.additionalInfo.join()
      if (!before || !alarms.isThere(before.id) || says(before) !== says(alarm)) await alarms.raise(alarm)
    }
  }
}

function countOf(macs: readonly Mac[]): string {
  return macs.length === 1 ? '1 phone' : `${macs.length} phones`
}

function add(lists: Map<string, Mac[]>, key: string, mac: Mac): void {
  const list = lists.get(key)
  if (list) list.push(mac)
  else lists.set(key, [mac])
}

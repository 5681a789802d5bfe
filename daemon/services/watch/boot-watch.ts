// SPDX-License-Identifier: Apache-2.0
import { type NewAlarm, PROBABLE_CAUSE } from '#daemon/domain/alarm'
import { holderOf } from '#daemon/domain/lease'
import type { Identity, Phone } from '#daemon/domain/phone'
import type { Alarms } from '#daemon/services/alarms/alarms'
import type { Store } from '#daemon/store/store'
import { leases, phones } from '#daemon/store/tables'
import type { Evidence, Exchange } from '#protocols/lib/exchange'
import { formatMac, type Mac } from '#protocols/lib/mac'
import { Raiser } from './raiser.ts'

const MINUTE_MS = 60_000
/** So many starts in this time are no updates and no curious users. */
const LOOP_STARTS = 4
const LOOP_MS = 20 * MINUTE_MS
/** Two looks at the first file so close together belong to one start. */
const SAME_START_MS = 5_000
/** MACs that one address asks about, none of which ever reported itself. */
const ENUMERATION = 30
const ENUMERATION_MS = 10 * MINUTE_MS
/** Downloads of a whole image after which the phone still runs what it ran. */
const REFUSED_AFTER = 2
/** Phones look at an image's header and hang up when it is what they run. */
const WHOLE_IMAGE = 0.9
/** Phones and addresses remembered; the one not heard of for longest makes room. */
const REMEMBERED = 20_000

/** Of a phone that starts over and over. */
export const LOOP = 'PHONE BOOT LOOP'
const REFUSED = 'FIRMWARE NOT TAKEN'
const MISSING = 'FIRMWARE MISSING'
const ENUMERATED = 'MAC ENUMERATION'

export interface BootWatchOptions {
  readonly store: Store
  readonly alarms: Alarms
  readonly identify: (evidence: Evidence) => Identity | undefined
  readonly scopeOf: (phone: Phone) => string
  /** Bytes of the image that this request is for; undefined if there is none. */
  readonly imageSize: (request: Pick<Exchange, 'evidence' | 'peer'>) => Promise<number | undefined>
  /** Whether every phone of a model gets an image, wherever it is. */
  readonly hasImage: (model: string) => Promise<boolean>
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Sees in what phones ask for whether they start over and over, refuse firmware, or are no phones at all. */
export class BootWatch {
  readonly #options: BootWatchOptions
  readonly #raiser: Raiser
  readonly #starts = new Map<string, number[]>()
  readonly #downloads = new Map<Mac, { firmware: string; count: number }>()
  /** Looks at image files, one after the other. */
  #looking = Promise.resolve()
  readonly #asked = new Map<string, Map<Mac, number>>()

  constructor(options: BootWatchOptions) {
    this.#options = options
    this.#raiser = new Raiser(options.alarms, options.now, {
      [LOOP]: LOOP_MS,
      [MISSING]: 24 * 60 * MINUTE_MS,
      [ENUMERATED]: 3 * ENUMERATION_MS,
    })
  }

  heard(exchange: Exchange): void {
    const { protocol, ending, evidence } = exchange
    if (ending === 'malformed') return
    if (protocol === 'keepalive' && ending === 'reply' && evidence.mac) {
      if (evidence.status === 'started') this.#started(evidence.mac, 'started')
      this.#runs(evidence.mac, evidence.firmware ?? '')
    }
    const { fileKind } = evidence
    if (fileKind === 'bootstrap' && ending === 'reply') {
      const mac = this.#macOf(exchange)
      if (mac) this.#started(mac, 'bootstrap')
    }
    if (fileKind === 'device-config' && evidence.mac) this.#asks(evidence.mac, exchange.peer.address)
    if (fileKind === 'firmware') this.#looking = this.#looking.then(() => this.#image(exchange))
  }

  tick(): void {
    this.#raiser.tick()
  }

  /** Resolves when all that was heard has been looked at. */
  rest(): Promise<void> {
    return this.#looking
  }

  #started(mac: Mac, kind: string): void {
    const now = this.#options.now()
    const key = `${kind} ${mac}`
    const before = (this.#starts.get(key) ?? []).filter((at) => now - at <= LOOP_MS)
    if (now - (before.at(-1) ?? 0) < SAME_START_MS) return
    const starts = remember(this.#starts, key, [...before, now].slice(-LOOP_STARTS))
    if (starts.length < LOOP_STARTS) return
    this.#raiser.raise({
      ...{ ...this.#about(mac, LOOP), severity: 'major', eventType: 'processingError' },
      probableCause: PROBABLE_CAUSE.softwareProgramAbnormallyTerminated,
      description: `The phone ${formatMac(mac)} started ${LOOP_STARTS} times within ${LOOP_MS / MINUTE_MS} minutes.`,
      remedy:
        'Look at its power (PoE budget, cable), then at its last steps on its page: a setting or firmware that came before it began is the likely cause.',
    })
  }

  #asks(mac: Mac, address: string): void {
    const { store, now } = this.#options
    const phone = store.get(phones, mac)?.value
    if (phone && (phone.approval === 'approved' || phone.reportedAt > 0)) return
    const asked = this.#asked.get(address) ?? new Map<Mac, number>()
    remember(this.#asked, address, asked)
    asked.delete(mac)
    asked.set(mac, now())
    for (const [other, at] of asked)
      if (now() - at > ENUMERATION_MS || asked.size > 10 * ENUMERATION) asked.delete(other)
    if (asked.size < ENUMERATION) return
    this.#raiser.raise({
      ...{ name: ENUMERATED, source: `address/${address}`, remoteHost: address, severity: 'major' },
      ...{ eventType: 'other', probableCause: PROBABLE_CAUSE.authenticationFailure },
      description: `${address} asked for the configuration of at least ${ENUMERATION} phones within ${ENUMERATION_MS / MINUTE_MS} minutes, none of which ever reported itself.`,
      remedy:
        'If no new phones are being set up behind this address, find the machine: it guesses hardware addresses to get at secrets. Phones that you did not approve get none.',
    })
  }

  async #image({ ending, evidence, bytes = 0, ...exchange }: Exchange): Promise<void> {
    const model = modelOf(evidence.file ?? '')
    if (ending === 'refuse' && model !== '') {
      this.#raiser.raise({
        ...{ name: MISSING, source: `firmware/${model}`, severity: 'warning', remoteHost: exchange.peer.address },
        ...{ eventType: 'processingError', probableCause: PROBABLE_CAUSE.underlyingResourceUnavailable },
        description: `Phones ask for ${model}.img and get none: no image is chosen for them, or its file is lost.`,
        remedy: `Upload an image for ${model} under Firmware and choose it, or take the firmware URL from these phones’ configuration.`,
      })
      return
    }
    if (ending !== 'reply') return
    // Others of this model may still be refused it: an image can be chosen for one place alone.
    if (model !== '' && (await this.#options.hasImage(model))) this.#raiser.end(MISSING, `firmware/${model}`)
    const mac = this.#macOf({ evidence, ...exchange })
    const size = await this.#options.imageSize({ evidence, peer: exchange.peer }).catch(() => undefined)
    if (!mac || size === undefined || bytes < WHOLE_IMAGE * size) return
    const firmware = this.#options.store.get(phones, mac)?.value.firmware ?? ''
    const before = this.#downloads.get(mac)
    const count = before?.firmware === firmware ? before.count + 1 : 1
    remember(this.#downloads, mac, { firmware, count })
  }

  /** What the phone runs now: after a download it should be something else. */
  #runs(mac: Mac, firmware: string): void {
    const download = this.#downloads.get(mac)
    if (firmware === '') return
    if (download && download.firmware !== firmware) {
      this.#downloads.delete(mac)
      void this.#options.alarms.clear(REFUSED, `IPPhone/${mac}`)
      return
    }
    if (!download || download.count < REFUSED_AFTER) return
    void this.#options.alarms.raise({
      ...{ ...this.#about(mac, REFUSED), severity: 'minor', eventType: 'processingError' },
      probableCause: PROBABLE_CAUSE.versionMismatch,
      description: `The phone ${formatMac(mac)} fetched its firmware image ${download.count} times and still runs ${firmware}.`,
      remedy: 'The image may be for another model or hardware revision, or damaged. Compare it with the vendor’s file.',
      additionalInfo: [firmware],
    })
    // Told once for each download, and not with each keep-alive.
    remember(this.#downloads, mac, { firmware, count: 1 })
  }

  #about(mac: Mac, name: string): Pick<NewAlarm, 'name' | 'source' | 'mac' | 'scope'> {
    const phone = this.#options.store.get(phones, mac)?.value
    return { name, source: `IPPhone/${mac}`, mac, scope: phone ? this.#options.scopeOf(phone) : '' }
  }

  #macOf({ evidence, peer }: Pick<Exchange, 'evidence' | 'peer'>): Mac | undefined {
    const { identify, store, now } = this.#options
    return evidence.mac ?? identify(evidence)?.mac ?? holderOf(store.get(leases, peer.address)?.value, now())
  }
}

/** `…/440HD.img` → `440HD`; empty for what is no model's. */
function modelOf(file: string): string {
  return /(?:^|\/)([a-z0-9][a-z0-9-]{0,31})\.img$/i.exec(file)?.[1]?.toUpperCase() ?? ''
}

/** Sets a value as the newest; the oldest makes room. */
function remember<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.delete(key)
  map.set(key, value)
  if (map.size > REMEMBERED) {
    for (const oldest of map.keys()) {
      map.delete(oldest)
      break
    }
  }
  return value
}

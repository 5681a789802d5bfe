// SPDX-License-Identifier: Apache-2.0
import { type ChosenFirmware, choiceKey, chooseFirmware } from '#daemon/domain/firmware'
import { holderOf } from '#daemon/domain/lease'
import type { Identity, Phone } from '#daemon/domain/phone'
import type { Placement } from '#daemon/domain/placement'
import { type Scope, type ScopeTree, SYSTEM } from '#daemon/domain/scope'
import type { Store } from '#daemon/store/store'
import { leases, phones } from '#daemon/store/tables'
import { imageName } from '#daemon/vendors/audiocodes/firmware-image'
import { modelIn } from '#daemon/vendors/audiocodes/models'
import type { Evidence } from '#protocols/lib/exchange'
import { type Ipv4, peerAddress } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { Asker, FileAnswer } from '#protocols/provisioning/port'
import type { Choices } from './choices.ts'
import type { FirmwareFiles } from './dropped.ts'
import type { ImageLibrary } from './library.ts'
import type { PhonesByAddress } from './phones-by-address.ts'
import type { FirmwareRequest, FirmwareSource } from './source.ts'

/** Who keeps phones on an image whatever is chosen for them: rollouts. */
export interface Pins {
  /** `Firmware.id`; undefined for a phone that nothing keeps. */
  pinOf(mac: Mac, model: string): string | undefined
  /** What will still need an image, in words, such as a rollout that has not begun. */
  needs?(image: string): readonly string[]
}

/** Where phones are. */
export interface Places {
  tree(): ScopeTree
  placementOf(phone: Phone): Placement
  ofAddress(address: Ipv4): Scope | undefined
}

export interface ServingOptions {
  readonly store: Store
  readonly library: ImageLibrary
  readonly choices: Choices
  readonly dropped: FirmwareFiles
  readonly places: Places
  readonly addresses: PhonesByAddress
  readonly identify: (evidence: Evidence) => Identity | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Askers whose last image is remembered; a forgotten one only costs a phone one more download. */
const REMEMBERED = 20_000

/** Gives each phone the image that is chosen for it, under whatever name it asks. */
export class FirmwareServing implements FirmwareSource {
  readonly #options: ServingOptions
  /** What each asker was given last, and since when. */
  readonly #given = new Map<string, { readonly image: string; readonly since: Date }>()
  #pins: Pins | undefined

  constructor(options: ServingOptions) {
    this.#options = options
  }

  /** From now on, what `pins` says beats every choice. */
  pinBy(pins: Pins): void {
    this.#pins = pins
  }

  pinOf(mac: Mac, model: string): string | undefined {
    return this.#pins?.pinOf(mac, model)
  }

  /** What else needs an image than phones that are kept on it. */
  needs(image: string): readonly string[] {
    return this.#pins?.needs?.(image) ?? []
  }

  async fileFor(request: FirmwareRequest, asker: Asker): Promise<FileAnswer> {
    const { library, dropped } = this.#options
    const mac = this.#macOf(request, asker)
    const who = `${mac ?? asker.peer.address} ${request.model}`
    if (request.image !== undefined) return this.#image(request.image, `by its hash`, `${who} ${request.image}`)
    const asked = request.model.toUpperCase()
    const { model: named, version } = imageName(asked)
    const precise = version === '' ? undefined : library.ofVersion(named, version)
    if (precise) return this.#image(precise.id, 'by its version', who)
    // A hardware revision boots its model's image; one that is chosen or laid down for it alone goes first.
    for (const model of new Set([asked, version === '' ? (modelIn(asked) ?? asked) : asked])) {
      const chosen = this.#choose(mac, model, this.#pathOf(mac, request, asker))
      if (chosen) return this.#image(chosen.image, chosen.source, who)
      const file = await dropped.find(model)
      if (file.kind === 'file') return file
    }
    return { kind: 'refuse', status: 404, reason: `there is no firmware for ${asked}` }
  }

  /**
   * Whether a phone's firmware URL must say who asks: it has an image of its own (chosen for it, or kept by a rollout), and
   * neither its user agent nor an address that is its alone tells. Others keep the common URL, so that their files do not
   * change with every rollout.
   */
  needsOwnUrl(mac: Mac, model: string): boolean {
    const { store, identify, choices } = this.#options
    if (this.pinOf(mac, model) === undefined && !choices.index().has(choiceKey(model, mac))) return false
    const phone = store.get(phones, mac)?.value
    if (!phone) return true
    const { userAgent, externalAddress, address } = phone
    return identify({ userAgent })?.mac !== mac && this.#macAt(externalAddress || address) !== mac
  }

  /** What a phone would get; undefined when nothing is chosen for its model, whatever lies in the folder. */
  choose(mac: Mac, model: string): ChosenFirmware | undefined {
    const { store, places, choices } = this.#options
    // Finding out where a phone is takes most of the time, and all phones are looked at in turn.
    const phone = choices.inPlaces(model) ? store.get(phones, mac)?.value : undefined
    return this.#choose(mac, model, phone ? places.tree().path(places.placementOf(phone).scope.id) : [SYSTEM])
  }

  #choose(mac: Mac | undefined, model: string, path: readonly Scope[]): ChosenFirmware | undefined {
    const pin = mac && this.pinOf(mac, model)
    return chooseFirmware(this.#options.choices.index(), { mac, model, path }, pin)
  }

  /**
   * Last-Modified is when this asker was first given this image: were it the image's own date, a phone that is set back
   * to an older image would be told that nothing is new [RFC9110 §13.1.3].
   */
  async #image(id: string, why: string, who: string): Promise<FileAnswer> {
    const { library, now } = this.#options
    const before = this.#given.get(who)
    const given = before?.image === id ? before : { image: id, since: new Date(now()) }
    this.#given.delete(who)
    this.#given.set(who, given)
    const oldest = this.#given.keys().next().value
    if (this.#given.size > REMEMBERED && oldest !== undefined) this.#given.delete(oldest)
    const resource = await library.resource(id, given.since)
    if (resource) return { kind: 'file', resource }
    return { kind: 'refuse', status: 404, reason: `the image asked for (${why}) is not here: ${id.slice(0, 12)}` }
  }

  /** By its URL or its user agent, else by its address. */
  #macOf(request: FirmwareRequest, { userAgent, peer }: Asker): Mac | undefined {
    const { identify } = this.#options
    const claimed = request.mac ?? (userAgent === undefined ? undefined : identify({ userAgent })?.mac)
    return claimed ?? this.#macAt(peer.address)
  }

  /** Who has an address: the lease first, then what phones report. */
  #macAt(from: string): Mac | undefined {
    const { store, addresses, now } = this.#options
    const address = peerAddress(from)
    if (address === undefined) return undefined
    return holderOf(store.get(leases, address)?.value, now()) ?? addresses.only(address)
  }

  /** What people said of the phone, then what its URL says, then what its address does. */
  #pathOf(mac: Mac | undefined, { scope }: FirmwareRequest, asker: Asker): readonly Scope[] {
    const { store, places } = this.#options
    const tree = places.tree()
    const phone = mac && store.get(phones, mac)?.value
    const placed = phone && places.placementOf(phone)
    if (placed?.why === 'user' || placed?.why === 'set') return tree.path(placed.scope.id)
    const named = scope && tree.find(scope.name, scope.kind === 'tenant' ? scope.kind : undefined)
    if (named?.kind === 'found') return tree.path(named.scope.id)
    if (placed?.why === 'subnet') return tree.path(placed.scope.id)
    const address = peerAddress(asker.peer.address)
    return tree.path((address && places.ofAddress(address)?.id) ?? SYSTEM.id)
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Phone } from '#daemon/domain/phone'
import type { ServedFile, ServedFiles, ServedLevel } from '#daemon/domain/provisioning/served'
import type { AtHome } from '#daemon/services/at-home'
import { maskedLine } from '#daemon/services/provisioning/changes/secrecy'
import { type Disclosure, MASKED, WITHOUT_SECRETS, WITHOUT_USER } from '#daemon/services/provisioning/disclosure'
import type { NoFile, RenderedDevice, Renderer, Situation } from '#daemon/services/provisioning/renderer'
import { put, remove, type Store } from '#daemon/store/store'
import { phones, servedFiles } from '#daemon/store/tables'
import { parseIpv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { ServedTexts } from './texts.ts'

/** One request for a phone's own file that was answered with it. */
export interface Fetch {
  readonly phone: Phone
  readonly situation: Situation
  readonly rendered: RenderedDevice
  /** Of the bytes that the phone got: its own file alone. */
  readonly etag: string
  readonly level: ServedLevel
  readonly transport: ServedFile['transport']
  /** It asked by its personal address. */
  readonly personal: boolean
}

export interface ServedLogOptions {
  readonly store: Store
  readonly renderer: Renderer
  /** What a phone would be served, with what it may have. */
  readonly made: (mac: Mac, situation: Situation, level: ServedLevel) => RenderedDevice | NoFile
  readonly home: AtHome
  readonly texts: ServedTexts
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Different files that are remembered of each phone. */
  readonly keep: number
  /** The number of the last change. */
  readonly change: () => number
  /** A name for a text, which tells nothing of it to who does not know the key. */
  readonly digest: (text: string) => string
  readonly onFault: (error: unknown) => void
}

/** Milliseconds in which fetching the same again is not written down. */
const COARSE = 15 * 60_000
const MOST_RECENT = 100_000

interface Recent {
  readonly etag: string
  readonly shared: readonly string[]
  readonly at: number
}

/** Under it stands since when files are remembered at all. */
const SINCE = 'since'

/** What phones may see of themselves when people look at it. */
const SHOWN: Readonly<Record<ServedLevel, Disclosure>> = {
  nothing: WITHOUT_USER,
  names: WITHOUT_SECRETS,
  secrets: MASKED,
}

/** What each phone was served, how and when. Others who guess its address are not it, and are not written down. */
export class ServedLog {
  readonly #options: ServedLogOptions
  /** Phones of one place have the same shared lines, as the same object. */
  readonly #shared = new WeakMap<readonly string[], string>()
  /** What was written down a moment ago, by MAC. */
  readonly #recent = new Map<Mac, Recent>()
  #since = 0
  #stop: (() => void) | undefined

  constructor(options: ServedLogOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { store, now, texts } = this.#options
    const begun = store.get(servedFiles, SINCE)?.value.files[0]?.first
    this.#since = begun ?? now()
    if (begun === undefined) {
      await store.commit([put(servedFiles, SINCE, { files: [marker(this.#since)] })], { durable: false })
    }
    this.#stop = store.watch(phones, 'now', ({ key, value }) => {
      if (value || !store.get(servedFiles, key)) return
      texts.forget(key as Mac)
      void store.commit([remove(servedFiles, key)], { durable: false }).catch(this.#options.onFault)
    })
  }

  async stop(): Promise<void> {
    this.#stop?.()
    this.#recent.clear()
    await this.#options.texts.settled()
  }

  /** Since when files are remembered. */
  get since(): number {
    return this.#since
  }

  of(mac: Mac): readonly ServedFile[] {
    return this.#options.store.get(servedFiles, mac)?.value.files ?? []
  }

  text(mac: Mac, hash: string): Promise<string | undefined> {
    return this.#options.texts.get(mac, hash)
  }

  hashOf({ file, shared }: RenderedDevice): string {
    const { digest } = this.#options
    const known = this.#shared.get(shared) ?? digest(shared.join('\n'))
    this.#shared.set(shared, known)
    return digest(`${file.lines.map(({ text }) => text).join('\n')}\n${known}`)
  }

  /** On the way of every request: as little as can be. */
  note(fetch: Fetch): void {
    const { phone, rendered, level, transport, personal, etag } = fetch
    const { store, now, keep, change, onFault, made } = this.#options
    const { mac } = phone
    const at = now()
    const recent = this.#recent.get(mac)
    const again = recent?.etag === etag && recent.shared === rendered.shared
    if (again && at >= recent.at && at - recent.at < COARSE) return
    if (!this.#isPhone(fetch)) return
    this.#remember(mac, { etag, shared: rendered.shared, at })
    // Its personal address is a secret of its own, and no part of what is compared or kept.
    const situation = { ...fetch.situation, token: undefined }
    const plain = fetch.situation.token === undefined ? rendered : made(mac, situation, level)
    if (plain.kind === 'none') return
    const hash = this.hashOf(plain)
    const files = this.of(mac)
    const last = files.at(-1)
    const asked = personal ? 'by its personal address' : situation.named ? wordsOf(situation.named) : 'by its MAC'
    const same = last?.hash === hash && last.level === level && last.transport === transport && last.asked === asked
    if (last && same && at - last.last < COARSE && at >= last.last) return
    const earlier = files.find((one) => one.hash === hash)
    const entry: ServedFile = {
      ...{ hash, first: earlier?.first ?? at, last: at, asked, transport, level },
      ...{ address: situation.address ?? '', template: rendered.template.template.title },
      change: earlier?.change ?? change(),
      ...(situation.named && { named: situation.named }),
    }
    const kept = [...files.filter((one) => one !== earlier), entry].slice(-keep)
    void store.commit([put<ServedFiles>(servedFiles, mac, { files: kept })], { durable: false }).catch(onFault)
    if (!earlier) this.#keepText(mac, situation, entry, kept)
  }

  #remember(mac: Mac, recent: Recent): void {
    if (this.#recent.size >= MOST_RECENT) this.#recent.clear()
    this.#recent.set(mac, recent)
  }

  #keepText(mac: Mac, situation: Situation, { hash, level }: ServedFile, kept: readonly ServedFile[]): void {
    const { renderer, texts } = this.#options
    const shown = renderer.device(mac, situation, SHOWN[level])
    if (shown.kind === 'none') return
    texts.put(
      mac,
      hash,
      effectiveText(shown),
      kept.map((one) => one.hash),
    )
  }

  /** By its personal address, at its lease, where it reports from; or nothing is known of where it is. */
  #isPhone({ phone, situation: { address }, personal }: Fetch): boolean {
    if (personal) return true
    if (address === undefined) return false
    const holder = this.#options.home.holderOf(address)
    if (holder !== undefined) return holder === phone.mac
    const own = [parseIpv4(phone.address), parseIpv4(phone.externalAddress)].filter((one) => one !== undefined)
    return own.length === 0 || own.includes(address)
  }
}

const INCLUDE = /^\s*include\s/i

/** All that the phone reads, the shared file in the place of its line; passwords masked wherever they come from. */
export function effectiveText({ file, shared }: RenderedDevice): string {
  return file.lines
    .flatMap(({ text }) => (INCLUDE.test(text) ? [text, ...shared] : [text]))
    .map(maskedLine)
    .join('\n')
}

function wordsOf({ kind, name }: NonNullable<ServedFile['named']>): string {
  return `${kind} ${name}`.slice(0, 100)
}

function marker(at: number): ServedFile {
  const nothing = {
    hash: '',
    asked: '',
    transport: 'http',
    address: '',
    level: 'nothing',
    template: '',
    change: 0,
  } as const
  return { ...nothing, first: at, last: at }
}

// SPDX-License-Identifier: Apache-2.0
import { type Redirect, redirectProblem } from '#daemon/domain/redirect'
import { plainText } from '#daemon/domain/text'
import type { Announce } from '#daemon/messages'
import type { AtHome } from '#daemon/services/at-home'
import type { Guesses } from '#daemon/services/phone-secrets/guesses'
import { put, remove, type Store } from '#daemon/store/store'
import { phones, redirects } from '#daemon/store/tables'
import { type Ipv4, peerAddress } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { RedirectPort } from '#protocols/provisioning/port'
import type { RedirectsPort } from '#web/ports/redirects'
import type { Saved } from '#web/ports/saved'

export interface RedirectsOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly announce: Announce
  readonly isOn: () => boolean
  /** Our folder of configurations as an address reaches us; undefined when no server address is set. */
  readonly ourselves: (address: Ipv4 | undefined) => string | undefined
  readonly home: AtHome
  readonly guesses: Guesses
}

const MOST = 100_000

/** Where phones are sent that ask the redirect service: our own to us, others to the URL set for them. */
export class Redirects implements RedirectPort, RedirectsPort {
  readonly #options: RedirectsOptions

  constructor(options: RedirectsOptions) {
    this.#options = options
  }

  isOn(): boolean {
    return this.#options.isOn()
  }

  async locationOf(mac: Mac, from: string): Promise<string | undefined> {
    const { store, home, guesses, ourselves } = this.#options
    const address = peerAddress(from)
    // Who asks for many phones learns which are ours: slowed down as one who asks for their files.
    const known = address !== undefined && home.holderOf(address) === mac
    if (!known && !(await guesses.asked(from, mac))) return undefined
    const entry = store.get(redirects, mac)?.value
    if (entry && entry.url !== '') return entry.url
    return entry || store.get(phones, mac)?.value.approval === 'approved' ? ourselves(address) : undefined
  }

  list(): readonly Redirect[] {
    return Array.from(this.#options.store.entries(redirects), ({ value }) => value)
  }

  async set(macs: readonly Mac[], url: string, note: string, by: string): Promise<Saved<number>> {
    const { store, now, announce } = this.#options
    const refuse = (field: string, message: string) => ({ kind: 'refused' as const, errors: [{ field, message }] })
    const wrong = redirectProblem(url)
    if (wrong !== undefined) return refuse('url', wrong)
    const said = plainText(note, { most: 200 })
    if ('reason' in said) return refuse('note', `The note ${said.reason}.`)
    if (macs.length === 0) return refuse('macs', 'Name at least one MAC address.')
    const fresh = macs.filter((mac) => !store.get(redirects, mac)).length
    if (store.count(redirects) + fresh > MOST) return refuse('macs', `The list holds at most ${MOST} phones.`)
    const changes = macs.map((mac) => put(redirects, mac, { mac, url, note: said.text, at: now(), by }))
    await store.commit(changes, { durable: true })
    announce('redirect.set', { count: macs.length, url, by })
    return { kind: 'saved', value: macs.length }
  }

  async unset(mac: Mac, by: string): Promise<boolean> {
    const { store, announce } = this.#options
    if (!store.get(redirects, mac)) return false
    await store.commit([remove(redirects, mac)], { durable: true })
    announce('redirect.set', { count: -1, url: '', mac, by })
    return true
  }
}

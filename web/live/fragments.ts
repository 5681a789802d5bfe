// SPDX-License-Identifier: Apache-2.0
import { type Mac, parseMac } from '#protocols/lib/mac'

/**
 * A piece of a page that keeps itself up to date: HTML whose elements have ids. A page shows it at first and
 * `/events` sends it again when it has changed; both come from here, so they are always alike.
 */
export type Fragment =
  /** About the whole fleet or the daemon. */
  | { readonly scope: 'fleet'; render(): string }
  /** About one phone; empty when the phone is gone. */
  | { readonly scope: 'phone'; render(mac: Mac): string }
  /** About one thing that has an id of its own, such as a task; empty when it is gone. */
  | { readonly scope: 'item'; render(id: string): string }

/** By the name that `/events?show=` uses. */
export type Fragments = Readonly<Record<string, Fragment>>

/** What one open page wants to be told of, as the keys of its fragments: `summary`, `device-row:00908f123456`, `task:…`. */
export type Wanted = readonly string[]

const MOST_NAMES = 8
/** Two pages of the device list. */
const MOST_PHONES = 100
/** Shorter or longer than a MAC address, so that no key is taken for that of a phone. */
const ITEM = /^[\w-]{16,40}$/

/** The address of a page's event stream. */
export function eventsUrl(names: readonly string[], macs: readonly Mac[] = []): string {
  return `/events?show=${names.join(',')}${macs.length > 0 ? `&of=${macs.join(',')}` : ''}`
}

/**
 * Reads `show`, `of` and `item` of an event stream's address; undefined if it asks for what there is not, or for too
 * much.
 */
export function parseWanted(fragments: Fragments, show: string, of: string, item = ''): Wanted | undefined {
  const names = [...new Set(show.split(','))]
  const macs = of === '' ? [] : [...new Set(of.split(',', MOST_PHONES + 1))].map((text) => parseMac(text))
  if (names.length > MOST_NAMES || macs.length > MOST_PHONES) return undefined
  const keys: string[] = []
  for (const name of names) {
    if (!Object.hasOwn(fragments, name)) return undefined
    const scope = fragments[name]?.scope
    if (scope === 'fleet') keys.push(name)
    else if (scope === 'item') {
      if (!ITEM.test(item)) return undefined
      keys.push(itemKey(name, item))
    } else for (const mac of macs) if (mac) keys.push(phoneKey(name, mac))
  }
  return keys.length === 0 || macs.includes(undefined) ? undefined : keys
}

export function phoneKey(name: string, mac: Mac): string {
  return `${name}:${mac}`
}

export function itemKey(name: string, id: string): string {
  return `${name}:${id}`
}

/** The phone that a key is about; undefined for one about the fleet. */
export function phoneOf(key: string): Mac | undefined {
  return parseMac(key.slice(key.indexOf(':') + 1))
}

export function renderKey(fragments: Fragments, key: string): string {
  const fragment = fragments[key.split(':', 1)[0] ?? '']
  if (fragment?.scope === 'fleet') return fragment.render()
  if (fragment?.scope === 'item') return fragment.render(key.slice(key.indexOf(':') + 1))
  const mac = phoneOf(key)
  return fragment && mac ? fragment.render(mac) : ''
}

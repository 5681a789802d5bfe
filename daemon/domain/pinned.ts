// SPDX-License-Identifier: Apache-2.0
import { type Mac, parseMac } from '#protocols/lib/mac'

/** A phone's own file as somebody uploaded it: it is given instead of what would be made for the phone. */
export interface PinnedFile {
  readonly mac: Mac
  /** `cfx` is encrypted by the phone's maker; nobody here can read it. */
  readonly ending: 'cfg' | 'cfx'
  /** In bytes. */
  readonly size: number
  /** SHA-256 in hex of the bytes that the phone gets. */
  readonly hash: string
  readonly at: number
  readonly by: string
}

export const LARGEST_PINNED = 256 * 1024

/** `00908f123456.cfg`, the MAC in any of its spellings; undefined for every other name. */
export function pinnedName(name: string): Pick<PinnedFile, 'mac' | 'ending'> | undefined {
  const [, stem = '', ending = ''] = /^([0-9A-Fa-f.:-]{12,17})\.(cfg|cfx)$/i.exec(name.trim()) ?? []
  const mac = parseMac(stem)
  return mac && { mac, ending: ending.toLowerCase() === 'cfx' ? 'cfx' : 'cfg' }
}

export function pinnedKey({ mac, ending }: Pick<PinnedFile, 'mac' | 'ending'>): string {
  return `${mac}.${ending}`
}

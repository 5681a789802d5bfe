// SPDX-License-Identifier: Apache-2.0

/** An Ethernet hardware address as 12 lower-case hex digits without separators, e.g. `00908f123456`. */
export type Mac = string & { readonly __brand: 'Mac' }

const SPELLING = /^(?:[0-9a-f]{12}|[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})$/i

/** Takes `00908f123456`, `00:90:8F:…`, `00-90-…` and `0090.8f12.3456` in any case; anything else is undefined. */
export function parseMac(text: string): Mac | undefined {
  return SPELLING.test(text) ? (text.replaceAll(/[^0-9a-f]/gi, '').toLowerCase() as Mac) : undefined
}

/** The MAC in the first six bytes of a DHCP `chaddr` field. */
export function macFromBytes(bytes: Uint8Array): Mac {
  let text = ''
  for (let i = 0; i < 6; i++) text += (bytes[i] ?? 0).toString(16).padStart(2, '0')
  return text as Mac
}

export function macToBytes(mac: Mac): Uint8Array {
  const bytes = new Uint8Array(6)
  for (let i = 0; i < 6; i++) bytes[i] = Number.parseInt(mac.slice(i * 2, i * 2 + 2), 16)
  return bytes
}

/** For people: `00:90:8f:12:34:56`. */
export function formatMac(mac: Mac): string {
  return mac.replaceAll(/(..)(?=.)/g, '$1:')
}

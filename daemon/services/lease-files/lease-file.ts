// SPDX-License-Identifier: Apache-2.0
import type { Lease } from '#daemon/domain/lease'
import { type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'

/** A lease that a file tells of, and the line it begins in. */
export interface FoundLease {
  readonly line: number
  readonly lease: Lease
}

/** A part of a file that is no lease we could keep, in a sentence. */
export interface Rejection {
  readonly line: number
  readonly reason: string
}

/** What a file holds: the last word on each address, in the order of the addresses' first mention. */
export interface LeaseFile {
  readonly found: readonly FoundLease[]
  /** The first MOST_REJECTIONS of them. */
  readonly rejections: readonly Rejection[]
  readonly rejected: number
}

/** A file larger than this is not read: a million leases take half of it. */
export const LARGEST_FILE = 512 * 1024 * 1024
export const MOST_LEASES = 4_000_000
export const MOST_REJECTIONS = 1_000
const LONGEST_TEXT = 255

/** A lease without an end. Lease files count unsigned 32-bit seconds: this is the last of them, in 2106. */
export const NEVER = 0xffff_ffff * 1000

/** Of an address that is quarantined, and of no client. */
export const NO_MAC = '000000000000' as Mac

/** Gathers what a reader finds; a later lease of an address replaces an earlier one. */
export class LeaseCollector {
  readonly #found = new Map<Ipv4, FoundLease>()
  readonly #rejections: Rejection[] = []
  #rejected = 0

  keep(line: number, lease: Lease): void {
    if (this.#found.size < MOST_LEASES || this.#found.has(lease.address))
      this.#found.set(lease.address, { line, lease })
    else this.reject(line, `more than ${MOST_LEASES} leases`)
  }

  /** The file says later that nobody holds the address. */
  forget(address: Ipv4): void {
    this.#found.delete(address)
  }

  reject(line: number, reason: string): void {
    this.#rejected++
    if (this.#rejections.length < MOST_REJECTIONS) this.#rejections.push({ line, reason })
  }

  done(): LeaseFile {
    return { found: [...this.#found.values()], rejections: this.#rejections, rejected: this.#rejected }
  }
}

/** Why one lease cannot be read; a reader makes a Rejection of it. */
export class Unusable extends Error {
  override readonly name = 'Unusable'
}

export function addressOf(text: string): Ipv4 {
  const address = parseIpv4(text)
  if (!address) throw new Unusable(`${quoted(text)} is not an IPv4 address`)
  return address
}

/** Whole seconds since the epoch as milliseconds; what is beyond the last of them never ends. */
export function timeOf(seconds: number, what: string): number {
  if (!Number.isInteger(seconds) || seconds < 0) throw new Unusable(`${what} is not a time`)
  return Math.min(seconds * 1000, NEVER)
}

/** The client's key as the DHCP server makes it [RFC 2131 §4.2]: its identifier in hex, else its hardware address. */
export function clientKeyOf(identifier: string, mac: Mac): string {
  const hex = identifier.toLowerCase()
  if (hex === '') return mac
  if (!/^(?:[0-9a-f]{2}){1,255}$/.test(hex)) throw new Unusable('the client identifier is not 1 to 255 bytes')
  return hex
}

/** The identifier that made this key, in hex; empty when the hardware address did. */
export function identifierOf({ clientKey, mac }: Lease): string {
  return clientKey === mac ? '' : clientKey
}

/** Names are for people: what no terminal should see goes, and so does what is too long. */
export function nameOf(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '').slice(0, LONGEST_TEXT)
}

/** A piece of a file for an error message: short, and harmless on a terminal. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text).replaceAll(/[\u007f-\u009f]/g, '?')
}

/** The lines of a text with their numbers from 1, without making a copy of them all. */
export function* linesOf(text: string): Generator<{ readonly line: number; readonly text: string }> {
  let line = 0
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    line++
    yield { line, text: text.slice(start, end).replace(/\r$/, '') }
    start = end + 1
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Lease } from '#daemon/domain/lease'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { bytesOf, type Token, tokensOf } from './isc-tokens.ts'
import {
  addressOf,
  clientKeyOf,
  LeaseCollector,
  type LeaseFile,
  NEVER,
  NO_MAC,
  nameOf,
  quoted,
  timeOf,
  Unusable,
} from './lease-file.ts'

/*
 * The journal of ISC dhcpd, `dhcpd.leases`: blocks of statements, of which the last one for an address counts. Times
 * are UTC (`4 2026/01/01 10:00:00`, the first number being the weekday), `epoch` and seconds, or `never`. What is not a
 * lease (failover states, hosts, the server's identifier) is passed over.
 */

/** Of an address that a client had and has no more, `free` and `backup` still tell which client it was. */
const STATES: Readonly<Record<string, Lease['state']>> = {
  active: 'leased',
  expired: 'leased',
  free: 'released',
  backup: 'released',
  released: 'released',
  reset: 'released',
  abandoned: 'declined',
}
/** Statements have a handful of tokens; the middle of a longer one does not interest us. */
const MOST_TOKENS = 16

interface Block {
  readonly line: number
  readonly address: string
  state: string | undefined
  mac: Mac | undefined
  identifier: string
  hostname: string
  starts: number | undefined
  ends: number | undefined
  touched: number | undefined
  /** What is wrong with it. */
  fault: string | undefined
}

export function readIsc(text: string): LeaseFile {
  const collector = new LeaseCollector()
  const reader = new IscReader(collector)
  for (const token of tokensOf(text)) reader.take(token)
  reader.end()
  if (text.trim() === '') collector.reject(1, 'the file is empty')
  return collector.done()
}

/** Takes one token at a time; keeps one statement and one block, however deep the file nests. */
class IscReader {
  readonly #collector: LeaseCollector
  #statement: Token[] = []
  #block: Block | undefined
  /** Braces open inside the block, or outside of any lease. */
  #depth = 0
  #broken = false

  constructor(collector: LeaseCollector) {
    this.#collector = collector
  }

  take(token: Token): void {
    if (token.kind === 'broken') {
      this.#blame(token.line, token.value)
      this.#broken = true
    } else if (token.kind === 'mark' && token.value === ';') {
      if (this.#depth === 0) this.#endStatement()
      this.#statement = []
      this.#broken = false
    } else if (token.kind === 'mark' && token.value === '{') this.#open()
    else if (token.kind === 'mark' && token.value === '}') this.#close(token)
    else {
      // The last two tokens stay, for they may begin a lease after one that was cut off.
      if (this.#statement.length === MOST_TOKENS) this.#statement.splice(MOST_TOKENS - 2, 1)
      this.#statement.push(token)
    }
  }

  end(): void {
    this.#finish('the file ends within this lease')
    const [first] = this.#statement
    if (first && !this.#block) this.#collector.reject(first.line, 'the file ends within a statement')
  }

  /** A lease cannot stand within another: the one before was cut off (a crash, or a full disk). */
  #open(): void {
    const at = this.#statement.findLastIndex(({ kind, value }) => kind === 'word' && value === 'lease')
    const [head, address] = this.#statement.slice(at)
    this.#statement = []
    this.#broken = false
    if (at < 0 || !head || !address) {
      this.#depth++
      return
    }
    this.#finish('another lease begins before this one has ended')
    this.#depth = 0
    this.#block = {
      ...{ line: head.line, address: address.value, identifier: '', hostname: '' },
      ...{ state: undefined, mac: undefined, starts: undefined, ends: undefined, touched: undefined, fault: undefined },
    }
  }

  #close(token: Token): void {
    if (this.#statement.length > 0) this.#blame(token.line, 'a statement without its semicolon')
    this.#statement = []
    this.#broken = false
    if (this.#depth > 0) this.#depth--
    else if (this.#block) this.#finish(undefined)
    else this.#collector.reject(token.line, 'a brace closes that nothing opened')
  }

  #endStatement(): void {
    const [name, ...values] = this.#statement
    if (!this.#block || !name || this.#broken) return
    try {
      readStatement(this.#block, name.value, values)
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      this.#blame(name.line, error.message)
    }
  }

  #blame(line: number, reason: string): void {
    if (!this.#block) this.#collector.reject(line, reason)
    else this.#block.fault ??= reason
  }

  #finish(fault: string | undefined): void {
    const block = this.#block
    this.#block = undefined
    if (!block) return
    try {
      if (block.fault ?? fault) throw new Unusable(block.fault ?? fault)
      const address = addressOf(block.address)
      const lease = leaseOf(block, address)
      if (lease) this.#collector.keep(block.line, lease)
      else this.#collector.forget(address)
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      this.#collector.reject(block.line, error.message)
    }
  }
}

function readStatement(block: Block, name: string, values: readonly Token[]): void {
  const [first, second] = values
  if (name === 'starts') block.starts = dateOf(values)
  else if (name === 'ends') block.ends = dateOf(values)
  else if (name === 'cltt') block.touched = dateOf(values)
  else if (name === 'abandoned') block.state = 'abandoned'
  else if (name === 'binding' && first?.value === 'state') block.state = second?.value
  else if (name === 'uid' && first) block.identifier = bytesOf(first)
  else if (name === 'client-hostname' && first) block.hostname = Buffer.from(first.value, 'latin1').toString('utf8')
  else if (name === 'hardware') {
    block.mac = first?.value === 'ethernet' ? parseMac(padded(second?.value ?? '')) : undefined
    if (!block.mac) throw new Unusable(`${quoted(second?.value ?? '')} is not an Ethernet hardware address`)
  }
}

/** Undefined for an address that no client is known of. Files of dhcpd 2 name no state: a lease then is active. */
function leaseOf(block: Block, address: Ipv4): Lease | undefined {
  const state = STATES[block.state ?? 'active']
  if (!state) throw new Unusable(`${quoted(block.state ?? '')} is not a binding state`)
  if (!block.mac && state === 'released') return undefined
  const mac = block.mac ?? (state === 'declined' ? NO_MAC : undefined)
  if (!mac) throw new Unusable('the lease names no hardware address')
  if (block.ends === undefined) throw new Unusable('the lease does not say when it ends')
  return {
    address,
    state,
    clientKey: clientKeyOf(state === 'declined' ? '' : block.identifier, mac),
    mac,
    hostname: nameOf(block.hostname),
    expiresAt: block.ends,
    updatedAt: Math.min(block.touched ?? block.starts ?? block.ends, block.ends),
  }
}

function dateOf(values: readonly Token[]): number {
  const [first, day, time] = values.map(({ value }) => value)
  if (first === 'never') return NEVER
  if (first === 'epoch' && /^\d{1,12}$/.test(day ?? '')) return timeOf(Number(day), 'epoch')
  const date = /^(\d{4})\/(\d\d?)\/(\d\d?)$/.exec(day ?? '')
  const clock = /^(\d\d?):(\d\d?):(\d\d?)$/.exec(time ?? '')
  if (!date || !clock || values.length > 3)
    throw new Unusable(`${quoted(values.map(({ value }) => value).join(' '))} is not a time in UTC`)
  const [, year = 0, month = 0, dayOfMonth = 0] = date.map(Number)
  const [, hours = 0, minutes = 0, seconds = 0] = clock.map(Number)
  const at = Date.UTC(year, month - 1, dayOfMonth, hours, minutes, seconds)
  const isReal = new Date(at).getUTCDate() === dayOfMonth && month <= 12 && hours < 24 && minutes < 60 && seconds <= 60
  if (!isReal) throw new Unusable(`${day} ${time} is not a date`)
  return timeOf(at / 1000, 'the date')
}

/** dhcpd writes bytes below 16 with one digit in some versions. */
function padded(mac: string): string {
  return mac
    .split(':')
    .map((byte) => byte.padStart(2, '0'))
    .join(':')
}

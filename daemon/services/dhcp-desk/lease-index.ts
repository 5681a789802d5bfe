// SPDX-License-Identifier: Apache-2.0
import type { Lease } from '#daemon/domain/lease'
import type { Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '#protocols/lib/ipv4'
import type { LeasePage, LeaseQueryView, LeaseRow, LeaseState } from '#web/ports/dhcp'

export interface LeaseIndexOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly subnetOf: (address: Lease['address']) => { readonly name: string; readonly inUse: boolean } | undefined
}

/** Finds leases for people. The addresses' order is kept from one page to the next: sorting 100,000 takes too long. */
export class LeaseIndex {
  readonly #options: LeaseIndexOptions
  #sorted: readonly Ipv4[] | undefined

  constructor(options: LeaseIndexOptions) {
    this.#options = options
  }

  get(address: Lease['address']): LeaseRow | undefined {
    const lease = this.#options.store.get(leases, address)?.value
    return lease && this.#row(lease)
  }

  /** In order of addresses. */
  *all(): Generator<Lease, undefined> {
    for (const address of this.#order()) {
      const lease = this.#options.store.get(leases, address)?.value
      if (lease) yield lease
      else this.#sorted = undefined // one has gone, and perhaps another one has come
    }
    return undefined
  }

  find(query: LeaseQueryView): LeasePage {
    const { order, descending, pageSize } = query
    const found: Lease[] = []
    for (const lease of this.all()) if (this.#suits(lease, query)) found.push(lease)
    if (order === 'ends') found.sort((a, b) => a.expiresAt - b.expiresAt)
    if (descending) found.reverse()
    const pageCount = Math.max(1, Math.ceil(found.length / pageSize))
    const page = Math.min(query.page, pageCount)
    const rows = found.slice((page - 1) * pageSize, page * pageSize).map((lease) => this.#row(lease))
    return { rows, page, pageCount, total: found.length }
  }

  #suits(lease: Lease, { text, state, subnet }: LeaseQueryView): boolean {
    if (state !== undefined && stateOf(lease, this.#options.now()) !== state) return false
    if (subnet !== undefined && this.#options.subnetOf(lease.address)?.name !== subnet) return false
    if (text === '') return true
    const wanted = text.toLowerCase()
    if (lease.address.includes(wanted) || lease.hostname.toLowerCase().includes(wanted)) return true
    const digits = wanted.replaceAll(/[:.-]/g, '')
    return /^[0-9a-f]+$/.test(digits) && (lease.mac.includes(digits) || lease.clientKey.includes(digits))
  }

  #row(lease: Lease): LeaseRow {
    const place = this.#options.subnetOf(lease.address)
    const state = stateOf(lease, this.#options.now())
    return { lease, state, subnet: place?.name, inUse: place?.inUse === true }
  }

  /** Records come and seldom go: while their number stays, so does the order. */
  #order(): readonly Ipv4[] {
    const { store } = this.#options
    if (this.#sorted && store.count(leases) === this.#sorted.length) return this.#sorted
    const numbers = Uint32Array.from(store.entries(leases), ({ value }) => ipv4ToNumber(value.address)).sort()
    const sorted = Array.from(numbers, ipv4FromNumber)
    this.#sorted = sorted
    return sorted
  }
}

function stateOf({ state, expiresAt }: Lease, now: number): LeaseState {
  if (state === 'released') return 'released'
  if (expiresAt <= now) return 'expired'
  return state === 'declined' ? 'quarantined' : 'leased'
}

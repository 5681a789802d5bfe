// SPDX-License-Identifier: Apache-2.0
import { leasablePool } from '#daemon/domain/addresses'
import type { Explanation } from '#daemon/domain/dhcp/explanation'
import type { DeviceSetting, OptionSetting } from '#daemon/domain/dhcp/model'
import type { Lease } from '#daemon/domain/lease'
import type { Announce } from '#daemon/messages'
import type { Addressing } from '#daemon/services/addressing/addressing'
import type { DhcpCounts } from '#daemon/services/dhcp-counts'
import { exportPlan } from '#daemon/services/dhcp-export/plan'
import { exportFor } from '#daemon/services/dhcp-export/targets'
import { explainRehearsal } from '#daemon/services/explain'
import { readLeases, writeLeases } from '#daemon/services/lease-files/formats'
import { importLeases } from '#daemon/services/lease-files/import'
import { Conflict, put, remove, type Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import type { OptionValue } from '#protocols/lib/dhcp-option'
import { type Ipv4, ipv4ToNumber } from '#protocols/lib/ipv4'
import type {
  ClassRow,
  DhcpDesk,
  DhcpMode,
  ExportServer,
  ImportKind,
  LeaseFileKind,
  LeaseImport,
  LeasePage,
  LeaseQueryView,
  LeaseRow,
  MadeUp,
  SubnetRow,
} from '#web/ports/dhcp'
import type { Saved } from '#web/ports/saved'
import { leaseCsv } from './lease-csv.ts'
import { LeaseIndex } from './lease-index.ts'
import { madeUpQuery } from './made-up.ts'

export interface DhcpDeskOptions {
  readonly store: Store
  readonly addressing: Addressing
  readonly counts: DhcpCounts
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly announce: Announce
  /** The bytes of an option, for the exports. */
  readonly encode: (value: OptionValue) => Uint8Array
}

/** DHCP for people: what is configured, who has what, and what they may do about it. */
export class StoreDhcpDesk implements DhcpDesk {
  readonly #options: DhcpDeskOptions
  readonly #index: LeaseIndex

  constructor(options: DhcpDeskOptions) {
    this.#options = options
    const { store, now } = options
    this.#index = new LeaseIndex({ store, now, subnetOf: (address) => this.#placeOf(address) })
  }

  mode(): DhcpMode {
    return this.#options.addressing.mode
  }

  subnets(): readonly SubnetRow[] {
    const { addressing } = this.#options
    const [use, parts] = [addressing.use(), addressing.useByPool()]
    return addressing.plan.subnets.flatMap((subnet) => {
      const of = use.get(subnet.name)
      return of ? [{ subnet, use: of, pools: parts.get(subnet.name) ?? [] }] : []
    })
  }

  subnet(name: string): SubnetRow | undefined {
    return this.subnets().find(({ subnet }) => subnet.name === name)
  }

  globalOptions(): readonly OptionSetting[] {
    return this.#options.addressing.plan.options
  }

  devices(): readonly DeviceSetting[] {
    return this.#options.addressing.plan.devices
  }

  classes(): readonly ClassRow[] {
    const { classes, subnets } = this.#options.addressing.plan
    const counts = this.#options.counts.byClass()
    return classes.map((one) => ({
      class: one,
      messages: counts.reduce((sum, { class: name, count }) => (name === one.name ? sum + count : sum), 0),
      subnets: subnets
        .filter(({ classOptions = [] }) =>
          classOptions.some(({ name, options }) => name === one.name && options.length > 0),
        )
        .map(({ name }) => name),
    }))
  }

  leases(query: LeaseQueryView): LeasePage {
    return this.#index.find(query)
  }

  lease(address: Ipv4): LeaseRow | undefined {
    return this.#index.get(address)
  }

  async release(address: Ipv4, by: string): Promise<Saved<Lease>> {
    const { store, now, announce } = this.#options
    const found = store.get(leases, address)
    if (!found) return { kind: 'conflict' }
    if (found.value.state !== 'leased') {
      return { kind: 'refused', errors: [{ field: '', message: `${address} is not leased.` }] }
    }
    const at = now()
    const value: Lease = { ...found.value, state: 'released', expiresAt: at, updatedAt: at }
    const isDone = await this.#commit(put(leases, address, value, found.revision))
    if (!isDone) return { kind: 'conflict' }
    announce('dhcp.lease.released', { address, mac: value.mac, by })
    return { kind: 'saved', value }
  }

  async forget(address: Ipv4, by: string): Promise<Saved<Lease>> {
    const { store, announce } = this.#options
    const found = store.get(leases, address)
    if (!found || !(await this.#commit(remove(leases, address, found.revision)))) return { kind: 'conflict' }
    announce('dhcp.lease.forgotten', { address, mac: found.value.mac, by })
    return { kind: 'saved', value: found.value }
  }

  leaseFile(kind: LeaseFileKind): Iterable<string> {
    if (kind === 'csv') return leaseCsv(this.#rows())
    return writeLeases(kind, this.#index.all(), this.#options.addressing.plan.subnets)
  }

  async importLeases(kind: ImportKind, text: string, dryRun: boolean, by: string): Promise<LeaseImport> {
    const { store, addressing, announce } = this.#options
    const report = await importLeases(readLeases(kind, text), store, addressing.plan.subnets, { dryRun })
    const { imported, kept, rejected } = report
    if (!dryRun) announce('dhcp.leases.imported', { imported, kept, rejected, by })
    return report
  }

  exportFor(server: ExportServer): string | undefined {
    const { addressing, encode } = this.#options
    return addressing.plan.subnets.length === 0 ? undefined : exportFor(server, exportPlan(addressing.plan, encode))
  }

  rehearse(message: MadeUp): Saved<Explanation> {
    const made = madeUpQuery(message)
    if (made.kind !== 'saved') return made
    return { kind: 'saved', value: explainRehearsal(made.value, this.#options.addressing.rehearse(made.value)) }
  }

  *#rows(): Generator<LeaseRow, undefined> {
    for (const { address } of this.#index.all()) {
      const row = this.#index.get(address)
      if (row) yield row
    }
    return undefined
  }

  #placeOf(address: Ipv4): { name: string; inUse: boolean } | undefined {
    const { addressing } = this.#options
    const subnet = addressing.subnetAt(address)
    if (!subnet) return undefined
    const isReserved = subnet.reservations?.some((one) => one.address === address) === true
    return { name: subnet.name, inUse: isReserved || leasablePool(subnet, ipv4ToNumber(address)) !== undefined }
  }

  async #commit(change: ReturnType<typeof remove>): Promise<boolean> {
    try {
      await this.#options.store.commit([change], { durable: true })
      return true
    } catch (error) {
      if (error instanceof Conflict) return false
      throw error
    }
  }
}

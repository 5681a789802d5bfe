// SPDX-License-Identifier: Apache-2.0
import { poolName } from '#daemon/domain/dhcp/evaluate'
import type { ClientClass, Condition, DhcpPlan, OptionSetting, PoolPlan, Reservation } from '#daemon/domain/dhcp/model'
import type { Subnet } from '#daemon/domain/subnet'
import type { ExportOption } from './export-option.ts'
import { type Formula, formulaOf, isNever, joined } from './formula.ts'

/** Clients of a subnet that get something of the configuration's own making: a class, a device, a reservation. */
export interface OwnClass {
  /** Letters, digits and hyphens. */
  readonly label: string
  readonly formula: Formula
  readonly options: readonly ExportOption[]
  /** What of the plan this says. */
  readonly says: readonly object[]
}

/** What one reservation gives whoever it knows. */
export interface Host {
  readonly label: string
  readonly subnet: Subnet
  readonly reservation: Reservation
  readonly options: readonly ExportOption[]
}

/** A pool for some clients only. */
export interface Gate {
  readonly label: string
  readonly subnet: Subnet
  readonly pool: PoolPlan
  /** Who may have an address of it. */
  readonly formula: Formula
}

export type ToExport = (option: OptionSetting) => ExportOption

/** Weakest first, as the plan has them: classes, then reservations without an address, then single devices. */
export function ownClasses(plan: DhcpPlan, subnet: Subnet, toExport: ToExport): OwnClass[] {
  const classes = plan.classes.flatMap((one, index) => {
    if (one.readyMade) return []
    const here = (subnet.classOptions ?? []).filter(({ name }) => name === one.name)
    const options = merged([one, ...here].flatMap((part) => part.options))
    return split(plan, subnet, `own-${index + 1}-${slug(one.name)}`, one.when, options, toExport, [one, ...here])
  })
  const reserved = (subnet.reservations ?? []).flatMap((one, index) => {
    const when = conditionOf(one)
    const options = one.address ? one.options.filter(({ code }) => isReserved(plan, code)) : one.options
    return when ? split(plan, subnet, `reserved-${slug(subnet.name)}-${index + 1}`, when, options, toExport, [one]) : []
  })
  const devices = plan.devices.flatMap((one) => {
    const when: Condition = { kind: 'mac', prefix: one.mac }
    return split(plan, subnet, `device-${one.mac}`, when, one.options, toExport, [one])
  })
  return [...classes, ...reserved, ...devices]
}

export function hostsOf(plan: DhcpPlan, toExport: ToExport): Host[] {
  const devices = new Map<string, readonly OptionSetting[]>(plan.devices.map(({ mac, options }) => [mac, options]))
  const all = plan.subnets.flatMap((subnet) =>
    (subnet.reservations ?? []).map((reservation) => ({ subnet, reservation })),
  )
  return all
    .filter(({ reservation }) => reservation.address !== undefined || reservation.by.kind === 'clientId')
    .map(({ subnet, reservation }, index) => {
      const { by } = reservation
      const device = by.kind === 'mac' ? (devices.get(by.mac) ?? []) : []
      const options = merged([...reservation.options, ...device]).filter(({ code }) => !isReserved(plan, code))
      return { label: `host-${index + 1}`, subnet, reservation, options: options.map(toExport) }
    })
}

export function gatesOf(plan: DhcpPlan): Gate[] {
  const pools = plan.subnets.flatMap((subnet) => subnet.pools.map((pool) => ({ subnet, pool })))
  return pools
    .filter(({ pool }) => pool.classes !== undefined)
    .map(({ subnet, pool }, index) => {
      const named = plan.classes.filter(({ name }) => pool.classes?.includes(name))
      const formula = joined(
        'any',
        named.map(({ when }) => formulaOf(when, subnet.name)),
      )
      return { label: `pool-${index + 1}`, subnet, pool, formula }
    })
}

/** The runs of addresses of a pool, without what it excludes. */
export function rangesOf({ first, last, exclude = [] }: PoolPlan): { first: number; last: number }[] {
  const ranges: { first: number; last: number }[] = []
  let from = first
  for (const out of [...exclude].sort((a, b) => a.first - b.first)) {
    if (out.first > from) ranges.push({ first: from, last: Math.min(out.first - 1, last) })
    from = Math.max(from, out.last + 1)
  }
  if (from <= last) ranges.push({ first: from, last })
  return ranges
}

export function rangeTexts(pool: PoolPlan, between: string): string[] {
  return rangesOf(pool).map((range) => poolName(range).replace('-', between))
}

/** Options that only some classes may have, e.g. 160, stand in a class of their own with that condition added. */
function split(
  plan: DhcpPlan,
  subnet: Subnet,
  label: string,
  when: Condition,
  options: readonly OptionSetting[],
  toExport: ToExport,
  says: readonly object[],
): OwnClass[] {
  const formula = formulaOf(when, subnet.name)
  const free = options.filter(({ code }) => !isReserved(plan, code))
  const reserved = options.filter(({ code }) => isReserved(plan, code))
  const parts: OwnClass[] = [{ label, formula, options: free.map(toExport), says }]
  for (const option of reserved) {
    const owners = plan.classes.filter((one) => ownsCode(one, option.code))
    const owner = joined(
      'any',
      owners.map((one) => formulaOf(one.when, subnet.name)),
    )
    const both = joined('all', [formula, owner])
    parts.push({ label: `${label}-${option.code}`, formula: both, options: [toExport(option)], says })
  }
  return parts.filter((one) => one.options.length > 0 && !isNever(one.formula))
}

export function isReserved({ classes }: DhcpPlan, code: number): boolean {
  return classes.some((one) => ownsCode(one, code))
}

function ownsCode({ reserves }: ClientClass, code: number): boolean {
  return reserves?.includes(code) === true
}

function conditionOf({ by }: Reservation): Condition | undefined {
  if (by.kind === 'mac') return { kind: 'mac', prefix: by.mac }
  return by.kind === 'circuitId' ? { kind: 'circuitId', hex: by.hex } : undefined
}

/** Of two values of one option the later one. */
function merged(options: readonly OptionSetting[]): OptionSetting[] {
  return [...new Map(options.map((one) => [one.code, one])).values()]
}

function slug(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 30)
}

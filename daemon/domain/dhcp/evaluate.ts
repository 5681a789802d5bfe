// SPDX-License-Identifier: Apache-2.0
import type { OptionValue } from '#protocols/lib/dhcp-option'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, netmask } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { type ClassVerdict, type ClientFacts, classify, type KnownPhone } from './classify.ts'
import type { Condition, DhcpPlan, OptionSetting, PoolPlan, Reservation, Subnet } from './model.ts'

/** One option that the client gets, and which layer it came from. */
export interface ResolvedOption {
  readonly code: number
  readonly value: OptionValue
  /** `global`, `subnet voice`, `pool 10.1.1.10-…`, `class phone`, `reservation …`, `device …`. */
  readonly source: string
  readonly always?: boolean
}

/** What a client gets in its place and why: the answer is made from this record, and `explain` shows it. */
export interface Evaluation {
  readonly subnet: string
  /** The model of a known phone, empty if it is unknown; undefined for other clients. */
  readonly model: string | undefined
  readonly classes: readonly ClassVerdict[]
  readonly reservation: string | undefined
  /** Where the address lies; undefined outside pools and without an address. */
  readonly pool: string | undefined
  /** What the client gets if it asks for it, or always. */
  readonly options: readonly ResolvedOption[]
  /** Values that a stronger layer replaced. */
  readonly overridden: readonly { readonly code: number; readonly source: string; readonly by: string }[]
  /** Values that this client may not have, whatever it asks for. */
  readonly withheld: readonly { readonly code: number; readonly reason: string }[]
}

/** Who the client is in its subnet: its classes decide which pools it may use. Shared by clients that look alike. */
export interface Standing {
  readonly subnet: Subnet
  readonly phone: KnownPhone | undefined
  readonly classes: readonly ClassVerdict[]
}

/** A standing and what was worked out for it in each pool. */
interface Known {
  readonly standing: Standing
  readonly evaluations: Map<PoolPlan | undefined, Evaluation>
}

/** Looks of clients to remember; beyond it all are forgotten, so that made-up ones cannot grow the table. */
const MOST_KNOWN = 1_000

/**
 * Evaluates clients against one plan. Clients that look alike to the plan share one record, which makes a fleet of equal
 * phones cheap: the record's `options` are the same object for all of them.
 */
export class Evaluator {
  readonly #plan: DhcpPlan
  readonly #subnetOptions: ReadonlyMap<Subnet, readonly OptionSetting[]>
  readonly #reservations: ReadonlyMap<Subnet, ReadonlyMap<string, Reservation>>
  readonly #devices: ReadonlyMap<Mac, readonly OptionSetting[]>
  /** Which classes may have a reserved option. */
  readonly #owners: ReadonlyMap<number, readonly string[]>
  /** Facts that some condition looks at, of those that differ from client to client. */
  readonly #personal: ReadonlySet<Condition['kind']>
  readonly #known = new Map<string, Known>()

  constructor(plan: DhcpPlan) {
    this.#plan = plan
    this.#subnetOptions = new Map(plan.subnets.map((subnet) => [subnet, subnetOptions(subnet)]))
    this.#reservations = new Map(plan.subnets.map((subnet) => [subnet, byName(subnet.reservations ?? [])]))
    this.#devices = new Map(plan.devices.map(({ mac, options }) => [mac, options]))
    const reserved = new Set(plan.classes.flatMap(({ reserves = [] }) => reserves))
    this.#owners = new Map([...reserved].map((code) => [code, ownersOf(plan, code)]))
    this.#personal = new Set(plan.classes.flatMap(({ when }) => kindsIn(when)))
  }

  /** First half: the classes, which decide on the address. */
  standing(subnet: Subnet, facts: ClientFacts, phone: KnownPhone | undefined): Standing {
    return this.#know(subnet, facts, phone).standing
  }

  /** Second half: every option with its source, the weakest layer first. */
  evaluate(standing: Standing, facts: ClientFacts, address: Ipv4 | undefined): Evaluation {
    const { subnet, phone } = standing
    const pool = address === undefined ? undefined : poolOf(subnet, address)
    const reservation = this.reservationFor(subnet, facts)
    if (reservation || this.#devices.has(facts.mac)) return this.#evaluate(standing, facts, pool, reservation)
    const { evaluations } = this.#know(subnet, facts, phone)
    const known = evaluations.get(pool)
    if (known) return known
    const fresh = this.#evaluate(standing, facts, pool, undefined)
    evaluations.set(pool, fresh)
    return fresh
  }

  #evaluate(
    { subnet, classes, phone }: Standing,
    facts: ClientFacts,
    pool: PoolPlan | undefined,
    reservation: Reservation | undefined,
  ): Evaluation {
    const found = new Layers()
    const unasked = new Set<number>()
    found.add('global', this.#plan.options)
    found.add(`subnet ${subnet.name}`, this.#subnetOptions.get(subnet) ?? [])
    if (pool?.options) found.add(`pool ${poolName(pool)}`, pool.options)
    for (const [index, { name, options, always = [] }] of this.#plan.classes.entries()) {
      if (!classes[index]?.member) continue
      found.add(`class ${name}`, options)
      for (const here of subnet.classOptions ?? []) if (here.name === name) found.add(`class ${name}`, here.options)
      for (const code of always) unasked.add(code)
    }
    if (reservation) found.add(reservationName(reservation), reservation.options)
    found.add(`device ${facts.mac}`, this.#devices.get(facts.mac) ?? [])
    const withheld = this.#withhold(classes, found)
    return {
      subnet: subnet.name,
      model: phone?.model,
      classes,
      reservation: reservation && reservationName(reservation),
      pool: pool && poolName(pool),
      options: found.options((option) => {
        const filled = withModel(option, phone)
        return unasked.has(option.code) ? { ...filled, always: true } : filled
      }),
      overridden: found.overridden,
      withheld,
    }
  }

  #know(subnet: Subnet, facts: ClientFacts, phone: KnownPhone | undefined): Known {
    const key = this.#lookOf(subnet, facts, phone)
    const known = this.#known.get(key)
    if (known) return known
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    const standing = { subnet, phone, classes: classify(this.#plan.classes, subnet, facts, phone) }
    const fresh = { standing, evaluations: new Map() }
    this.#known.set(key, fresh)
    return fresh
  }

  /** Everything that a condition of this plan could see; control characters never are in the texts. */
  #lookOf({ name }: Subnet, facts: ClientFacts, phone: KnownPhone | undefined): string {
    const { vendorClass = '\0', userClass = '\0', circuitId, remoteId, mac } = facts
    let look = `${name}\n${vendorClass}\n${userClass}\n${phone ? phone.model : '\0'}`
    if (this.#personal.has('mac')) look += `\n${mac}`
    else if (this.#personal.has('oui')) look += `\n${mac.slice(0, 6)}`
    if (this.#personal.has('circuitId')) look += `\n${circuitId}`
    if (this.#personal.has('remoteId')) look += `\n${remoteId}`
    return look
  }

  /** By hardware address, else by identifier, else by where the client is plugged in. */
  reservationFor(subnet: Subnet, { mac, clientKey, circuitId }: ClientFacts): Reservation | undefined {
    const known = this.#reservations.get(subnet)
    if (!known || known.size === 0) return undefined
    return known.get(`mac ${mac}`) ?? known.get(`clientId ${clientKey}`) ?? known.get(`circuitId ${circuitId}`)
  }

  /** Cohabitation: what a class reserves, no client outside it gets, whichever layer sets it. */
  #withhold(classes: readonly ClassVerdict[], found: Layers): Evaluation['withheld'] {
    const withheld: { code: number; reason: string }[] = []
    for (const [code, owners] of this.#owners) {
      if (classes.some(({ name, member }) => member && owners.includes(name))) continue
      found.remove(code)
      withheld.push({ code, reason: `only clients of class ${owners.join(' or ')} may have it` })
    }
    return withheld
  }
}

/** Whether this client may have an address of the pool. */
export function mayUse({ classes }: Standing, { classes: names }: PoolPlan): boolean {
  return names === undefined || classes.some(({ name, member }) => member && names.includes(name))
}

/** Whether an option of the record goes out: asked for, always sent, or the client sent no list. */
export function isSent({ code, always }: ResolvedOption, wanted: readonly number[]): boolean {
  return always === true || wanted.length === 0 || wanted.includes(code)
}

/** What everybody in a subnet may ask for: its own fields, then its further options. */
export function subnetOptions(subnet: Subnet): OptionSetting[] {
  const options: OptionSetting[] = [{ code: 1, value: { type: 'ipv4', value: [netmask(subnet.cidr)] } }]
  const addresses = (code: number, value: readonly Ipv4[]) => {
    if (value.length > 0) options.push({ code, value: { type: 'ipv4', value } })
  }
  addresses(3, subnet.routers)
  addresses(6, subnet.dnsServers)
  if (subnet.domainName !== '') options.push({ code: 15, value: { type: 'text', value: subnet.domainName } })
  addresses(42, subnet.ntpServers)
  return subnet.options ? [...options, ...subnet.options] : options
}

export function poolOf({ pools }: Subnet, address: Ipv4): PoolPlan | undefined {
  const number = ipv4ToNumber(address)
  return pools.find(({ first, last }) => number >= first && number <= last)
}

export function poolName({ first, last }: PoolPlan): string {
  return `${ipv4FromNumber(first)}-${ipv4FromNumber(last)}`
}

export function reservationName(reservation: Reservation): string {
  return `reservation ${keyOf(reservation)}`
}

function keyOf({ by }: Reservation): string {
  return `${by.kind} ${by.kind === 'mac' ? by.mac : by.hex}`
}

function byName(reservations: readonly Reservation[]): Map<string, Reservation> {
  return new Map(reservations.map((one) => [keyOf(one), one]))
}

function kindsIn(condition: Condition): Condition['kind'][] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.flatMap(kindsIn)
    case 'not':
      return kindsIn(condition.of)
    default:
      return [condition.kind]
  }
}

function ownersOf({ classes }: DhcpPlan, code: number): string[] {
  return classes.filter(({ reserves }) => reserves?.includes(code)).map(({ name }) => name)
}

function withModel(option: ResolvedOption, phone: KnownPhone | undefined): ResolvedOption {
  const { code, value } = option
  if (code !== 67 || !phone?.model || value.type !== 'text' || !value.value.includes('<MODEL>')) return option
  return { ...option, value: { type: 'text', value: value.value.replaceAll('<MODEL>', phone.model) } }
}

/** Options by code as they stack up: a stronger layer replaces, and the place in the order stays. */
class Layers {
  readonly #found = new Map<number, ResolvedOption>()
  readonly overridden: { code: number; source: string; by: string }[] = []

  add(source: string, options: readonly OptionSetting[]): void {
    for (const option of options) {
      const before = this.#found.get(option.code)
      if (before && before.source !== source) {
        this.overridden.push({ code: option.code, source: before.source, by: source })
      }
      this.#found.set(option.code, { ...option, source })
    }
  }

  remove(code: number): void {
    this.#found.delete(code)
  }

  options(finish: (option: ResolvedOption) => ResolvedOption): ResolvedOption[] {
    return [...this.#found.values()].map(finish)
  }
}

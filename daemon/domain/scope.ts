// SPDX-License-Identifier: Apache-2.0
import { type Cidr, type Ipv4, ipv4FromNumber, ipv4ToNumber, parseCidr } from '#protocols/lib/ipv4'
import { foldName } from './text.ts'

/**
 * What a scope can be, the widest first. A scope lies in one of its own kind or of a wider one, so a path through the
 * tree always runs from the system to the nearest place.
 */
export const SCOPE_KINDS = ['system', 'distributor', 'reseller', 'customer group', 'tenant', 'region', 'site'] as const
export type ScopeKind = (typeof SCOPE_KINDS)[number]

/**
 * Whose value wins, everywhere: the nearer to the device. Scopes between the system and the user take part in the
 * order of their path.
 */
export const PRECEDENCE = ['built-in', 'system', 'model template', 'region', 'site', 'user', 'device'] as const
export type Level = (typeof PRECEDENCE)[number]

/** A region, a site, or another part of the company that settings, people and phones belong to. */
export interface Scope {
  /** Short, given once, never used again. */
  readonly id: string
  readonly kind: ScopeKind
  /** Unique among its siblings without regard to case; holds no slash. */
  readonly name: string
  /** The id of the scope that it lies in. */
  readonly parent: string
  /** IANA name; empty: as the scope that it lies in. */
  readonly timeZone: string
  /** CIDRs such as `10.1.4.0/24`, without host bits; phones with an address of one are taken to be here. */
  readonly subnets: readonly string[]
  readonly description: string
  /** Grows with each change: an edit names the one that it was made upon. */
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** The whole tree as the store keeps it, without the system. */
export interface ScopeRecord {
  readonly scopes: readonly Scope[]
}

/** The root is always there, and holds what belongs nowhere else. */
export const SYSTEM: Scope = {
  id: 'system',
  kind: 'system',
  name: 'System',
  parent: '',
  timeZone: '',
  subnets: [],
  description: '',
  version: 0,
  createdAt: 0,
}

/** The level at which a scope's values stand in the precedence. */
export function levelOf(kind: ScopeKind): Level {
  return kind === 'system' || kind === 'site' ? kind : 'region'
}

export function mayLieIn(kind: ScopeKind, parent: ScopeKind): boolean {
  return kind !== 'system' && SCOPE_KINDS.indexOf(parent) <= SCOPE_KINDS.indexOf(kind)
}

export type Found =
  | { readonly kind: 'found'; readonly scope: Scope }
  | { readonly kind: 'none' }
  /** More than one scope has this name: their paths. */
  | { readonly kind: 'ambiguous'; readonly paths: readonly string[] }

interface Network extends Cidr {
  readonly scope: Scope
}

/** Scopes as one tree below the system. It never changes: an edit makes another one. */
export class ScopeTree {
  readonly #byId = new Map<string, Scope>([[SYSTEM.id, SYSTEM]])
  readonly #children = new Map<string, Scope[]>()
  /** By folded name. */
  readonly #named = new Map<string, Scope[]>()
  /** By first address; they do not overlap. */
  readonly #networks: Network[] = []

  constructor(scopes: Iterable<Scope>) {
    for (const scope of scopes) this.#byId.set(scope.id, scope)
    for (const scope of this.#byId.values()) {
      if (scope.id === SYSTEM.id) continue
      addTo(this.#children, scope.parent, scope)
      addTo(this.#named, foldName(scope.name), scope)
      for (const cidr of scope.subnets.map(parseCidr)) if (cidr) this.#networks.push({ ...cidr, scope })
    }
    for (const siblings of this.#children.values()) siblings.sort((a, b) => byName.compare(a.name, b.name))
    this.#networks.sort((a, b) => a.network - b.network)
  }

  /** Without the system. */
  get size(): number {
    return this.#byId.size - 1
  }

  get(id: string): Scope | undefined {
    return this.#byId.get(id)
  }

  /** By name. */
  children(id: string): readonly Scope[] {
    return this.#children.get(id) ?? []
  }

  /** All that lies in a scope, each before what lies in it; by default in the system. */
  below(id: string = SYSTEM.id): Scope[] {
    return this.children(id).flatMap((scope) => [scope, ...this.below(scope.id)])
  }

  /** From the system to the scope itself, the nearest last. Of an unknown id it is the system alone. */
  path(id: string): Scope[] {
    const path: Scope[] = []
    for (let scope = this.get(id); scope; scope = this.get(scope.parent)) path.unshift(scope)
    return path.length > 0 ? path : [SYSTEM]
  }

  /** What people write: the names below the system, `Germany/Berlin`; empty for the system. */
  pathText(id: string): string {
    return this.path(id)
      .slice(1)
      .map(({ name }) => name)
      .join('/')
  }

  /** Whether `inner` is `outer` or lies in it. */
  contains(outer: string, inner: string): boolean {
    return this.path(inner).some(({ id }) => id === outer)
  }

  /** The nearest time zone that is set on the path; undefined when none is. */
  timeZone(id: string): string | undefined {
    return this.path(id).findLast(({ timeZone }) => timeZone !== '')?.timeZone
  }

  /** By path from the top, or by name alone where only one scope (of that kind) has it; without regard to case. */
  find(text: string, only?: ScopeKind): Found {
    const names = text.split('/').map((name) => foldName(name.trim()))
    if (text.trim() === '') return { kind: 'none' }
    const isMeant = ({ id, kind }: Scope) => id !== SYSTEM.id && (only === undefined || kind === only)
    const atTop = this.#follow(names)
    if (atTop && isMeant(atTop)) return { kind: 'found', scope: atTop }
    const alike = this.#named.get(names.at(-1) ?? '') ?? []
    const tail = alike.filter((scope) => isMeant(scope) && this.#endsWith(scope.id, names))
    const [scope] = tail
    if (!scope) return { kind: 'none' }
    return tail.length === 1
      ? { kind: 'found', scope }
      : { kind: 'ambiguous', paths: tail.map(({ id }) => this.pathText(id)).sort() }
  }

  /** The child of that name, without regard to case. */
  child(parent: string, name: string): Scope | undefined {
    return this.#named.get(foldName(name))?.find((scope) => scope.parent === parent)
  }

  /** Whose subnet an address lies in. */
  ofAddress(address: Ipv4): Scope | undefined {
    const value = ipv4ToNumber(address)
    let [low, high] = [0, this.#networks.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#networks[middle]?.network ?? 0) <= value) low = middle + 1
      else high = middle
    }
    // The last one that begins at or before it; they do not overlap.
    const network = this.#networks[low - 1]
    return network && value <= network.broadcast ? network.scope : undefined
  }

  /** A subnet of another scope than `id` that shares addresses with `cidr`. */
  overlapping(cidr: Cidr, id: string): { readonly scope: Scope; readonly subnet: string } | undefined {
    const other = this.#networks.find(
      ({ scope, network, broadcast }) => scope.id !== id && network <= cidr.broadcast && cidr.network <= broadcast,
    )
    return other && { scope: other.scope, subnet: cidrText(other) }
  }

  /** Any scope of this kind. */
  has(kind: ScopeKind): boolean {
    return [...this.#byId.values()].some((scope) => scope.kind === kind && scope.id !== SYSTEM.id)
  }

  #follow(names: readonly string[]): Scope | undefined {
    let at: Scope | undefined = SYSTEM
    for (const name of names) at = at && this.child(at.id, name)
    return at
  }

  #endsWith(id: string, names: readonly string[]): boolean {
    const path = this.path(id).slice(1)
    return names.every((name, i) => foldName(path.at(i - names.length)?.name ?? '') === name)
  }
}

function addTo(map: Map<string, Scope[]>, key: string, scope: Scope): void {
  const known = map.get(key)
  if (known) known.push(scope)
  else map.set(key, [scope])
}

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** `10.1.0.0/16`. */
export function cidrText({ network, prefix }: Cidr): string {
  return `${ipv4FromNumber(network)}/${prefix}`
}

// SPDX-License-Identifier: Apache-2.0
import { type DirectoryView, type Dn, isWithin, type LdapEntry, type Query } from '#protocols/ldap/port'
import type { Entries, Placed } from './entries.ts'
import { END } from './postings.ts'
import { NO_REGIONS, type Regions } from './regions.ts'
import type { Tree } from './tree.ts'

/** Whose eyes these are. */
export interface Sight {
  /** The name bound, in the string form; empty for anonymous. */
  readonly identity: string
  /** Sees the entries of this region, of what it lies in and of none; all entries when undefined. */
  readonly region?: string
  /** Sees this user's personal contacts, too. */
  readonly owner?: string
}

/** Entries passed over between two breaths. */
const STRIDE = 256

/** The directory as one asker sees it: what is hidden does not exist here. */
export class View implements DirectoryView {
  readonly identity: string
  readonly sight: string
  readonly #tree: Tree
  readonly #entries: Entries
  readonly #sight: Sight
  readonly #regions: Regions
  /** Whether entries of a region are seen, as the regions are now. */
  #seen = new Map<string, boolean>()
  #seenIn: unknown

  constructor(tree: Tree, entries: Entries, sight: Sight, regions: Regions = NO_REGIONS) {
    this.#regions = regions
    this.identity = sight.identity
    this.sight = JSON.stringify([sight.region ?? null, sight.owner ?? null])
    this.#tree = tree
    this.#entries = entries
    this.#sight = sight
  }

  get namingContexts(): readonly string[] {
    return [this.#tree.baseDn]
  }

  get revision(): number {
    return this.#entries.revision
  }

  entry(name: Dn): LdapEntry | undefined {
    const place = this.#tree.locate(name)
    if (place?.entry === undefined) return this.#container(name)
    const placed = this.#entries.get(place.branch, place.entry)
    return placed && this.#sees(placed) ? placed.entry : undefined
  }

  search(query: Query): Iterable<LdapEntry | undefined> | undefined {
    const { base, scope } = query
    const at = this.entry(base)
    // Above our base there is only the root: phones that name no base mean everything.
    if (!at && base.length > 0) return undefined
    if (scope === 'base') return at ? [at] : []
    if (this.#tree.locate(base)?.entry !== undefined) return scope === 'sub' && at ? [at] : []
    return this.#below(query)
  }

  *#below({ base, scope, condition }: Query): Generator<LdapEntry | undefined> {
    // The root is right above our base, however long the base's name is.
    const above = base.length || this.#tree.base.length - 1
    for (const container of this.#tree.containers) {
      const depth = container.name.length - above
      if (!isWithin(container.name, base)) continue
      if (depth === 0 ? scope === 'sub' : scope !== 'one' || depth === 1) yield container
    }
    const branch = this.#tree.locate(base)?.branch
    if (!branch && scope === 'one') return
    const cursor = this.#entries.select(condition)
    let passed = 0
    for (let number = cursor.seek(0); number !== END; number = cursor.seek(number + 1)) {
      const placed = this.#entries.at(number)
      if (placed && (!branch || placed.branch === branch) && this.#sees(placed)) yield placed.entry
      else if (++passed % STRIDE === 0) yield undefined
    }
  }

  #container(name: Dn): LdapEntry | undefined {
    return this.#tree.containers.find(
      (container) => container.name.length === name.length && isWithin(name, container.name),
    )
  }

  #sees({ region, owner }: Placed): boolean {
    const sight = this.#sight
    if (owner !== '' && owner !== sight.owner) return false
    return region === '' || sight.region === undefined || this.#seesRegion(sight.region, region)
  }

  #seesRegion(mine: string, region: string): boolean {
    if (this.#seenIn !== this.#regions.tree) {
      this.#seen = new Map()
      this.#seenIn = this.#regions.tree
    }
    const known = this.#seen.get(region) ?? this.#regions.sees(mine, region)
    this.#seen.set(region, known)
    return known
  }
}

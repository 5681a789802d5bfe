// SPDX-License-Identifier: Apache-2.0
import { type Scope, type ScopeTree, SYSTEM } from '#daemon/domain/scope'
import type { ScopeDraft } from '#daemon/domain/scope-rules'
import { type Cidr, contains, type Ipv4, parseCidr } from '#protocols/lib/ipv4'

/** A subnet of the configuration that names the region of its phones. */
export interface NamedNetwork {
  /** What people call the subnet. */
  readonly name: string
  readonly cidr: Cidr
  /** Name or path of a scope: `Berlin`, `Germany/Berlin`. */
  readonly region: string
}

interface Unresolved {
  readonly subnet: string
  readonly reason: string
}

/** The bridge between the subnets of the configuration and the scope tree. */
export class SubnetScopes {
  readonly #networks: readonly NamedNetwork[]
  /** The smallest networks first. */
  readonly #placed: { readonly name: string; readonly cidr: Cidr; readonly id: string }[] = []

  constructor(networks: readonly NamedNetwork[]) {
    this.#networks = networks
  }

  /** Drafts of the regions that are named and not there, one after the other: each is made before the next is asked for. */
  *missing(tree: () => ScopeTree): Iterable<{ readonly subnet: string; readonly draft: ScopeDraft }> {
    for (const { name: subnet, region } of this.#networks) {
      if (tree().find(region).kind !== 'none') continue
      let parent = SYSTEM.id
      for (const segment of region.split('/').map((part) => part.trim())) {
        if (!tree().child(parent, segment)) yield { subnet, draft: draftOf(segment, parent) }
        const made = tree().child(parent, segment)
        // It was refused, and so is all that should lie in it.
        if (!made) break
        parent = made.id
      }
    }
  }

  /** Ties each network to its scope by id, so that renaming the scope changes nothing; returns those that have none. */
  resolve(tree: ScopeTree): Unresolved[] {
    const unresolved: Unresolved[] = []
    this.#placed.length = 0
    for (const { name, cidr, region } of this.#networks) {
      const found = tree.find(region)
      if (found.kind === 'found') this.#placed.push({ name, cidr, id: found.scope.id })
      else if (found.kind === 'ambiguous') {
        unresolved.push({ subnet: name, reason: `“${region}” can be any of ${found.paths.join(', ')}` })
      }
    }
    this.#placed.sort((a, b) => b.cidr.prefix - a.cidr.prefix)
    return unresolved
  }

  /** The smallest subnet decides; of two alike, the one that an admin gave to a scope. */
  ofAddress(tree: ScopeTree, address: Ipv4): Scope | undefined {
    const own = tree.ofAddress(address)
    const configured = this.#placed.find(({ cidr, id }) => contains(cidr, address) && tree.get(id) !== undefined)
    if (!configured) return own
    const prefix = Math.max(-1, ...(own?.subnets ?? []).map((text) => prefixHolding(text, address)))
    return configured.cidr.prefix > prefix ? tree.get(configured.id) : own
  }

  /** Names of the subnets that are tied to one of these scopes. */
  naming(ids: ReadonlySet<string>): string[] {
    return this.#placed.filter(({ id }) => ids.has(id)).map(({ name }) => name)
  }
}

function prefixHolding(text: string, address: Ipv4): number {
  const cidr = parseCidr(text)
  return cidr && contains(cidr, address) ? cidr.prefix : -1
}

function draftOf(name: string, parent: string): ScopeDraft {
  return { kind: 'region', name, parent, timeZone: '', subnets: [], description: '' }
}

// SPDX-License-Identifier: Apache-2.0
import { ScopeTree, SYSTEM } from '#daemon/domain/scope'
import { checkScope, type ScopeDraft } from '#daemon/domain/scope-rules'
import type { Actor, ScopesPort } from '#web/ports/scopes'

/** A region as a file names it: the id of its scope, or why it has none. */
export type RegionAnswer = { readonly id: string } | { readonly reason: string }

/** The regions that a file names: those that are there, and those that it would make. */
export class FileRegions {
  /** The tree with what was, or would be, made. */
  tree: ScopeTree
  /** Paths of what was, or would be, made. */
  readonly made: string[] = []
  readonly #scopes: ScopesPort
  readonly #create: boolean
  readonly #dryRun: boolean
  readonly #by: Actor
  readonly #known = new Map<string, RegionAnswer>()

  constructor(scopes: ScopesPort, options: { readonly create: boolean; readonly dryRun: boolean; readonly by: Actor }) {
    this.tree = scopes.tree()
    this.#scopes = scopes
    this.#create = options.create
    this.#dryRun = options.dryRun
    this.#by = options.by
  }

  async of(text: string): Promise<RegionAnswer> {
    const known = this.#known.get(text)
    if (known) return known
    const answer = await this.#look(text)
    this.#known.set(text, answer)
    return answer
  }

  async #look(text: string): Promise<RegionAnswer> {
    const shown = `“${text.slice(0, 80)}”`
    const found = this.tree.find(text)
    if (found.kind === 'found') return found.scope
    if (found.kind === 'ambiguous') return { reason: `region ${shown} can be any of ${found.paths.join(', ')}` }
    if (!this.#create) return { reason: `there is no region ${shown}` }
    let parent: { readonly id: string } = SYSTEM
    for (const name of text.split('/').map((part) => part.trim())) {
      const made: RegionAnswer = this.tree.child(parent.id, name) ?? (await this.#make(name, parent.id))
      if ('reason' in made) return { reason: `region ${shown} cannot be made: ${made.reason}` }
      parent = made
    }
    return parent
  }

  async #make(name: string, parent: string): Promise<RegionAnswer> {
    const draft: ScopeDraft = { kind: 'region', name, parent, timeZone: '', subnets: [], description: '' }
    if (!this.#dryRun) {
      const answer = await this.#scopes.add(draft, this.#by)
      this.tree = this.#scopes.tree()
      if (answer.kind === 'refused') return answer.refusal
      if (answer.kind !== 'done') return { reason: 'its place is gone' }
      this.made.push(this.tree.pathText(answer.scope.id))
      return answer.scope
    }
    const facts = checkScope(this.tree, draft, undefined)
    if ('field' in facts) return facts
    const scope = { ...SYSTEM, ...facts, id: `new ${this.made.length}` }
    this.tree = new ScopeTree([...this.tree.below(), scope])
    this.made.push(this.tree.pathText(scope.id))
    return scope
  }
}

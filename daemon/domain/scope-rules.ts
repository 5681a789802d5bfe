// SPDX-License-Identifier: Apache-2.0
import { type Cidr, parseCidr } from '#protocols/lib/ipv4'
import { isTimeZone } from '#protocols/lib/time-zone'
import { cidrText, mayLieIn, type Scope, type ScopeKind, type ScopeTree } from './scope.ts'
import { plainText } from './text.ts'

/** What a person says of a scope; names and descriptions as typed. */
export interface ScopeDraft {
  readonly kind: ScopeKind
  readonly name: string
  /** Id of the scope that it shall lie in. */
  readonly parent: string
  readonly timeZone: string
  readonly subnets: readonly string[]
  readonly description: string
}

/** Why a draft is refused, and which of its fields is to blame. */
export interface ScopeRefusal {
  readonly field: keyof ScopeDraft
  readonly reason: string
}

export const MOST_SCOPES = 5000
const DEEPEST = 16
const MOST_SUBNETS = 100
const LONGEST_NAME = 64
const LONGEST_DESCRIPTION = 500
const NO_NAME = /[\\/]|^\.{1,2}$/

type Facts = Pick<Scope, keyof ScopeDraft>

/**
 * The facts of a scope, made fit to be kept, or the first thing wrong with them in this tree. `id` is that of the scope
 * being changed; undefined for a new one.
 */
export function checkScope(tree: ScopeTree, draft: ScopeDraft, id: string | undefined): Facts | ScopeRefusal {
  const name = plainText(draft.name, { least: 1, most: LONGEST_NAME })
  if ('reason' in name) return refuse('name', `The name ${name.reason}.`)
  if (NO_NAME.test(name.text)) return refuse('name', 'A name holds no slash, and is more than dots.')
  const description = plainText(draft.description, { most: LONGEST_DESCRIPTION })
  if ('reason' in description) return refuse('description', `The description ${description.reason}.`)
  if (draft.timeZone !== '' && !isTimeZone(draft.timeZone)) {
    return refuse('timeZone', 'This is no IANA time zone such as Europe/Berlin.')
  }
  const misplaced = checkPlace(tree, draft, id)
  if (misplaced) return misplaced
  const twin = tree.child(draft.parent, name.text)
  if (twin && twin.id !== id) return refuse('name', `There is a ${twin.kind} ${twin.name} here already.`)
  const subnets = checkSubnets(tree, draft.subnets, id ?? '')
  if ('field' in subnets) return subnets
  const { kind, parent, timeZone } = draft
  return { kind, parent, timeZone, name: name.text, description: description.text, subnets: subnets.map(cidrText) }
}

/** The place in the tree: a parent that may hold it, no cycle, not too deep. */
function checkPlace(tree: ScopeTree, { kind, parent }: ScopeDraft, id: string | undefined): ScopeRefusal | undefined {
  const above = tree.get(parent)
  if (!above) return refuse('parent', 'The scope that it shall lie in is not there any more.')
  if (id !== undefined && tree.contains(id, parent)) {
    return refuse('parent', 'A scope cannot lie in itself, or in one that lies in it.')
  }
  if (!mayLieIn(kind, above.kind)) return refuse('parent', `A ${kind} cannot lie in a ${above.kind}.`)
  const inside = id === undefined ? [] : tree.below(id)
  const wrong = inside.find((scope) => scope.parent === id && !mayLieIn(scope.kind, kind))
  if (wrong) return refuse('kind', `The ${wrong.kind} ${wrong.name} cannot lie in a ${kind}.`)
  const own = tree.path(parent).length
  const deepest = Math.max(0, ...inside.map((scope) => tree.path(scope.id).length - tree.path(id ?? '').length))
  if (own + deepest > DEEPEST) return refuse('parent', `The tree would be deeper than ${DEEPEST} levels.`)
  return undefined
}

function checkSubnets(tree: ScopeTree, texts: readonly string[], id: string): Cidr[] | ScopeRefusal {
  if (texts.length > MOST_SUBNETS) return refuse('subnets', `A scope has at most ${MOST_SUBNETS} subnets.`)
  const found: Cidr[] = []
  for (const text of texts) {
    const cidr = parseCidr(text)
    if (!cidr) return refuse('subnets', `“${text.slice(0, 40)}” is no network such as 10.1.4.0/24.`)
    const same = found.find(({ network, broadcast }) => network <= cidr.broadcast && cidr.network <= broadcast)
    if (same) return refuse('subnets', `${cidrText(cidr)} and ${cidrText(same)} share addresses.`)
    const other = tree.overlapping(cidr, id)
    if (other) {
      const { scope, subnet } = other
      return refuse('subnets', `${cidrText(cidr)} shares addresses with ${subnet} of ${tree.pathText(scope.id)}.`)
    }
    found.push(cidr)
  }
  return found
}

function refuse(field: keyof ScopeDraft, reason: string): ScopeRefusal {
  return { field, reason }
}

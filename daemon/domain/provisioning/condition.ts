// SPDX-License-Identifier: Apache-2.0

/** `Name`, `!Name`, `Name = text` or `Name != text`; in a text, `*` stands for anything. */
interface Test {
  readonly name: string
  readonly negated: boolean
  /** Undefined asks whether the placeholder has a value that is not empty. */
  readonly pattern: RegExp | undefined
}

/** Any of several groups, each of which holds when all its tests do. */
export interface Condition {
  readonly anyOf: readonly (readonly Test[])[]
}

const TEST = /^(!)?\s*([A-Za-z0-9_]{1,64})(?:\s*(!?=)\s*(?:"([^"]*)"|(\S+)))?$/

/** Reads a condition such as `Model = 4* and !SRTP`; undefined if it is none. `and` binds closer than `or`. */
export function parseCondition(text: string): Condition | undefined {
  const anyOf = text.split(/\s+or\s+/i).map((group) => group.split(/\s+and\s+/i).map(parseTest))
  const complete = anyOf.every((group): group is Test[] => group.every((test) => test !== undefined))
  return complete ? { anyOf: anyOf as readonly (readonly Test[])[] } : undefined
}

/** A placeholder that no layer knows is as an empty one. */
export function holds(condition: Condition, lookup: (name: string) => string | undefined): boolean {
  return condition.anyOf.some((group) =>
    group.every(({ name, negated, pattern }) => {
      const value = lookup(name) ?? ''
      return (pattern ? pattern.test(value) : value !== '') !== negated
    }),
  )
}

/** The placeholders that a condition asks for. */
export function namesOf(condition: Condition): string[] {
  return condition.anyOf.flatMap((group) => group.map(({ name }) => name))
}

function parseTest(text: string): Test | undefined {
  const [whole, not, name, operator, quoted, bare] = TEST.exec(text.trim()) ?? []
  if (whole === undefined || name === undefined || (not !== undefined && operator !== undefined)) return undefined
  const wanted = quoted ?? bare
  return {
    name: bareName(name),
    negated: not !== undefined || operator === '!=',
    pattern: wanted === undefined ? undefined : globPattern(wanted),
  }
}

/** Names are written as in the text: with or without `ITCS_`. */
function bareName(name: string): string {
  return name.startsWith('ITCS_') ? name.slice('ITCS_'.length) : name
}

function globPattern(glob: string): RegExp {
  const parts = glob.split(/\*+/).map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^]*')}$`, 'i')
}

// SPDX-License-Identifier: Apache-2.0
import type { MappingRule, Template } from '#daemon/domain/provisioning/template'
import { type ScopeTree, SYSTEM } from '#daemon/domain/scope'
import type { FieldError } from '#web/ports/saved'

export const MOST_RULES = 2_000
const MODEL = /^[A-Za-z0-9*_-]{1,32}$/

/** What is wrong with the rules; each error's field is `rule-<index>`. */
export function mappingErrors(
  rules: readonly MappingRule[],
  templates: ReadonlyMap<string, Template>,
  tree: ScopeTree,
): FieldError[] {
  if (rules.length > MOST_RULES) return [{ field: '', message: `At most ${MOST_RULES} rules are possible.` }]
  const seen = new Set<string>()
  return rules.flatMap((rule, index) => {
    const message = ruleProblem(rule, templates, tree, seen)
    return message === undefined ? [] : [{ field: `rule-${index}`, message }]
  })
}

function ruleProblem(
  { model, scope, template }: MappingRule,
  templates: ReadonlyMap<string, Template>,
  tree: ScopeTree,
  seen: Set<string>,
): string | undefined {
  if (!MODEL.test(model)) return 'Write a model such as 440HD, or a pattern such as C4*.'
  if (!tree.get(scope)) return 'There is no such region or site.'
  if (!templates.has(template)) return 'There is no such template.'
  const key = `${scope}\n${model.toUpperCase()}`
  if (seen.has(key)) return `There is a rule for ${model} in ${placeName(tree, scope)} already.`
  seen.add(key)
  return undefined
}

export function placeName(tree: ScopeTree, scope: string): string {
  return scope === SYSTEM.id ? 'the system' : tree.pathText(scope)
}

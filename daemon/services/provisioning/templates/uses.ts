// SPDX-License-Identifier: Apache-2.0
import type { ScopeTree } from '#daemon/domain/scope'
import type { TemplateRow } from '#web/ports/templates'
import { placeName } from './mapping.ts'

/** Why a template cannot be deleted, naming who needs it; undefined when nobody does. */
export function whyKept(row: TemplateRow, tree: ScopeTree): string | undefined {
  const { origin, rules, usedBy, chosenFor } = row
  if (origin !== 'own') return 'It came with Offhook, so it stays: map other templates, or restore it as it came.'
  const reasons = [
    ...(usedBy.length > 0 ? [`parts of it are used by ${listed(usedBy)}`] : []),
    ...(rules.length > 0
      ? [`the mapping names it for ${listed(rules.map(({ model, scope }) => `${model} in ${placeName(tree, scope)}`))}`]
      : []),
    ...(chosenFor.length > 0 ? [`it was chosen for ${listed(chosenFor)}`] : []),
  ]
  return reasons.length === 0 ? undefined : `It is needed: ${reasons.join('; ')}.`
}

const MOST_NAMED = 5

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMED).join(', ')
  return names.length > MOST_NAMED ? `${shown} and ${names.length - MOST_NAMED} more` : shown
}

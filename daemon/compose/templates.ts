// SPDX-License-Identifier: Apache-2.0
import { shippedTemplates } from '#config/templates'
import type { Parameters } from '#daemon/services/parameters'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { Provisioning } from '#daemon/services/provisioning/provisioning'
import { Levels } from '#daemon/services/provisioning/settings/levels'
import type { LintText } from '#daemon/services/provisioning/templates/findings'
import { Templates } from '#daemon/services/provisioning/templates/templates'
import type { Foundation } from './foundation.ts'

/** The templates, and what people set for each level, as pages and programs edit them. */
export function composeTemplates(
  { store, vault }: Foundation,
  { provisioning, programs }: { readonly provisioning: Provisioning; readonly programs: Programs },
  parameters: Parameters,
) {
  const lint: LintText = (text, { model, firmware, isKnown }) => {
    const found = parameters.lint(text, { model, isKnown, ...(firmware === 'uc' && { firmware: 'UC_' }) })
    // A hint says the same of many keys, so it is told once for all of them.
    return found.map(({ line, severity, message, key }) => ({
      ...{ line, severity },
      message: key === undefined || severity === 'hint' ? message : `${key}: ${message}`,
    }))
  }
  const shared = { store, programs, provisioning, lint }
  return {
    templates: new Templates({ ...shared, shipped: shippedTemplates() }),
    levels: new Levels({ ...shared, vault }),
  }
}

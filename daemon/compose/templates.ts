// SPDX-License-Identifier: Apache-2.0
import { shippedTemplates } from '#config/templates'
import type { Parameters } from '#daemon/services/parameters'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { Provisioning } from '#daemon/services/provisioning/provisioning'
import { Levels } from '#daemon/services/provisioning/settings/levels'
import { Templates } from '#daemon/services/provisioning/templates/templates'
import type { Foundation } from './foundation.ts'

/** The templates, and what people set for each level, as pages and programs edit them. */
export function composeTemplates(
  { store, vault }: Foundation,
  { provisioning, programs }: { readonly provisioning: Provisioning; readonly programs: Programs },
  parameters: Parameters,
) {
  const templates = new Templates({
    ...{ store, programs, provisioning, shipped: shippedTemplates() },
    lint: (text, { model, firmware, isKnown }) =>
      parameters.lint(text, { model, isKnown, ...(firmware === 'uc' && { firmware: 'UC_' }) }),
  })
  return { templates, levels: new Levels({ store, vault, programs, provisioning }) }
}

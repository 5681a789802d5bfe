// SPDX-License-Identifier: Apache-2.0
import type { ChangesPort } from '#web/ports/changes'
import type { LevelsPort } from '#web/ports/levels'
import type { ScopesPort } from '#web/ports/scopes'
import type { TemplatesPort } from '#web/ports/templates'

export interface SettingPages {
  readonly levels: LevelsPort
  readonly templates: TemplatesPort
  readonly scopes: ScopesPort
  readonly changes: ChangesPort
}

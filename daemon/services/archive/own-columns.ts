// SPDX-License-Identifier: Apache-2.0
import { SCOPE_KINDS, type ScopeKind } from '#daemon/domain/scope'

/** Keys of `Settings.csv` that are no placeholders: their colon cannot be in a name. */
export const LINES = 'offhook:lines'
export const TEMPLATE_CHOICE = 'offhook:template'

export function scopeKindOf(text: string): ScopeKind | undefined {
  return SCOPE_KINDS.find((kind) => kind !== 'system' && kind === text.toLowerCase())
}

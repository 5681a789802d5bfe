// SPDX-License-Identifier: Apache-2.0
import { KEY_FEATURES } from '#daemon/domain/provisioning/key-features'
import { isGiven } from '#daemon/domain/provisioning/known-placeholders'
import type { Program } from '#daemon/domain/provisioning/language'
import {
  isSecretName,
  type LevelKey,
  type LevelSettings,
  PLACEHOLDER_NAME,
  secretPlace,
} from '#daemon/domain/provisioning/level-settings'
import type { Template } from '#daemon/domain/provisioning/template'
import { textProblems } from '#daemon/domain/provisioning/text-check'
import { sealOnce, type Vault } from '#daemon/services/vault'
import type { LevelDraft } from '#web/ports/levels'
import type { FieldError } from '#web/ports/saved'

export const MOST_VALUES = 500
export const LONGEST_VALUE = 1024
export const LONGEST_LINES = 32 * 1024

export interface LevelRules {
  readonly templates: ReadonlyMap<string, Template>
  readonly programOf: (text: string) => Program
  readonly partOf: (part: string) => Program | undefined
}

/** What is wrong with a draft; fields are `value-<name>`, `secret-<name>`, `description-<name>`, `feature-<id>`, `lines`, `template`. */
export function levelErrors(key: LevelKey, draft: LevelDraft, rules: LevelRules): FieldError[] {
  return [
    ...Object.entries(draft.values).flatMap(([name, value]) => valueErrors(`value-${name}`, name, value)),
    ...Object.entries(draft.secrets).flatMap(([name, value]) => valueErrors(`secret-${name}`, name, value)),
    ...Object.entries(draft.descriptions).flatMap(([name, text]) =>
      text.length > 200 || hasControl(text)
        ? [{ field: `description-${name}`, message: 'At most 200 characters in one line.' }]
        : [],
    ),
    ...featureErrors(draft),
    ...lineErrors(draft.lines, rules),
    ...templateErrors(key, draft, rules),
    ...(Object.keys(draft.values).length + Object.keys(draft.secrets).length > MOST_VALUES
      ? [{ field: '', message: `At most ${MOST_VALUES} placeholders are possible here.` }]
      : []),
  ]
}

function valueErrors(field: string, name: string, value: string): FieldError[] {
  const shown = name.slice(0, 64)
  if (!PLACEHOLDER_NAME.test(name) || name === '__proto__') {
    return [{ field, message: `“${shown}” is no name: use letters, digits and underscores, at most 64.` }]
  }
  if (isGiven(name)) return [{ field, message: `${name} follows from the phone or its user: it cannot be set here.` }]
  if (value.length > LONGEST_VALUE) return [{ field, message: `${name} has at most ${LONGEST_VALUE} characters.` }]
  if (hasControl(value)) return [{ field, message: `${name} holds a control character. Type it anew.` }]
  return []
}

function featureErrors({ features }: LevelDraft): FieldError[] {
  return Object.entries(features).flatMap(([id, choice]) => {
    const feature = KEY_FEATURES.find((one) => one.id === id)
    if (feature?.choices.some((one) => one.id === choice)) return []
    return [{ field: `feature-${id.slice(0, 64)}`, message: 'Choose one of these.' }]
  })
}

function lineErrors(lines: string, { programOf, partOf }: LevelRules): FieldError[] {
  if (lines.length > LONGEST_LINES) {
    return [{ field: 'lines', message: `At most ${LONGEST_LINES / 1024} KB of lines are possible.` }]
  }
  return textProblems('', lines, programOf(lines), partOf).map(({ line, message }) => ({
    field: 'lines',
    message: `Line ${line}: ${message}`,
  }))
}

function templateErrors(key: LevelKey, { template }: LevelDraft, { templates }: LevelRules): FieldError[] {
  if (template === '') return []
  if (!key.startsWith('device/')) return [{ field: 'template', message: 'Only a phone has a template of its own.' }]
  return templates.has(template) ? [] : [{ field: 'template', message: 'There is no such template.' }]
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

/** The record that a draft without errors makes. A value whose name is that of a secret becomes one. */
export function settingsOf(
  key: LevelKey,
  draft: LevelDraft,
  before: LevelSettings | undefined,
  vault: Vault,
): LevelSettings {
  const values = Object.entries(draft.values)
  const secrets = { ...draft.secrets, ...Object.fromEntries(values.filter(([name]) => isSecretName(name))) }
  const sealed = Object.entries(secrets).flatMap(([name, value]) => {
    const had = before && Object.hasOwn(before.sealed, name) ? before.sealed[name] : undefined
    const kept = value === '' ? had : sealOnce(vault, value, secretPlace(key, name))
    return kept === undefined ? [] : [[name, kept] as const]
  })
  const open = values.filter(([name]) => !isSecretName(name) && !Object.hasOwn(draft.secrets, name))
  const names = new Set([...open, ...sealed].map(([name]) => name))
  const descriptions = Object.entries(draft.descriptions).filter(([name, text]) => names.has(name) && text !== '')
  return {
    values: sorted(open),
    sealed: sorted(sealed),
    lines: draft.lines.replaceAll(/\r\n?/g, '\n').trimEnd(),
    template: draft.template,
    ...(Object.keys(draft.features).length > 0 && { features: sorted(Object.entries(draft.features)) }),
    ...(descriptions.length > 0 && { descriptions: sorted(descriptions) }),
  }
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

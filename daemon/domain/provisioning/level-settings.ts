// SPDX-License-Identifier: Apache-2.0

/**
 * What people set for one level: the key of its record is `system`, `template/<id>`, `scope/<id>`, `user/<name>` or
 * `device/<mac>`.
 */
export interface LevelSettings {
  /** Placeholder values, by name without `%ITCS_` and `%`. */
  readonly values: Readonly<Record<string, string>>
  /** Values that are secrets, each sealed for the place that `secretPlace` names. */
  readonly sealed: Readonly<Record<string, string>>
  /** Lines for the phones' own files, in the language of templates. */
  readonly lines: string
  /** For a device alone: the template that was chosen for it; empty for none. */
  readonly template: string
  /** Key features that are set here: the id of each, and of its choice. */
  readonly features?: Readonly<Record<string, string>>
  /** What the placeholders that were first used here are for. */
  readonly descriptions?: Readonly<Record<string, string>>
}

export type LevelKey = 'system' | `template/${string}` | `scope/${string}` | `user/${string}` | `device/${string}`

export const NO_SETTINGS: LevelSettings = { values: {}, sealed: {}, lines: '', template: '' }

export const PLACEHOLDER_NAME = /^[A-Za-z0-9_]{1,64}$/

/** Placeholders whose values are never shown, whatever anybody says of them. */
const SECRET_NAMES = /password|secret|passphrase|pin$|_key$/i

export function isSecretName(name: string): boolean {
  return SECRET_NAMES.test(name)
}

/** The place to which a secret value of a level is sealed. */
export function secretPlace(key: LevelKey, name: string): string {
  return `level/${key}/${name}`
}

export function isEmpty({ values, sealed, lines, template, features, descriptions }: LevelSettings): boolean {
  const none = (record: object = {}) => Object.keys(record).length === 0
  const nothingNamed = [values, sealed, features, descriptions].every(none)
  return nothingNamed && lines.trim() === '' && template === ''
}

/** The level that a key names; undefined when it names none. */
export function parseLevelKey(text: string): LevelKey | undefined {
  const [, kind = '', name = ''] = /^(template|scope|user|device)\/(\P{Cc}{1,200})$/u.exec(text) ?? []
  if (text === 'system') return text
  if (kind === '' || (kind === 'device' && !/^[0-9a-f]{12}$/.test(name))) return undefined
  return text as LevelKey
}

// SPDX-License-Identifier: Apache-2.0
import { KEY_FEATURES } from '#daemon/domain/provisioning/key-features'
import {
  isEmpty,
  type LevelKey,
  type LevelSettings,
  NO_SETTINGS,
  parseLevelKey,
  secretPlace,
} from '#daemon/domain/provisioning/level-settings'
import type { DraftChange, Note } from '#daemon/domain/provisioning/revision'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { Provisioning } from '#daemon/services/provisioning/provisioning'
import type { LintText } from '#daemon/services/provisioning/templates/findings'
import { type Vault, VaultError } from '#daemon/services/vault'
import { put, remove, type Store } from '#daemon/store/store'
import { levels } from '#daemon/store/tables'
import type { CopyChoice, LevelDraft, LevelRow, LevelsPort, LevelView } from '#web/ports/levels'
import type { Drafted } from '#web/ports/templates'
import { levelErrors, settingsOf } from './level-draft.ts'
import { type Around, levelName, rowOf, viewOf } from './level-view.ts'

export interface LevelsOptions {
  readonly store: Store
  readonly vault: Vault
  readonly programs: Programs
  readonly provisioning: Provisioning
  /** Absent: lines are only checked for what makes no sense. */
  readonly lint?: LintText
}

const MOST_TARGETS = 1_000
const MOST_NOTES = 20

/** What people set for the system, templates, places, users and phones. Every edit is a draft. */
export class Levels implements LevelsPort {
  readonly features = KEY_FEATURES
  readonly #options: LevelsOptions

  constructor(options: LevelsOptions) {
    this.#options = options
  }

  list(): readonly LevelRow[] {
    const rows = Array.from(this.#options.store.entries(levels)).flatMap(({ key, value }) => {
      const level = parseLevelKey(key)
      const name = level && levelName(this.#around, level)
      return level && name !== undefined && !isEmpty(value) ? [rowOf(level, name, value)] : []
    })
    return rows.toSorted((a, b) => farness(a.key) - farness(b.key) || a.name.localeCompare(b.name, 'en'))
  }

  get(key: LevelKey): LevelView | undefined {
    return viewOf(this.#around, key)
  }

  change(key: LevelKey, draft: LevelDraft, revision: number): Drafted {
    const { store, vault, programs, provisioning } = this.#options
    const { renderer } = provisioning
    const name = levelName(this.#around, key)
    if (name === undefined) return { kind: 'unknown' }
    const errors = levelErrors(key, draft, {
      templates: renderer.templates,
      programOf: (text) => programs.of(text),
      partOf: (part) => renderer.partOf(part),
    })
    if (errors.length > 0) return { kind: 'refused', errors }
    const settings = settingsOf(key, draft, store.get(levels, key)?.value, vault)
    return {
      kind: 'draft',
      draft: {
        summary: `Change the settings of ${called(name)}`,
        subject: { kind: 'settings', key, name },
        changes: [recordOf(key, settings, revision === 0 ? 'absent' : revision)],
        notes: this.#notesOf(settings.lines),
      },
      instead: Object.fromEntries(
        Object.entries(settings.sealed).flatMap(([name, sealed]) =>
          isTyped(draft.secrets, name) || isTyped(draft.values, name) ? [[`sealed-${name}`, sealed]] : [],
        ),
      ),
    }
  }

  copy(from: LevelKey, to: readonly LevelKey[], what: CopyChoice): Drafted {
    const { store } = this.#options
    const source = store.get(levels, from)?.value
    const name = levelName(this.#around, from)
    if (!source || name === undefined) return { kind: 'unknown' }
    const refuse = (field: string, message: string): Drafted => ({ kind: 'refused', errors: [{ field, message }] })
    const targets = [...new Set(to)].filter((key) => key !== from)
    if (targets.length === 0) return refuse('to', 'Choose where to copy it to.')
    if (targets.length > MOST_TARGETS) return refuse('to', `At most ${MOST_TARGETS} places at a time.`)
    if (targets.some((key) => levelName(this.#around, key) === undefined)) {
      return refuse('to', 'One of these places is not there any more.')
    }
    if (what.names.length === 0 && what.features.length === 0 && !what.lines) {
      return refuse('what', 'Choose what to copy.')
    }
    try {
      return {
        kind: 'draft',
        draft: {
          summary: `Copy settings of ${called(name)} to ${targets.length === 1 ? called(this.#nameOf(targets)) : `${targets.length} places`}`,
          subject: { kind: 'settings', key: targets[0] ?? from, name: this.#nameOf(targets) },
          changes: targets.map((key) => this.#copied(from, source, key, what)),
        },
      }
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      return refuse('what', 'One of the secrets was sealed with another key: enter it again at its place first.')
    }
  }

  /** What the linter says of a level's lines, but for what is only good to know. */
  #notesOf(lines: string): Note[] {
    const found = this.#options.lint?.(lines, { model: undefined, firmware: 'sip', isKnown: () => true }) ?? []
    return found
      .filter(({ severity }) => severity !== 'hint')
      .slice(0, MOST_NOTES)
      .map(({ line, severity, message }) => ({
        ...{ text: message, where: `Lines, line ${line}` },
        tone: severity === 'error' ? ('error' as const) : ('warning' as const),
      }))
  }

  #nameOf([first]: readonly LevelKey[]): string {
    return (first && levelName(this.#around, first)) ?? ''
  }

  #copied(from: LevelKey, source: LevelSettings, key: LevelKey, what: CopyChoice): DraftChange {
    const { store, vault } = this.#options
    const stored = store.get(levels, key)
    const before = stored?.value ?? NO_SETTINGS
    const only = (record: Readonly<Record<string, string>> = {}, wanted: readonly string[]) =>
      Object.fromEntries(Object.entries(record).filter(([name]) => wanted.includes(name)))
    const values = only(source.values, what.names)
    const sealed = Object.entries(only(source.sealed, what.names)).map(([name, text]) => [
      name,
      this.#sealedLike(
        Object.hasOwn(before.sealed, name) ? before.sealed[name] : undefined,
        vault.open(text, secretPlace(from, name)),
        secretPlace(key, name),
      ),
    ])
    const secrets: Record<string, string> = Object.fromEntries(sealed)
    const without = (record: Readonly<Record<string, string>>, taken: object) =>
      Object.fromEntries(Object.entries(record).filter(([name]) => !Object.hasOwn(taken, name)))
    const features = { ...before.features, ...only(source.features, what.features) }
    const descriptions = { ...before.descriptions, ...only(source.descriptions, what.names) }
    const settings: LevelSettings = {
      values: { ...without(before.values, secrets), ...values },
      sealed: { ...without(before.sealed, values), ...secrets },
      lines: what.lines ? source.lines : before.lines,
      template: before.template,
      ...(Object.keys(features).length > 0 && { features }),
      ...(Object.keys(descriptions).length > 0 && { descriptions }),
    }
    return recordOf(key, settings, stored?.revision ?? 'absent')
  }

  /** The same secret keeps its seal, so that copying twice means the same. */
  #sealedLike(before: string | undefined, secret: string, place: string): string {
    const { vault } = this.#options
    try {
      if (before !== undefined && vault.open(before, place) === secret) return before
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
    }
    return vault.seal(secret, place)
  }

  get #around(): Around {
    const { store, programs, provisioning } = this.#options
    return { store, programs, renderer: provisioning.renderer }
  }
}

function isTyped(fields: Readonly<Record<string, string>>, name: string): boolean {
  return Object.hasOwn(fields, name) && fields[name] !== ''
}

/** The farther from the phone, the earlier. */
function farness(key: LevelKey): number {
  return ['system', 'template', 'scope', 'user', 'device'].indexOf(key.split('/', 1)[0] ?? '')
}

/** A level at which nothing is set has no record. */
function recordOf(key: LevelKey, settings: LevelSettings, expect: number | 'absent'): DraftChange {
  if (!isEmpty(settings)) return put(levels, key, settings, expect)
  return remove(levels, key, expect)
}

function called(name: string): string {
  return name === 'system' ? 'the system' : name
}

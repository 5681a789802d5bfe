// SPDX-License-Identifier: Apache-2.0
import type { KeyFeature } from '#daemon/domain/provisioning/key-features'
import type { LevelKey } from '#daemon/domain/provisioning/level-settings'
import type { Drafted } from './templates.ts'

/** A level at which something is set. */
export interface LevelRow {
  readonly key: LevelKey
  /** What people call it: `region Berlin`. */
  readonly name: string
  readonly values: number
  readonly secrets: number
  readonly features: number
  /** Lines of its own. */
  readonly lines: number
  readonly template: string
}

/** A placeholder as it is seen from a level. Secrets are masked. */
export interface LevelValue {
  readonly name: string
  /** What it is for; empty when nobody said. */
  readonly description: string
  readonly secret: boolean
  /** What is set here; undefined when nothing is. */
  readonly own: string | undefined
  /** What all levels say of it, the one that wins last. */
  readonly said: readonly { readonly value: string; readonly source: string }[]
  /** Titles of the templates, and names of the levels, whose texts ask for it. Empty: nothing uses it. */
  readonly usedBy: readonly string[]
}

/** A key that levels above and this one set to different values. */
export interface LevelConflict {
  readonly key: string
  /** The last one wins. */
  readonly said: readonly { readonly value: string; readonly from: string }[]
}

export interface LevelView extends LevelRow {
  /** Of the record, for edits; 0 while there is none. */
  readonly revision: number
  /** Set here or known to come from elsewhere, by name. */
  readonly placeholders: readonly LevelValue[]
  readonly chosen: Readonly<Record<string, string>>
  readonly text: string
  readonly conflicts: readonly LevelConflict[]
  /** Where values come from that are not set here, the nearest last. */
  readonly above: readonly { readonly key: LevelKey; readonly name: string }[]
}

/** All that is to be set at a level: what is left out is taken away. */
export interface LevelDraft {
  readonly values: Readonly<Record<string, string>>
  /** By name; an empty one keeps the secret that is there. One that `Drafted.instead` sealed is taken as it is. */
  readonly secrets: Readonly<Record<string, string>>
  readonly lines: string
  readonly features: Readonly<Record<string, string>>
  readonly descriptions: Readonly<Record<string, string>>
  /** For devices alone: the id of a template; empty for none. */
  readonly template: string
}

/** What is copied to other levels: it replaces what they have of the same name. */
export interface CopyChoice {
  /** Placeholders by name, secrets among them. */
  readonly names: readonly string[]
  readonly features: readonly string[]
  /** The lines replace those that are there. */
  readonly lines: boolean
}

/** What people set for the system, templates, places, users and phones. */
export interface LevelsPort {
  readonly features: readonly KeyFeature[]
  /** Levels at which something is set. */
  list(): readonly LevelRow[]
  /** Undefined when there is no such place, user, phone or template. */
  get(key: LevelKey): LevelView | undefined
  /** Everything that `draft` names, and nothing else, is set then. */
  change(key: LevelKey, draft: LevelDraft, revision: number): Drafted
  copy(from: LevelKey, to: readonly LevelKey[], what: CopyChoice): Drafted
}

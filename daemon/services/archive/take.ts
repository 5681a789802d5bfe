// SPDX-License-Identifier: Apache-2.0
import { choiceKey, type FirmwareChoice } from '#daemon/domain/firmware'
import {
  isSecretName,
  type LevelKey,
  type LevelSettings,
  NO_SETTINGS,
  secretPlace,
} from '#daemon/domain/provisioning/level-settings'
import type { MappingRule, Template } from '#daemon/domain/provisioning/template'
import { type ScopeTree, SYSTEM } from '#daemon/domain/scope'
import type { Vault } from '#daemon/services/vault'
import { type Change, put, type Store } from '#daemon/store/store'
import { firmwareChoices, firmwares, levels, templateMapping, templates } from '#daemon/store/tables'
import { parseMac } from '#protocols/lib/mac'
import type { Tally } from '#web/ports/people-files'
import type { Actor, ScopesPort } from '#web/ports/scopes'
import type { ArchiveContents, ArchiveNote, LevelName } from './contents.ts'

/** Counts what became of each thing. */
export class Counter {
  readonly #counts = { added: 0, changed: 0, unchanged: 0 }

  count(fate: keyof Tally): void {
    this.#counts[fate]++
  }

  get tally(): Tally {
    return { ...this.#counts }
  }
}

/** Makes the places of an archive that are not there; what it says of those that are, counts. */
export async function takeScopes(
  { scopes: entries }: ArchiveContents,
  scopes: ScopesPort,
  by: Actor,
  note: (note: ArchiveNote) => void,
): Promise<Tally> {
  const counter = new Counter()
  for (const entry of entries) {
    const names = entry.path.split('/')
    const parent = scopeAt(scopes.tree(), names.slice(0, -1))
    const name = names.at(-1) ?? ''
    const known = parent === undefined ? undefined : scopes.tree().child(parent, name)
    const draft = {
      ...{ kind: entry.kind, name, parent: parent ?? '' },
      timeZone: entry.timeZone ?? known?.timeZone ?? '',
      subnets: entry.subnets ?? known?.subnets ?? [],
      description: entry.description || (known?.description ?? ''),
    }
    const same =
      known &&
      known.timeZone === draft.timeZone &&
      known.description === draft.description &&
      known.subnets.join() === draft.subnets.join()
    if (same) {
      counter.count('unchanged')
      continue
    }
    // What it is here stays: a region of ours may be what the other system calls a tenant.
    const answer = known
      ? await scopes.change(known.id, { ...draft, kind: known.kind }, known.version, by)
      : await scopes.add(draft, by)
    if (answer.kind === 'done') counter.count(known ? 'changed' : 'added')
    else {
      const message = answer.kind === 'refused' ? answer.refusal.reason : 'what it lies in is not there'
      note({ kind: 'rejected', file: 'places', message: `${entry.path.slice(0, 200)}: ${message}` })
    }
  }
  return counter.tally
}

export interface Taken {
  readonly changes: readonly Change[]
  readonly templates: Tally
  readonly mapping: Tally
  readonly settings: Tally
  readonly firmware: Tally
}

/** What templates, mapping and settings of an archive make of the tables; nothing is written here. */
export function takeSettings(
  contents: ArchiveContents,
  { store, tree, vault, shipped, by }: TakeOptions,
  note: (note: ArchiveNote) => void,
): Taken {
  const changes: Change[] = []
  const ofTemplates = takeTemplates(contents, store, shipped, changes)
  const ofMapping = takeMapping(contents, store, tree, changes, note)
  const ofSettings = new Counter()
  for (const [level, said] of byLevel(contents)) {
    const key = levelKey(level, tree)
    if (key === undefined) {
      note({ kind: 'rejected', file: 'settings', message: `${level.slice(0, 200)}: there is no such place here` })
      continue
    }
    const stored = store.get(levels, key)
    const before = stored?.value ?? NO_SETTINGS
    const after = merged(before, said, key, vault)
    for (const name of Object.keys(said.values)) {
      const isNew = !(name in before.values) && !(name in before.sealed)
      ofSettings.count(isNew ? 'added' : after.values[name] === before.values[name] ? 'unchanged' : 'changed')
    }
    if (JSON.stringify(after) !== JSON.stringify(before)) {
      changes.push(put(levels, key, after, stored?.revision ?? 'absent'))
    }
  }
  const ofFirmware = takeFirmware(contents, store, tree, by, changes, note)
  const settings = ofSettings.tally
  return { changes, templates: ofTemplates, mapping: ofMapping, settings, firmware: ofFirmware }
}

export interface TakeOptions {
  readonly store: Store
  readonly tree: ScopeTree
  readonly vault: Pick<Vault, 'seal' | 'open'>
  readonly shipped: readonly Template[]
  readonly by: FirmwareDecision
}

function takeTemplates(
  contents: ArchiveContents,
  store: Store,
  shipped: readonly Template[],
  changes: Change[],
): Tally {
  const counter = new Counter()
  for (const template of contents.templates) {
    const stored = store.get(templates, template.id)
    const before = stored?.value ?? shipped.find(({ id }) => id === template.id)
    if (before && sameTemplate(before, template)) {
      counter.count('unchanged')
      continue
    }
    counter.count(before ? 'changed' : 'added')
    changes.push(put(templates, template.id, { ...before, ...template }, stored?.revision ?? 'absent'))
  }
  return counter.tally
}

function takeMapping(
  contents: ArchiveContents,
  store: Store,
  tree: ScopeTree,
  changes: Change[],
  note: (note: ArchiveNote) => void,
): Tally {
  const counter = new Counter()
  const stored = store.get(templateMapping, 'rules')
  const rules = [...(stored?.value.rules ?? [])]
  for (const { model, place, template } of contents.mapping) {
    const scope = place === '' ? SYSTEM.id : scopeAt(tree, place.split('/'))
    if (scope === undefined) {
      note({ kind: 'rejected', file: 'mapping', message: `${place.slice(0, 200)}: there is no such place here` })
      continue
    }
    const at = rules.findIndex((rule) => rule.scope === scope && rule.model.toUpperCase() === model.toUpperCase())
    const rule: MappingRule = { model, scope, template }
    counter.count(at < 0 ? 'added' : rules[at]?.template === template ? 'unchanged' : 'changed')
    rules.splice(at < 0 ? rules.length : at, at < 0 ? 0 : 1, rule)
  }
  const { added, changed } = counter.tally
  if (added + changed > 0) changes.push(put(templateMapping, 'rules', { rules }, stored?.revision ?? 'absent'))
  return counter.tally
}

/** Who chose it, and when. */
export type FirmwareDecision = Pick<FirmwareChoice, 'at' | 'by'>

/** Images are no part of an archive: what is chosen there and not here is told. */
function takeFirmware(
  contents: ArchiveContents,
  store: Store,
  tree: ScopeTree,
  decision: FirmwareDecision,
  changes: Change[],
  note: (note: ArchiveNote) => void,
): Tally {
  const counter = new Counter()
  const stored = store.get(firmwareChoices, 'choices')
  const choices = new Map((stored?.value.choices ?? []).map((one) => [choiceKey(one.model, one.where), one]))
  for (const { model, place, image } of contents.firmware) {
    const where = place === '' ? SYSTEM.id : (scopeAt(tree, place.split('/')) ?? parseMac(place))
    const known = store.get(firmwares, image)?.value
    if (where === undefined || !known?.models.includes(model)) {
      const message = where === undefined ? 'there is no such place here' : 'its image is not here: upload it first'
      note({ kind: 'rejected', file: 'firmware', message: `${model.slice(0, 40)} ${place.slice(0, 200)}: ${message}` })
      continue
    }
    const key = choiceKey(model, where)
    const before = choices.get(key)
    counter.count(!before ? 'added' : before.image === image ? 'unchanged' : 'changed')
    if (before?.image !== image) choices.set(key, { model, where, image, ...decision })
  }
  const { added, changed } = counter.tally
  const after = { choices: [...choices.values()] }
  if (added + changed > 0) changes.push(put(firmwareChoices, 'choices', after, stored?.revision ?? 'absent'))
  return counter.tally
}

interface Said {
  readonly values: Record<string, string>
  lines: string
  template: string
}

function byLevel(contents: ArchiveContents): Map<LevelName, Said> {
  const levels = new Map<LevelName, Said>()
  const at = (level: LevelName): Said => {
    const known = levels.get(level) ?? { values: Object.create(null), lines: '', template: '' }
    levels.set(level, known)
    return known
  }
  for (const { level, name, value } of contents.values) at(level).values[name] = value
  for (const { level, text } of contents.lines) at(level).lines = text
  for (const [mac, template] of contents.chosen) at(`device/${mac}`).template = template
  return levels
}

/** Values of the archive replace those of the same name; the others stay. Secrets are sealed. */
function merged(before: LevelSettings, said: Said, key: LevelKey, vault: Pick<Vault, 'seal' | 'open'>): LevelSettings {
  const values = { ...before.values }
  const sealed = { ...before.sealed }
  for (const [name, value] of Object.entries(said.values)) {
    if (!isSecretName(name)) values[name] = value
    else if (value !== '' && !isSealedAs(sealed[name], value, secretPlace(key, name), vault)) {
      sealed[name] = vault.seal(value, secretPlace(key, name))
    }
  }
  return { ...before, values, sealed, lines: said.lines || before.lines, template: said.template || before.template }
}

function isSealedAs(sealed: string | undefined, value: string, place: string, vault: Pick<Vault, 'open'>): boolean {
  try {
    return sealed !== undefined && vault.open(sealed, place) === value
  } catch {
    // Sealed with a key that is gone: this one replaces it.
    return false
  }
}

function levelKey(level: LevelName, tree: ScopeTree): LevelKey | undefined {
  if (!level.startsWith('scope/')) return level as LevelKey
  const id = scopeAt(tree, level.slice('scope/'.length).split('/'))
  return id === undefined ? undefined : `scope/${id}`
}

/** The id of the scope at the end of a path. */
function scopeAt(tree: ScopeTree, names: readonly string[]): string | undefined {
  let id: string | undefined = SYSTEM.id
  for (const name of names) id = id === undefined ? undefined : tree.child(id, name)?.id
  return id
}

function sameTemplate(a: Template, b: Template): boolean {
  return (Object.keys(b) as (keyof Template)[]).every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]))
}

// SPDX-License-Identifier: Apache-2.0
import { disagreements, type FileLine } from '#daemon/domain/provisioning/device-file'
import { describes } from '#daemon/domain/provisioning/known-placeholders'
import {
  type LevelKey,
  type LevelSettings,
  NO_SETTINGS,
  parseLevelKey,
} from '#daemon/domain/provisioning/level-settings'
import { type Layer, namesIn, resolve, valuesOf } from '#daemon/domain/provisioning/placeholder'
import { run } from '#daemon/domain/provisioning/run'
import { type Scope, SYSTEM } from '#daemon/domain/scope'
import { MASK, MASKED } from '#daemon/services/provisioning/disclosure'
import { settingsLayer } from '#daemon/services/provisioning/layers'
import { levelAdditions } from '#daemon/services/provisioning/level-additions'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { Renderer } from '#daemon/services/provisioning/renderer'
import type { Store } from '#daemon/store/store'
import { levels, phones, users } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { LevelConflict, LevelRow, LevelValue, LevelView } from '#web/ports/levels'

export interface Around {
  readonly store: Store
  readonly renderer: Renderer
  readonly programs: Programs
}

/** A level of the way to a phone. */
interface Step {
  readonly key: LevelKey
  readonly name: string
}

/** What people call a level; undefined when it is not there. */
export function levelName(
  { store, renderer }: Pick<Around, 'renderer'> & { readonly store: Pick<Store, 'get'> },
  key: LevelKey,
): string | undefined {
  if (key === 'system') return 'system'
  const name = key.slice(key.indexOf('/') + 1)
  if (key.startsWith('template/')) {
    const template = renderer.templates.get(name)
    return template && `template ${template.title}`
  }
  if (key.startsWith('scope/')) {
    const scope = name === SYSTEM.id ? undefined : renderer.tree.get(name)
    return scope && `${scope.kind} ${scope.name}`
  }
  if (key.startsWith('user/')) return store.get(users, name) && `user ${name}`
  return store.get(phones, name) && `device ${name}`
}

export function rowOf(key: LevelKey, name: string, settings: LevelSettings = NO_SETTINGS): LevelRow {
  const { values, sealed, features = {}, lines, template } = settings
  return {
    ...{ key, name, template },
    values: Object.keys(values).length,
    secrets: Object.keys(sealed).length,
    features: Object.keys(features).length,
    lines: lines.split('\n').filter((line) => line.trim() !== '').length,
  }
}

export function viewOf(around: Around, key: LevelKey): LevelView | undefined {
  const name = levelName(around, key)
  if (name === undefined) return undefined
  const stored = around.store.get(levels, key)
  const settings = stored?.value ?? NO_SETTINGS
  const layers = layersOf(around, key, name)
  const steps = stepsTo(around, key, name)
  return {
    ...rowOf(key, name, settings),
    revision: stored?.revision ?? 0,
    placeholders: valuesAt(around, settings, layers),
    chosen: settings.features ?? {},
    text: settings.lines,
    conflicts: conflictsOf(around, steps, layers),
    above: steps.filter((step) => step.key !== key),
  }
}

/** Who asks for a placeholder, by its name. */
function usesOf(around: Around): ReadonlyMap<string, readonly string[]> {
  const { store, renderer, programs } = around
  const uses = new Map<string, string[]>()
  const note = (who: string, text: string) => {
    for (const name of programs.of(text).names) {
      const known = uses.get(name)
      if (!known) uses.set(name, [who])
      else if (known.at(-1) !== who) known.push(who)
    }
  }
  for (const { title, global, private: own } of renderer.templates.values()) {
    note(title, global)
    note(title, own)
  }
  for (const { key, value } of store.entries(levels)) {
    const level = value.lines === '' ? undefined : parseLevelKey(key)
    const name = level && levelName(around, level)
    if (name !== undefined) note(name, value.lines)
  }
  return uses
}

function valuesAt(around: Around, settings: LevelSettings, layers: readonly Layer[]): LevelValue[] {
  const { store } = around
  const uses = usesOf(around)
  const described = new Map<string, string>()
  for (const { value } of store.entries(levels)) {
    for (const [name, text] of Object.entries(value.descriptions ?? {})) described.set(name, text)
  }
  const names = new Set([...namesIn(layers), ...Object.keys(settings.values), ...Object.keys(settings.sealed)])
  return [...names].sort().map((name) => {
    const secret = Object.hasOwn(settings.sealed, name)
    const own = secret ? MASK : Object.hasOwn(settings.values, name) ? settings.values[name] : undefined
    const here = new Map(Object.entries(settings.descriptions ?? {})).get(name)
    const description = here ?? described.get(name) ?? describes(name)
    return { name, description, secret, own, said: valuesOf(layers, name), usedBy: uses.get(name) ?? [] }
  })
}

/** Where it is: the user's or phone's place, the scope itself, or the system. */
function placeOf({ store, renderer }: Around, key: LevelKey): Scope {
  const name = key.slice(key.indexOf('/') + 1)
  if (key.startsWith('scope/')) return renderer.tree.get(name) ?? SYSTEM
  if (key.startsWith('user/')) return renderer.tree.get(store.get(users, name)?.value.region ?? '') ?? SYSTEM
  const phone = key.startsWith('device/') ? store.get(phones, name)?.value : undefined
  return (phone && renderer.chosenFor(phone).path.at(-1)) ?? SYSTEM
}

/** Secrets are masked. */
function layersOf(around: Around, key: LevelKey, name: string): readonly Layer[] {
  const { store, renderer } = around
  const id = key.slice(key.indexOf('/') + 1)
  if (key.startsWith('device/')) {
    const phone = store.get(phones, id)?.value
    const rendered = phone && renderer.device(id as Mac, renderer.situationOf(phone), MASKED)
    if (rendered?.kind === 'file') return rendered.layers
  }
  const template = key.startsWith('template/') ? renderer.templates.get(id) : undefined
  const layers = renderer.layersAt(placeOf(around, key), template, MASKED)
  const own = store.get(levels, key)?.value
  const isNearer = key.startsWith('user/') || key.startsWith('device/') || layers.length === 0
  return isNearer ? [...layers, ...settingsLayer(name, key, own, MASKED)] : layers
}

/** The levels whose settings reach this one, the farthest first, and itself. */
function stepsTo(around: Around, key: LevelKey, name: string): Step[] {
  const { store, renderer } = around
  const places = renderer.tree.path(placeOf(around, key).id).filter(({ id }) => id !== SYSTEM.id)
  const path = places.map((scope): Step => ({ key: `scope/${scope.id}`, name: `${scope.kind} ${scope.name}` }))
  const phone = key.startsWith('device/') ? store.get(phones, key.slice('device/'.length))?.value : undefined
  const template = phone && renderer.chosenFor(phone).template?.template
  const self: Step[] = key === 'system' || key.startsWith('scope/') ? [] : [{ key, name }]
  return [
    { key: 'system', name: 'system' },
    ...(template ? [{ key: `template/${template.id}` as const, name: `template ${template.title}` }] : []),
    ...path,
    ...(phone && phone.owner !== '' ? [{ key: `user/${phone.owner}` as const, name: `user ${phone.owner}` }] : []),
    ...self,
  ]
}

/** Keys of features and lines that levels on the way set differently. */
function conflictsOf({ store, programs }: Around, steps: readonly Step[], layers: readonly Layer[]): LevelConflict[] {
  const lookup = (name: string) => resolve(layers, name)?.value
  const lines: FileLine[] = []
  for (const { key, name } of steps) {
    for (const { from, program } of levelAdditions(name, store.get(levels, key)?.value, programs)) {
      run(program, { lookup, partOf: () => undefined }, (text, { line, names }) =>
        lines.push({ text, from, line, names }),
      )
    }
  }
  return disagreements(lines)
}

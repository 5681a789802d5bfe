// SPDX-License-Identifier: Apache-2.0
import { isGiven } from '#daemon/domain/provisioning/known-placeholders'
import type { LevelKey } from '#daemon/domain/provisioning/level-settings'
import { type NamedPlace, type PlaceholderUse, placeholderUses } from '#daemon/domain/provisioning/usage'
import { MASKED } from '#daemon/services/provisioning/disclosure'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { Reader, Renderer } from '#daemon/services/provisioning/renderer'
import { levelName } from '#daemon/services/provisioning/settings/level-view'
import { levels, phones } from '#daemon/store/tables'

/** Phones whose values are looked at: one of each template and place. */
const MOST_PHONES = 300

interface Around {
  readonly store: Reader
  readonly programs: Programs
  readonly renderer: Renderer
}

/** Who asks for each placeholder, and who sets it. */
export function usesOf(around: Around): PlaceholderUse[] {
  const asking = [...askingParts(around), ...askingLevels(around)]
  const given: NamedPlace = {
    place: 'the phone or its user',
    names: asking.flatMap(({ names }) => [...names]).filter(isGiven),
  }
  return placeholderUses(asking, [...settingLevels(around), ...settingPhones(around), given])
}

function* askingParts({ renderer }: Around): Generator<NamedPlace> {
  for (const { id, title } of renderer.templates.values()) {
    for (const [part, what] of [['global', 'shared part'] as const, ['private', 'own part'] as const]) {
      yield { place: `${title}, ${what}`, names: renderer.partOf(`${id}/${part}`)?.names ?? [] }
    }
  }
}

function* askingLevels(around: Around): Generator<NamedPlace> {
  for (const { key, value } of around.store.entries(levels)) {
    if (value.lines !== '') yield { place: nameOf(around, key), names: around.programs.of(value.lines).names }
  }
}

function* settingLevels(around: Around): Generator<NamedPlace> {
  for (const { key, value } of around.store.entries(levels)) {
    yield { place: nameOf(around, key), names: [...Object.keys(value.values), ...Object.keys(value.sealed)] }
  }
}

/** What we know ourselves, users and places bring along. */
function* settingPhones({ store, renderer }: Around): Generator<NamedPlace> {
  const seen = new Set<string>()
  for (const { value: phone } of store.entries(phones)) {
    const basis = renderer.basisOf(phone.mac, renderer.situationOf(phone))
    if (basis.kind === 'none') continue
    const kind = [basis.template.template.id, basis.scope.id, basis.user !== undefined].join('\n')
    if (seen.has(kind)) continue
    seen.add(kind)
    if (seen.size > MOST_PHONES) return
    for (const { name, values } of renderer.deviceOf(basis, MASKED).layers) {
      const place = /^(user|device) /.test(name) || name === 'the phone' ? 'the phone or its user' : name
      yield { place, names: Object.keys(values).filter((one) => values[one] !== undefined) }
    }
  }
}

function nameOf({ store, renderer }: Around, key: string): string {
  return levelName({ store, renderer }, key as LevelKey) ?? key
}

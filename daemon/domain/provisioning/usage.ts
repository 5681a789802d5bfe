// SPDX-License-Identifier: Apache-2.0

/** Who asks for a placeholder, and who sets it. */
export interface PlaceholderUse {
  readonly name: string
  /** Parts of templates and levels whose lines or conditions ask for it, sorted. */
  readonly usedBy: readonly string[]
  /** Levels that set it, sorted; `Offhook` where we know it ourselves. */
  readonly setBy: readonly string[]
  /** `unused`: nobody asks for it. `unset`: nobody sets it, so lines that ask for it are left out. */
  readonly state: 'used' | 'unused' | 'unset'
}

/** Names that stand in one place. */
export interface NamedPlace {
  readonly place: string
  readonly names: Iterable<string>
}

/** Every placeholder that anybody asks for or sets, by name. */
export function placeholderUses(asking: Iterable<NamedPlace>, setting: Iterable<NamedPlace>): PlaceholderUse[] {
  const [asked, set] = [byName(asking), byName(setting)]
  return [...new Set([...asked.keys(), ...set.keys()])].sort().map((name) => {
    const [usedBy, setBy] = [asked, set].map((all) => [...(all.get(name) ?? [])].sort()) as [string[], string[]]
    return { name, usedBy, setBy, state: usedBy.length === 0 ? 'unused' : setBy.length === 0 ? 'unset' : 'used' }
  })
}

function byName(places: Iterable<NamedPlace>): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const { place, names } of places) {
    for (const name of names) found.set(name, (found.get(name) ?? new Set()).add(place))
  }
  return found
}

// SPDX-License-Identifier: Apache-2.0
import {
  compile,
  type DirectoryView,
  escapeFilterValue,
  evaluate,
  type LdapEntry,
  parseDn,
  parseFilter,
} from '#protocols/ldap/port'

/** A phone's own LDAP settings, as they stand in its configuration. */
export interface PhoneDirectorySettings {
  readonly base: string
  /** `%` stands for what was typed; the phone adds the `*`. */
  readonly nameFilter: string
  readonly numberFilter: string
  /** `%displayname`: attributes with a `%` before them. */
  readonly display: string
  readonly numberAttributes: readonly string[]
  readonly maxHits: number
  /** The phone sorts what it got by what it shows. */
  readonly sort?: boolean
}

/** What the firmware has when nothing is configured. */
export const FIRMWARE_SETTINGS: Omit<PhoneDirectorySettings, 'base'> = {
  nameFilter: '(|(sn=%)(givenname=%)(displayname=%))',
  numberFilter: '(|(telephoneNumber=%)(Mobile=%)(homePhone=%)(facsimileTelephoneNumber=%)(ipPhone=%)(pager=%))',
  display: '%displayname',
  numberAttributes: ['telephoneNumber', 'mobile', 'homePhone', 'ipPhone'],
  maxHits: 50,
}

export interface PhoneHit {
  /** The line on the display. */
  readonly shown: string
  readonly numbers: readonly string[]
  readonly dn: string
}

export type PhoneQueryResult =
  | {
      readonly kind: 'hits'
      /** The filter as the phone sends it. */
      readonly filter: string
      readonly hits: readonly PhoneHit[]
      /** There are more than the phone shows. */
      readonly more: boolean
      /** Entries looked at. */
      readonly touched: number
    }
  /** What is wrong with the settings, in a sentence. */
  | { readonly kind: 'problem'; readonly problem: string }

/** Asks what a phone would ask for what was typed, and gives what it would show. */
export function phoneQuery(
  view: DirectoryView,
  settings: PhoneDirectorySettings,
  field: 'name' | 'number',
  typed: string,
): PhoneQueryResult {
  const template = field === 'name' ? settings.nameFilter : settings.numberFilter
  if (!template.includes('%')) return problem(`The ${field} filter has no % for what is typed.`)
  const filter = template.replaceAll('%', () => `${escapeFilterValue(typed)}*`)
  const parsed = parseFilter(filter)
  if (!parsed) return problem(`The ${field} filter is no LDAP filter: ${template}`)
  const base = parseDn(settings.base)
  if (!base) return problem(`The base is no distinguished name: ${settings.base}`)
  const condition = compile(parsed)
  const candidates = view.search({ base, scope: 'sub', condition })
  if (!candidates) return problem(`There is nothing at the base ${settings.base}.`)
  const hits: PhoneHit[] = []
  let touched = 0
  let more = false
  for (const entry of candidates) {
    if (!entry) continue
    touched++
    if (evaluate(condition, entry.attributes) !== true) continue
    more = hits.length === settings.maxHits
    if (more) break
    hits.push(hitOf(entry, settings))
  }
  if (settings.sort) hits.sort((a, b) => a.shown.localeCompare(b.shown))
  return { kind: 'hits', filter, hits, more, touched }
}

function hitOf(entry: LdapEntry, { display, numberAttributes }: PhoneDirectorySettings): PhoneHit {
  const values = new Map(
    Object.entries(entry.attributes).map(([name, value]) => [name.toLowerCase(), [value ?? []].flat()]),
  )
  const of = (name: string) => values.get(name.toLowerCase()) ?? []
  const shown = display.replaceAll(/%([A-Za-z][A-Za-z0-9-]*)/g, (_, name: string) => of(name)[0] ?? '').trim()
  return { shown, numbers: numberAttributes.flatMap(of), dn: entry.dn }
}

function problem(sentence: string): PhoneQueryResult {
  return { kind: 'problem', problem: sentence }
}

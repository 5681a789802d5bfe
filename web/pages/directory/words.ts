// SPDX-License-Identifier: Apache-2.0
import { type Contact, LONGEST_VALUE, MOST_VALUES, type PersonAttribute } from '#daemon/domain/directory'
import { type DirectoryFormat, valuesOf } from '#daemon/domain/directory-file'
import type { Tab } from '#web/kit/cell'
import type { Option } from '#web/kit/form'
import type { DirectoryPort } from '#web/ports/directory'

export const HOME = '/directory'
export const TRAIL = [{ label: 'Directory', href: HOME }] as const

export interface AttributeWords {
  readonly name: PersonAttribute
  readonly label: string
  readonly hint?: string
  /** Usually has several values. */
  readonly several?: boolean
}

export const NAME_WORDS: readonly AttributeWords[] = [
  { name: 'givenName', label: 'First name' },
  { name: 'sn', label: 'Last name' },
  { name: 'displayName', label: 'Display name', hint: 'What phones show. Left empty, it is made of the two names.' },
]

export const NUMBER_WORDS: readonly AttributeWords[] = [
  { name: 'telephoneNumber', label: 'Business', several: true },
  { name: 'mobile', label: 'Mobile', several: true },
  { name: 'ipPhone', label: 'Extension', several: true },
  { name: 'homePhone', label: 'Home', several: true },
  { name: 'otherTelephone', label: 'Other', several: true },
  { name: 'facsimileTelephoneNumber', label: 'Fax', several: true },
  { name: 'pager', label: 'Pager', several: true },
]

export const WORK_WORDS: readonly AttributeWords[] = [
  { name: 'company', label: 'Company' },
  { name: 'department', label: 'Department' },
  { name: 'title', label: 'Job title' },
  { name: 'l', label: 'City' },
  { name: 'mail', label: 'Mail' },
  { name: 'description', label: 'Notes' },
]

/** What other directories have beside it. */
export const MORE_WORDS: readonly AttributeWords[] = [
  { name: 'cn', label: 'Common name (cn)', hint: 'Left empty, it is the display name.' },
  { name: 'o', label: 'Organization (o)' },
  { name: 'ou', label: 'Organizational unit (ou)' },
]

export const ALL_WORDS: readonly AttributeWords[] = [...NAME_WORDS, ...NUMBER_WORDS, ...WORK_WORDS, ...MORE_WORDS]

/** In characters: all values of an attribute, one in each line. */
export const LONGEST_LIST = MOST_VALUES * (LONGEST_VALUE + 1)

export const FORMATS: Readonly<
  Record<DirectoryFormat, { readonly label: string; readonly ending: string; readonly type: string }>
> = {
  csv: { label: 'CSV', ending: 'csv', type: 'text/csv; charset=utf-8' },
  ldif: { label: 'LDIF', ending: 'ldif', type: 'text/plain; charset=utf-8' },
  vcard: { label: 'vCard', ending: 'vcf', type: 'text/vcard; charset=utf-8' },
}

export function nameOf({ attributes }: Contact): string {
  return valuesOf(attributes, 'displayName')[0] ?? valuesOf(attributes, 'cn')[0] ?? ''
}

/** `Sales, Example Ltd.` */
export function workOf({ attributes }: Contact): string {
  const parts = (['department', 'company', 'o'] as const).flatMap((name) => valuesOf(attributes, name).slice(0, 1))
  return [...new Set(parts)].join(', ')
}

/** All numbers, the likeliest first. */
export function numbersOf({ attributes }: Contact): string[] {
  return NUMBER_WORDS.flatMap(({ name }) => valuesOf(attributes, name))
}

/** `manual` in our own words; other sources have names of their own. */
export function sourceText(source: string): string {
  return source === 'manual' ? 'Written here' : source
}

/** For a select; `nobody` says what an empty one means. */
export function regionOptions(directory: DirectoryPort, nobody: string, also = ''): Option[] {
  const names = new Set([...directory.regions(), ...(also === '' ? [] : [also])])
  return [{ value: '', label: nobody }, ...[...names].map((name) => ({ value: name, label: name }))]
}

const TABS = [
  ['', 'Contacts'],
  ['/try', 'Try it as a phone'],
  ['/phones', 'Phones’ settings'],
  ['/accounts', 'Accounts'],
  ['/upstreams', 'Other directories'],
] as const

/** The pages of the directory; `current` is the end of its path. */
export function tabs(current: (typeof TABS)[number][0]): { readonly label: string; readonly tabs: readonly Tab[] } {
  return {
    label: 'Directory',
    tabs: TABS.map(([path, label]) => ({ label, href: `${HOME}${path}`, current: path === current })),
  }
}

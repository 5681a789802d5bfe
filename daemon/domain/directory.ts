// SPDX-License-Identifier: Apache-2.0
import type { User } from './phone.ts'

/** What a phonebook knows of a person or place, under the names of inetOrgPerson and Active Directory. */
export const PERSON_ATTRIBUTES = [
  'cn',
  'sn',
  'givenName',
  'displayName',
  'telephoneNumber',
  'mobile',
  'homePhone',
  'ipPhone',
  'facsimileTelephoneNumber',
  'pager',
  'otherTelephone',
  'mail',
  'title',
  'o',
  'ou',
  'company',
  'department',
  'l',
  'description',
] as const
export type PersonAttribute = (typeof PERSON_ATTRIBUTES)[number]

/** Attributes that hold a number to dial, the one to dial first before others. */
export const PERSON_NUMBERS = [
  'telephoneNumber',
  'mobile',
  'ipPhone',
  'homePhone',
  'otherTelephone',
  'pager',
  'facsimileTelephoneNumber',
] as const satisfies readonly PersonAttribute[]

export type PersonAttributes = Readonly<Partial<Record<PersonAttribute, string | readonly string[]>>>

/** What every entry of a person has. */
export type CompletePerson = PersonAttributes & { readonly cn: string | readonly string[]; readonly sn: string }

/** Characters of one value, and values of one attribute. */
export const LONGEST_VALUE = 256
export const MOST_VALUES = 16

/** A phonebook entry that is no user of ours. */
export interface Contact {
  /** Lower-case letters, digits and `-`; the key, and the `uid` of its LDAP entry. */
  readonly id: string
  /** Only phones of this region see it; empty for everybody. */
  readonly region: string
  /** Name of the user whose personal contact it is; empty for a shared one. */
  readonly owner: string
  readonly attributes: CompletePerson
  /** Where it comes from: `manual`, or the name of an import or upstream directory. */
  readonly source: string
  /** Milliseconds since the epoch. */
  readonly changedAt: number
}

/** A name and password with which phones may search; what they see can be one region only. */
export interface DirectoryAccount {
  /** In lower case; the key. */
  readonly name: string
  /** Algorithm, parameters, salt and hash in one string; never the password. */
  readonly passwordHash: string
  /** Empty for the entries of all regions. */
  readonly region: string
  /** The user whose phones use it: it sees that user's personal contacts, too. */
  readonly owner?: string
}

/** How a run of an upstream directory ended; times in milliseconds. */
export interface SyncRun {
  readonly at: number
  readonly took: number
  readonly added: number
  readonly changed: number
  readonly unchanged: number
  readonly removed: number
  readonly rejected: number
  /** Why it failed, in a sentence and without secrets; undefined when it went well. */
  readonly problem?: string
}

/**
 * Fills in what a person's entry must have, from what is known: `cn` and `sn` from the other names, `displayName` from
 * `cn`. Control characters become blanks; empty values, and those longer or more than allowed, are left out. Undefined
 * without a name.
 */
export function completePerson(given: PersonAttributes): CompletePerson | undefined {
  const clean: Partial<Record<PersonAttribute, string | readonly string[]>> = {}
  for (const name of PERSON_ATTRIBUTES) {
    const values = cleaned(given[name])
    if (values !== undefined) clean[name] = values
  }
  const spoken = [first(clean.givenName), first(clean.sn)].filter((part) => part !== undefined).join(' ')
  const name = first(clean.displayName) ?? first(clean.cn) ?? (spoken || first(clean.company) || first(clean.o))
  if (!name) return undefined
  return {
    ...clean,
    cn: clean.cn ?? name,
    sn: first(clean.sn) ?? lastWord(name),
    displayName: first(clean.displayName) ?? name,
  }
}

const LONGEST_REGION = 64

/** Why a region cannot be called this, in a sentence; empty stands for all regions. */
export function regionProblem(region: string): string | undefined {
  if (region.length > LONGEST_REGION) return `The name of a region has at most ${LONGEST_REGION} characters.`
  return /\p{Cc}/u.test(region) ? 'The name of a region has no control characters.' : undefined
}

/** What `completePerson` would leave out, told to a person who typed it. */
export function personProblems(
  given: PersonAttributes,
): { readonly name: PersonAttribute; readonly problem: string }[] {
  return PERSON_ATTRIBUTES.flatMap((name) => {
    const values = [given[name] ?? []].flat()
    if (values.length > MOST_VALUES) return [{ name, problem: `At most ${MOST_VALUES} values are kept here.` }]
    if (values.every((value) => value.trim().length <= LONGEST_VALUE)) return []
    return [{ name, problem: `At most ${LONGEST_VALUE} characters are kept here.` }]
  })
}

/** A user of the fleet as a phonebook shows one; names that are too long to show are not. */
export function userAttributes({ name, displayName, phoneNumber }: User): CompletePerson {
  const shown = displayName.trim() || name
  const telephoneNumber = phoneNumber.split(',')
  const givenName = shown.split(/\s+/).slice(0, -1).join(' ')
  const complete = completePerson({ displayName: shown, givenName, sn: lastWord(shown), telephoneNumber })
  return complete ?? completePerson({ cn: name }) ?? { cn: '?', sn: '?' }
}

function first(values: string | readonly string[] | undefined): string | undefined {
  return typeof values === 'string' ? values : values?.[0]
}

function lastWord(name: string): string {
  return name.split(/\s+/).at(-1) ?? name
}

/** One value needs no list; none is undefined. */
function cleaned(values: string | readonly string[] | undefined): string | readonly string[] | undefined {
  const list = (typeof values === 'string' ? [values] : (values ?? []))
    .map((value) => value.replaceAll(/\p{Cc}+/gu, ' ').trim())
    .filter((value) => value !== '' && value.length <= LONGEST_VALUE)
  return list.length > 1 ? [...new Set(list)].slice(0, MOST_VALUES) : list[0]
}

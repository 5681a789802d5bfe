// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type Contact, completePerson } from '#daemon/domain/directory'
import { readCsv } from '#daemon/domain/directory-csv'
import type { DirectoryFormat, FileContents, FilePerson, Rejected } from '#daemon/domain/directory-file'
import { readLdif } from '#daemon/domain/directory-ldif'
import { readVcard } from '#daemon/domain/directory-vcard'

/** Characters of a file, and entries of it, that are read. */
export const LONGEST_FILE = 64 * 2 ** 20
export const MOST_PEOPLE = 200_000

export interface ImportRequest extends Target {
  readonly format: DirectoryFormat
  readonly text: string
}

/** Where entries go that come from a file or another directory. */
export interface Target {
  /** Names this phonebook: importing it again changes its entries and no others. */
  readonly source: string
  /** For entries that name no region themselves; empty for all regions. */
  readonly region: string
  /** Take away entries of this source that the file no longer has. */
  readonly replace: boolean
}

/** What an import would do. */
export interface ImportPlan {
  readonly added: readonly Contact[]
  readonly changed: readonly Contact[]
  readonly unchanged: number
  /** Ids of contacts that go. */
  readonly removed: readonly string[]
  readonly rejected: readonly Rejected[]
}

const READERS: Readonly<Record<DirectoryFormat, (text: string) => FileContents>> = {
  csv: readCsv,
  ldif: readLdif,
  vcard: readVcard,
}

/** Compares a file with the contacts that are known; changes nothing. `now` is in milliseconds since the epoch. */
export function planImport(request: ImportRequest, known: Iterable<Contact>, now: number): ImportPlan {
  if (request.text.length > LONGEST_FILE) return refused('the file is too long')
  return planPeople(READERS[request.format](request.text), request, known, now)
}

/** The same for entries that were read already. */
export function planPeople(contents: FileContents, target: Target, known: Iterable<Contact>, now: number): ImportPlan {
  const { people, rejected } = contents
  if (people.length > MOST_PEOPLE) return refused(`there are more than ${MOST_PEOPLE} entries`)

  const before = new Map([...known].map((contact) => [contact.id, contact]))
  const [added, changed]: [Contact[], Contact[]] = [[], []]
  const problems = [...rejected]
  const seen = new Set<string>()
  let unchanged = 0
  for (const person of people) {
    const contact = contactOf(person, target, now)
    if (typeof contact === 'string' || seen.has(contact.id)) {
      problems.push({
        line: person.line,
        reason: typeof contact === 'string' ? contact : 'this entry comes twice',
      })
      continue
    }
    seen.add(contact.id)
    const old = before.get(contact.id)
    if (!old) added.push(contact)
    else if (sameContents(old, contact)) unchanged++
    else changed.push(contact)
  }
  const gone = target.replace
    ? [...before.values()].filter(({ id, source }) => source === target.source && !seen.has(id))
    : []
  const removed = gone.map(({ id }) => id)
  return { added, changed, unchanged, removed, rejected: problems.sort((a, b) => a.line - b.line) }
}

/** The contact, or why there is none. */
function contactOf(person: FilePerson, { source, region }: Target, now: number): Contact | string {
  const attributes = completePerson(person.attributes)
  if (!attributes) return 'no name'
  const id = idOf(source, person)
  return { id, region: person.region ?? region, owner: '', attributes, source, changedAt: now }
}

/**
 * The same entry gets the same id each time: by what the file calls it, else by its mail address, else by its name and
 * number. Sources do not mix.
 */
function idOf(source: string, { key, attributes }: FilePerson): string {
  const { displayName, cn, givenName, sn, telephoneNumber, mobile, mail } = attributes
  const named = key || [mail].flat()[0] || JSON.stringify([displayName, cn, givenName, sn, telephoneNumber, mobile])
  return createHash('sha256').update(`${source}\0${named.toLowerCase()}`).digest('hex').slice(0, 20)
}

function sameContents(one: Contact, other: Contact): boolean {
  return one.region === other.region && isDeepStrictEqual(one.attributes, other.attributes)
}

function refused(reason: string): ImportPlan {
  return { added: [], changed: [], unchanged: 0, removed: [], rejected: [{ line: 1, reason }] }
}

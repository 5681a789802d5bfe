// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type Contact, completePerson, regionProblem } from '#daemon/domain/directory'
import { readCsv } from '#daemon/domain/directory-csv'
import {
  type DirectoryFormat,
  type FileContents,
  type FilePerson,
  NO_PAUSE,
  type Pause,
  type Rejected,
} from '#daemon/domain/directory-file'
import { readLdif } from '#daemon/domain/directory-ldif'
import { readVcard } from '#daemon/domain/directory-vcard'
import { NO_REGIONS, type Regions } from './regions.ts'

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
  readonly changed: readonly { readonly before: Contact; readonly after: Contact }[]
  readonly unchanged: number
  readonly removed: readonly Contact[]
  /** By line. */
  readonly rejected: readonly Rejected[]
}

type Reader = (text: string, pause: Pause) => Promise<FileContents>

const READERS: Readonly<Record<DirectoryFormat, Reader>> = { csv: readCsv, ldif: readLdif, vcard: readVcard }

/** What a plan is made against: the contacts there are, and the time in milliseconds since the epoch. */
export interface Circumstances {
  readonly known: () => Iterable<Contact>
  readonly now: number
  readonly pause?: Pause
  readonly regions?: Regions
}

/** Compares a file with the contacts that are known when it has been read; changes nothing. */
export async function planImport(request: ImportRequest, circumstances: Circumstances): Promise<ImportPlan> {
  if (request.text.length > LONGEST_FILE) return refused('the file is too long')
  const contents = await READERS[request.format](request.text, circumstances.pause ?? NO_PAUSE)
  return planPeople(contents, request, circumstances)
}

/** The same for entries that were read already. */
export async function planPeople(
  { people, rejected }: FileContents,
  target: Target,
  { known, now, pause = NO_PAUSE, regions = NO_REGIONS }: Circumstances,
): Promise<ImportPlan> {
  if (people.length > MOST_PEOPLE) return refused(`there are more than ${MOST_PEOPLE} entries`)

  const before = new Map<string, Contact>()
  for (const contact of known()) before.set(contact.id, contact)
  const added: Contact[] = []
  const changed: ImportPlan['changed'][number][] = []
  const problems = [...rejected]
  const seen = new Set<string>()
  let unchanged = 0
  for (const [i, person] of people.entries()) {
    const wait = pause(i)
    if (wait) await wait
    const contact = contactOf(person, target, now, regions)
    if (typeof contact === 'string' || seen.has(contact.id)) {
      const reason = typeof contact === 'string' ? contact : 'this entry comes twice'
      problems.push({ line: person.line, reason })
      continue
    }
    seen.add(contact.id)
    const old = before.get(contact.id)
    if (!old) added.push(contact)
    else if (sameContents(old, contact)) unchanged++
    else changed.push({ before: old, after: contact })
  }
  const removed = target.replace
    ? [...before.values()].filter(({ id, source }) => source === target.source && !seen.has(id))
    : []
  return { added, changed, unchanged, removed, rejected: problems.sort((a, b) => a.line - b.line) }
}

/** The contact, or why there is none. */
function contactOf(person: FilePerson, { source, region }: Target, now: number, regions: Regions): Contact | string {
  const attributes = completePerson(person.attributes)
  if (!attributes) return 'no name'
  const id = idOf(source, person)
  const wrongRegion = regionProblem(person.region ?? region)
  if (wrongRegion) return wrongRegion
  return { id, region: regions.canonical(person.region ?? region), owner: '', attributes, source, changedAt: now }
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

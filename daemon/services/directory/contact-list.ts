// SPDX-License-Identifier: Apache-2.0
import { type Contact, PERSON_NUMBERS } from '#daemon/domain/directory'
import { valuesOf } from '#daemon/domain/directory-file'
import type { Store } from '#daemon/store/store'
import { contacts } from '#daemon/store/tables'
import { normalize } from '#protocols/ldap/port'
import type { ContactOrder, ContactPage, ContactQuery } from '#web/ports/directory'

/** Words that are searched for; more only cost time. */
const MOST_WORDS = 8

/** A contact made ready for looking through. */
interface Row {
  readonly contact: Contact
  /** Names in words, each with a blank before it; then the digits of each number. */
  readonly words: string
  readonly digits: string
  /** In which it is sorted by name. */
  readonly name: string
}

/** Contacts in any order; sorted again only when one has changed. */
export class ContactList {
  readonly #store: Store
  readonly #rows = new WeakMap<Contact, Row>()
  #sorted = new Map<ContactOrder, readonly Row[]>()
  #sources: readonly string[] | undefined
  #regions: readonly string[] | undefined
  #unwatch: (() => void) | undefined

  constructor(store: Store) {
    this.#store = store
  }

  start(): void {
    this.#unwatch = this.#store.watch(contacts, 'now', () => this.#forget())
  }

  stop(): void {
    this.#unwatch?.()
    this.#forget()
  }

  find({ text, region, source, order, descending, page, pageSize }: ContactQuery): ContactPage {
    const words = wordsOf(text).split(' ').filter(Boolean).slice(0, MOST_WORDS)
    const found = this.#inOrder(order).filter(
      (row) =>
        (region === undefined || row.contact.region === region) &&
        (source === undefined || row.contact.source === source) &&
        words.every((word) => row.words.includes(` ${word}`) || (/^\d+$/.test(word) && row.digits.includes(word))),
    )
    if (descending) found.reverse()
    const start = (Math.max(1, page) - 1) * pageSize
    return { rows: found.slice(start, start + pageSize).map(({ contact }) => contact), total: found.length }
  }

  sources(): readonly string[] {
    this.#sources ??= this.#distinct(({ source }) => source)
    return this.#sources
  }

  regions(): readonly string[] {
    this.#regions ??= this.#distinct(({ region }) => region)
    return this.#regions
  }

  #forget(): void {
    this.#sources = undefined
    this.#regions = undefined
    this.#sorted = new Map()
  }

  #distinct(of: (contact: Contact) => string): string[] {
    const found = new Set<string>()
    for (const { value } of this.#store.entries(contacts)) found.add(of(value))
    return [...found].filter(Boolean).sort()
  }

  #inOrder(order: ContactOrder): readonly Row[] {
    const known = this.#sorted.get(order)
    if (known) return known
    const keyed = Array.from(this.#store.entries(contacts), ({ value }) => {
      const row = this.#row(value)
      return { row, key: order === 'name' ? row.name : keyOf(value, order) }
    })
    const rows = keyed.sort((a, b) => compare(a.key, b.key) || compare(a.row.name, b.row.name)).map(({ row }) => row)
    this.#sorted.set(order, rows)
    return rows
  }

  #row(contact: Contact): Row {
    const known = this.#rows.get(contact)
    if (known) return known
    const { attributes } = contact
    const names = ['displayName', 'cn', 'givenName', 'sn', 'company', 'department'] as const
    const spoken = new Set(names.flatMap((name) => wordsOf(valuesOf(attributes, name).join(' ')).split(' ')))
    const digits = PERSON_NUMBERS.flatMap((name) => valuesOf(attributes, name).map((one) => normalize('number', one)))
    const row = {
      contact,
      words: ` ${[...spoken].join(' ')}`,
      digits: digits.join(' '),
      name: wordsOf(valuesOf(attributes, 'displayName')[0] ?? ''),
    }
    this.#rows.set(contact, row)
    return row
  }
}

/** Case, accents and signs taken away. */
function wordsOf(text: string): string {
  return normalize('text', text).replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
}

/** What has none comes last. */
function keyOf(
  { attributes, region, source, changedAt }: Contact,
  order: Exclude<ContactOrder, 'name'>,
): string | number {
  switch (order) {
    case 'company':
      return wordsOf(valuesOf(attributes, 'company')[0] ?? valuesOf(attributes, 'o')[0] ?? '') || LAST
    case 'number':
      return normalize('number', PERSON_NUMBERS.flatMap((name) => valuesOf(attributes, name))[0] ?? '') || LAST
    case 'region':
      return wordsOf(region)
    case 'source':
      return wordsOf(source)
    case 'changed':
      return changedAt
  }
}

const LAST = '\u{10FFFF}'

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { completePerson } from '#daemon/domain/directory'
import { type Cursor, IntersectionCursor, ListCursor, UnionCursor } from '#daemon/services/directory/cursor'
import { Entries } from '#daemon/services/directory/entries'
import { END, Postings } from '#daemon/services/directory/postings'
import { Tree } from '#daemon/services/directory/tree'
import { compile, evaluate } from '#protocols/ldap/filter'
import type { LdapEntry } from '#protocols/ldap/port'
import { filterText, randomFilter } from '#test/protocols/ldap/filters'
import { person, sequence } from '#test/protocols/ldap/people'

const tree = new Tree('dc=example,dc=com')

function put(entries: Entries, id: string, number: number): LdapEntry {
  const entry = tree.entry('contacts', id, person(number))
  entries.put(id, { branch: 'contacts', entry, region: '', owner: '' })
  return entry
}

/** All numbers a cursor gives. */
function walk(cursor: Cursor): number[] {
  const numbers: number[] = []
  for (let number = cursor.seek(0); number !== END; number = cursor.seek(number + 1)) numbers.push(number)
  return numbers
}

describe('Postings', () => {
  test('hold what a sorted set holds, whatever is added and removed', () => {
    const step = fc.tuple(fc.boolean(), fc.nat(60))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const [postings, model] = [new Postings(), new Set<number>()]
        for (const [add, number] of steps) {
          if (add) {
            postings.add(number)
            model.add(number)
          } else {
            postings.remove(number)
            model.delete(number)
          }
        }
        expect(walk(new ListCursor(postings))).toEqual([...model].sort((a, b) => a - b))
        expect(postings.length).toBe(model.size)
      }),
      { numRuns: 300 },
    )
  })
})

describe('cursors', () => {
  const numbers = fc.uniqueArray(fc.nat(300), { maxLength: 80, size: 'max' })
  const listOf = (items: readonly number[]) => {
    const list = new Postings()
    for (const item of items) list.add(item)
    return list
  }

  test('union and intersection are those of sets', () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 4 }), (sets) => {
        const lists = sets.map(listOf)
        const cursors = () => lists.map((list) => new ListCursor(list))
        const every = [...new Set(sets.flat())].sort((a, b) => a - b)
        expect(walk(new UnionCursor(cursors()))).toEqual(every)
        expect(walk(new IntersectionCursor(cursors()))).toEqual(
          every.filter((n) => sets.every((set) => set.includes(n))),
        )
      }),
      { numRuns: 300 },
    )
  })

  test('a list that changes while it is walked: what stays is found once, in order', () => {
    const change = fc.tuple(fc.boolean(), fc.nat(300))
    fc.assert(
      fc.property(numbers, fc.array(change, { maxLength: 200, size: 'max' }), (items, given) => {
        const changes = [...given]
        const list = listOf(items)
        const cursor = new ListCursor(list)
        const seen: number[] = []
        const touched = new Set<number>()
        for (let number = cursor.seek(0); number !== END; number = cursor.seek(number + 1)) {
          seen.push(number)
          for (const [add, other] of changes.splice(0, 3)) {
            touched.add(other)
            if (add) list.add(other)
            else list.remove(other)
          }
        }
        expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b))
        for (const item of items) if (!touched.has(item)) expect(seen).toContain(item)
      }),
      { numRuns: 300 },
    )
  })
})

describe('Entries', () => {
  const entries = new Entries()
  const all = Array.from({ length: 500 }, (_, i) => put(entries, `c${i}`, i))

  /** The entries that are found, and how many had to be looked at. */
  function found(filter: Parameters<typeof compile>[0]) {
    const condition = compile(filter)
    const candidates = walk(entries.select(condition)).map((number) => entries.at(number)?.entry)
    const matches = candidates.filter((entry) => entry && evaluate(condition, entry.attributes) === true)
    return { matches, candidates }
  }

  test('the index loses nothing: 1,000 generated filters find what a look at every entry finds', () => {
    const random = sequence(7)
    for (let i = 0; i < 1_000; i++) {
      const filter = randomFilter(random, all)
      const condition = compile(filter)
      const expected = all.filter((entry) => evaluate(condition, entry.attributes) === true)
      expect(found(filter).matches, filterText(filter)).toEqual(expected)
    }
  })

  const begins = (attribute: string, initial: string) => {
    return { kind: 'substrings', attribute, initial, any: [], final: undefined } as const
  }
  test.each([
    [
      'two letters of a name',
      { kind: 'or', filters: ['sn', 'givenName', 'displayName'].map((name) => begins(name, 'ab')) },
    ],
    ['a whole name', begins('displayName', String(all[3]?.attributes.displayName).slice(0, 9))],
    [
      'a number',
      {
        kind: 'or',
        filters: ['telephoneNumber', 'mobile'].map((name) =>
          begins(name, String(all[3]?.attributes.telephoneNumber).slice(0, 12)),
        ),
      },
    ],
    [
      'an end of a number',
      {
        ...begins('telephoneNumber', ''),
        initial: undefined,
        final: String(all[3]?.attributes.telephoneNumber).slice(-6),
      },
    ],
    ['a part of a name', { ...begins('sn', ''), initial: undefined, any: ['ster'] }],
    [
      'of two conditions the narrower one',
      { kind: 'and', filters: [{ kind: 'present', attribute: 'mail' }, begins('uid', 'c49')] },
    ],
    [
      'what can never be true',
      { kind: 'and', filters: [{ kind: 'equal', attribute: 'shoeSize', value: '42' }, begins('sn', 'a')] },
    ],
  ] satisfies [string, Parameters<typeof compile>[0]][])('few entries are looked at for %s', (_, filter) => {
    const { matches, candidates } = found(filter)
    expect(candidates.length).toBeLessThanOrEqual(matches.length + 5)
  })

  test('changes: the index says the same as one that was made afresh', () => {
    const id = fc.nat(30).map((n) => `c${n}`)
    const step = fc.tuple(id, fc.option(fc.nat(200)))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.nat(10_000), (steps, seed) => {
        const changed = new Entries()
        const model = new Map<string, LdapEntry>()
        for (const [name, number] of steps) {
          if (number === null) {
            changed.remove('contacts', name)
            model.delete(name)
          } else model.set(name, put(changed, name, number))
        }
        expect(changed.count).toBe(model.size)
        const random = sequence(seed)
        for (let i = 0; i < 5; i++) {
          const condition = compile(randomFilter(random, [...model.values(), ...all.slice(0, 5)]))
          const matches = walk(changed.select(condition)).map((n) => changed.at(n)?.entry)
          const names = matches.filter((e) => e && evaluate(condition, e.attributes) === true).map((e) => e?.dn)
          const expected = [...model.values()]
            .filter((e) => evaluate(condition, e.attributes) === true)
            .map((e) => e.dn)
          expect(names.sort()).toEqual(expected.sort())
        }
      }),
      { numRuns: 100 },
    )
  })

  test('a changed entry is indexed in less than a millisecond', () => {
    const many = new Entries()
    for (let i = 0; i < 5_000; i++) put(many, `c${i}`, i)
    const fresh = Array.from({ length: 500 }, (_, i) => tree.entry('contacts', `c${i * 10}`, person(90_000 + i)))
    const { user } = process.cpuUsage()
    for (const [i, entry] of fresh.entries())
      many.put(`c${i * 10}`, { branch: 'contacts', entry, region: '', owner: '' })
    expect((process.cpuUsage().user - user) / 1_000 / fresh.length).toBeLessThan(1)
  })
})

describe('completePerson', () => {
  test.each([
    [{ cn: 'Ann Lee' }, { cn: 'Ann Lee', sn: 'Lee', displayName: 'Ann Lee' }],
    [
      { givenName: 'Ann', sn: 'Lee' },
      { givenName: 'Ann', sn: 'Lee', cn: 'Ann Lee', displayName: 'Ann Lee' },
    ],
    [{ company: 'Example' }, { company: 'Example', cn: 'Example', sn: 'Example', displayName: 'Example' }],
    [
      { displayName: ' Reception  ', mobile: ' ' },
      { displayName: 'Reception', cn: 'Reception', sn: 'Reception' },
    ],
    [
      { cn: 'A', pager: ['1', '2', '1', ''] },
      { cn: 'A', sn: 'A', displayName: 'A', pager: ['1', '2'] },
    ],
    [
      { cn: 'A', title: 'x'.repeat(257) },
      { cn: 'A', sn: 'A', displayName: 'A' },
    ],
    [{ telephoneNumber: '123' }, undefined],
    [{ cn: ' ' }, undefined],
  ])('%j', (given, expected) => {
    expect(completePerson(given)).toEqual(expected)
  })
})

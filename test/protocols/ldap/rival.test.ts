// SPDX-License-Identifier: Apache-2.0
// The same entries in slapd and in our directory, the same questions to both: the same entries must come back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Entries } from '#daemon/services/directory/entries'
import { Tree } from '#daemon/services/directory/tree'
import type { Filter } from '#protocols/ldap/filter'
import type { SearchRequest } from '#protocols/ldap/messages'
import type { LdapEntry } from '#protocols/ldap/port'
import { LdapServer } from '#protocols/ldap/server'
import { Client, namesIn, search } from './client.ts'
import { filterText, randomFilter } from './filters.ts'
import { portOf, SUFFIX } from './house.ts'
import { toLdif } from './ldif.ts'
import { person, sequence } from './people.ts'
import { type Slapd, startSlapd } from './slapd.ts'

const PEOPLE = 400
const FILTERS = Number(process.env.OFFHOOK_FILTERS ?? 600)

const tree = new Tree(SUFFIX)
const people: LdapEntry[] = Array.from({ length: PEOPLE }, (_, i) => tree.entry('contacts', `c${i}`, person(i)))
let slapd: Slapd
let server: LdapServer
let ours: Client
let theirs: Client

beforeAll(async () => {
  slapd = await startSlapd(SUFFIX, toLdif([...tree.containers, ...people]))
  const entries = new Entries()
  for (const [i, entry] of people.entries()) entries.put(`c${i}`, { branch: 'contacts', entry, region: '', owner: '' })
  const listen = { address: '127.0.0.1', port: 0 }
  server = new LdapServer({ listen, port: portOf(entries), observe: () => {}, limits: { entries: 10_000 } })
  await server.start(new AbortController().signal)
  ours = await Client.open(server.health().endpoints[0]?.port ?? 0)
  theirs = await Client.open(slapd.port)
})

afterAll(async () => {
  ours?.close()
  theirs?.close()
  await server?.stop()
  await slapd?.close()
})

interface Outcome {
  readonly code: number
  readonly names: readonly string[]
}

async function outcome(client: Client, request: SearchRequest): Promise<Outcome> {
  client.forget()
  const answers = await client.ask(request)
  const last = answers.at(-1)
  return { code: last?.op.kind === 'searchDone' ? last.op.result.code : -1, names: namesIn(answers).sort() }
}

test(`${FILTERS} generated filters find the same entries`, { timeout: 20_000 + FILTERS * 50 }, async () => {
  const random = sequence(Number(process.env.OFFHOOK_SEED ?? 1))
  let found = 0
  let some = 0
  for (let i = 0; i < FILTERS; i++) {
    const filter = randomFilter(random, people)
    const request = search({ filter, attributes: ['1.1'] })
    const [mine, other] = await Promise.all([outcome(ours, request), outcome(theirs, request)])
    expect(mine, `filter ${i}: ${filterText(filter)}`).toEqual(other)
    found += mine.names.length
    if (mine.names.length > 0 && mine.names.length < PEOPLE) some++
  }
  // Had the filters found nothing, or all, the comparison would say little.
  expect(found).toBeGreaterThan(10 * FILTERS)
  expect(some).toBeGreaterThan(FILTERS / 3)
})

const first = people[0]?.dn ?? ''
const ALL: Filter = { kind: 'present', attribute: 'objectClass' }
describe('bases and scopes', () => {
  test.each([
    SUFFIX,
    `ou=contacts,${SUFFIX}`,
    `ou=people,${SUFFIX}`,
    first,
    first.toUpperCase(),
    `uid=nobody,${SUFFIX}`,
    'x',
  ])('%s', async (base) => {
    for (const scope of ['base', 'one', 'sub', 'children'] as const) {
      const request = search({ base, scope, filter: ALL, attributes: ['1.1'] })
      expect(await outcome(ours, request), scope).toEqual(await outcome(theirs, request))
    }
  })
})

test('an entry has the same attributes and values', async () => {
  for (const { dn } of [tree.containers[0], ...people.slice(0, 50)].filter((entry) => entry !== undefined)) {
    const request = search({ base: dn, scope: 'base', filter: ALL })
    const read = async (client: Client) => {
      const [answer] = await client.ask(request)
      if (answer?.op.kind !== 'searchEntry') throw new Error(`no entry ${dn}`)
      return answer.op.attributes.map(({ type, values }) => `${type}: ${[values].flat().sort()}`).sort()
    }
    expect(await read(ours)).toEqual(await read(theirs))
  }
})

test.each([
  ['sn', 'x'],
  ['mail', person(0).mail],
  ['pager', '1'],
  ['shoeSize', '1'],
  ['objectClass', 'person'],
])('compare %s gives the same code', async (attribute, value) => {
  const request = { kind: 'compare', entry: first, attribute, value: String(value) } as const
  expect(await ours.code(request)).toBe(await theirs.code(request))
})

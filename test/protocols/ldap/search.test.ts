// SPDX-License-Identifier: Apache-2.0
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Filter } from '#protocols/ldap/filter'
import type { LdapLimits } from '#protocols/ldap/limits'
import { type Control, OID, type Scope } from '#protocols/ldap/messages'
import type { DirectoryView, Dn, LdapPort, Query } from '#protocols/ldap/port'
import { BerReader, BerWriter, TAG } from '#protocols/lib/ber'
import { type Answer, Client, namesIn, search } from './client.ts'
import { BULKY, portOf, STAFF, SUFFIX, serve, shelf } from './house.ts'
import { person } from './people.ts'

const CONTACTS = `ou=contacts,${SUFFIX}`
const dnOf = (id: string) => `uid=${id},${CONTACTS}`
const PEOPLE: Filter = { kind: 'present', attribute: 'sn' }

async function staffClient(limits: Partial<LdapLimits> = {}): Promise<Client> {
  return clientFor(await serve({ port: portOf(shelf(STAFF)), limits }))
}

async function clientFor({ port }: { port: number }): Promise<Client> {
  const client = await Client.open(port)
  onTestFinished(() => client.close())
  return client
}

function resultOf(answers: readonly Answer[]) {
  const last = answers.at(-1)
  if (last?.op.kind !== 'searchDone') throw new Error('the search has no end')
  return { code: last.op.result.code, controls: last.controls }
}

function control(oid: string, critical: boolean, write: (writer: BerWriter) => void): Control {
  const writer = new BerWriter()
  const mark = writer.begin()
  write(writer)
  writer.end(mark)
  return { oid, critical, value: writer.done() }
}

/** The elements of a response control's value: numbers and texts. */
function valuesOf(controls: readonly Control[], oid: string): (number | string)[] {
  const found = controls.find((each) => each.oid === oid)
  if (!found?.value) throw new Error(`no control ${oid}`)
  const reader = new BerReader(found.value).enter(TAG.sequence)
  const values: (number | string)[] = []
  while (reader.tag >= 0) {
    values.push(
      reader.tag === TAG.integer || reader.tag === TAG.enumerated
        ? reader.integer(reader.tag)
        : reader.text(reader.tag),
    )
  }
  return values
}

describe('base and scope [RFC4511 §4.5.1.1–2]', () => {
  const people = Object.keys(STAFF).map(dnOf)
  test.each([
    ['sub', SUFFIX, 'sub', [SUFFIX, `ou=people,${SUFFIX}`, CONTACTS, ...people], 0],
    ['children', SUFFIX, 'children', [`ou=people,${SUFFIX}`, CONTACTS, ...people], 0],
    ['one', SUFFIX, 'one', [`ou=people,${SUFFIX}`, CONTACTS], 0],
    ['base', SUFFIX, 'base', [SUFFIX], 0],
    ['one below a branch', CONTACTS, 'one', people, 0],
    ['sub below a branch', CONTACTS.toUpperCase(), 'sub', [CONTACTS, ...people], 0],
    ['sub below an empty branch', `ou=people,${SUFFIX}`, 'children', [], 0],
    ['base of an entry', dnOf('mia'), 'base', [dnOf('mia')], 0],
    ['sub of an entry', dnOf('mia'), 'sub', [dnOf('mia')], 0],
    ['one of an entry', dnOf('mia'), 'one', [], 0],
    ['no base at all, as phones are configured', '', 'sub', [SUFFIX, `ou=people,${SUFFIX}`, CONTACTS, ...people], 0],
    ['right below no base at all', '', 'one', [SUFFIX], 0],
    ['an entry that is not there', dnOf('bob'), 'base', [], 32],
    ['below an entry that is not there', `cn=x,${dnOf('bob')}`, 'sub', [], 32],
    ['another suffix', 'dc=com', 'sub', [], 32],
    ['no distinguished name', 'contacts', 'sub', [], 34],
  ] satisfies [string, string, Scope, string[], number][])('%s', async (_, base, scope, names, code) => {
    const answers = await (await staffClient()).ask(search({ base, scope }))
    expect(namesIn(answers).sort()).toEqual(names.toSorted())
    expect(resultOf(answers).code).toBe(code)
  })
})

describe('attributes [RFC4511 §4.5.1.8]', () => {
  const base = dnOf('ann')
  const user = ['objectClass', 'uid', 'sn', 'givenName', 'telephoneNumber', 'mail', 'cn', 'displayName']
  const operational = ['entryDN', 'subschemaSubentry']
  test.each([
    ['none named', [], user],
    ['*', ['*'], user],
    ['+ [RFC3673]', ['+'], operational],
    ['* and +', ['*', '+'], [...user, ...operational]],
    ['1.1', ['1.1'], []],
    ['1.1 among others is passed over', ['1.1', 'sn'], ['sn']],
    ['any case', ['SN', 'TELEPHONEnumber'], ['sn', 'telephoneNumber']],
    ['object identifiers', ['2.5.4.4'], ['sn']],
    ['a supertype', ['name'], ['cn', 'sn', 'givenName']],
    ['what nobody knows', ['shoeSize', 'mobile'], []],
    ['with options', ['sn;lang-de'], []],
    ['operational by name', ['entryDN', 'sn'], ['entryDN', 'sn']],
    ['* and one operational', ['*', 'entrydn'], [...user, 'entryDN']],
  ])('%s', async (_, attributes, expected) => {
    const [entry] = await (await staffClient()).ask(search({ base, scope: 'base', attributes }))
    if (entry?.op.kind !== 'searchEntry') throw new Error('no entry')
    expect(entry.op.attributes.map(({ type }) => type).sort()).toEqual(expected.toSorted())
    for (const { values } of entry.op.attributes) expect(values.length).toBeGreaterThan(0)
  })

  test('typesOnly sends no values', async () => {
    const client = await staffClient()
    const [entry] = await client.ask(search({ base, scope: 'base', typesOnly: true }))
    if (entry?.op.kind !== 'searchEntry') throw new Error('no entry')
    expect(entry.op.attributes.map(({ type }) => type)).toContain('telephoneNumber')
    for (const { values } of entry.op.attributes) expect(values).toEqual([])
    // The same entry with values, asked for next, is not mixed up with it.
    expect(JSON.stringify(await client.ask(search({ base, scope: 'base' })))).toContain('+49 (30) 123-45')
  })

  test('other lists of attributes are not mixed up, however they are spelled', async () => {
    const client = await staffClient()
    const types = async (attributes: string[]) => {
      const [entry] = await client.ask(search({ base, scope: 'base', attributes }))
      return entry?.op.kind === 'searchEntry' ? entry.op.attributes.map(({ type }) => type) : []
    }
    expect(await types(['sn,mail'])).toEqual([])
    expect(await types(['sn', 'mail'])).toEqual(['sn', 'mail'])
  })

  test('an entry that changed is sent as it is now', async () => {
    const entries = shelf(STAFF)
    const client = await clientFor(await serve({ port: portOf(entries) }))
    const mail = async () => JSON.stringify(await client.ask(search({ base, scope: 'base', attributes: ['mail'] })))
    expect(await mail()).toContain('ann@example.com')
    const changed = shelf({ ann: { cn: 'Ann Lee', mail: 'lee@example.com' } }).get('contacts', 'uid=ann')
    if (changed) entries.put('ann', changed)
    expect(await mail()).toContain('lee@example.com')
  })
})

describe('the server’s own entries [RFC4512 §4.2, §5.1]', () => {
  test('the root DSE names what there is, and its operational attributes only when asked', async () => {
    const client = await staffClient()
    const plain = await client.ask(search({ base: '', scope: 'base' }))
    expect(namesIn(plain)).toEqual([''])
    expect(JSON.stringify(plain)).not.toContain('supportedControl')
    const full = JSON.stringify(await client.ask(search({ base: '', scope: 'base', attributes: ['+'] })))
    for (const told of [SUFFIX, OID.pagedResults, OID.sortRequest, OID.vlvRequest, OID.whoAmI, 'cn=Subschema']) {
      expect(full).toContain(told)
    }
  })

  test.each(['cn=Subschema', 'CN = subschema'])('%s describes every attribute of an entry', async (base) => {
    const client = await staffClient()
    const [schema] = await client.ask(search({ base, scope: 'base', attributes: ['attributeTypes', 'objectClasses'] }))
    const text = JSON.stringify(schema)
    for (const name of ['telephoneNumber', 'otherTelephone', 'inetOrgPerson', 'displayName'])
      expect(text).toContain(`'${name}'`)
  })
})

describe('limits', () => {
  test('sizeLimit: that many entries, then code 4 [RFC4511 §4.5.1.4]', async () => {
    const answers = await (await staffClient()).ask(search({ filter: PEOPLE, sizeLimit: 3 }))
    expect(namesIn(answers)).toHaveLength(3)
    expect(resultOf(answers).code).toBe(4)
  })

  test('sizeLimit of exactly what there is: no code 4', async () => {
    const answers = await (await staffClient()).ask(search({ filter: PEOPLE, sizeLimit: 4 }))
    expect(namesIn(answers)).toHaveLength(4)
    expect(resultOf(answers).code).toBe(0)
  })

  test('the server’s own limit holds for a client that sets none', async () => {
    const answers = await (await staffClient({ entries: 2 })).ask(search({ filter: PEOPLE }))
    expect(namesIn(answers)).toHaveLength(2)
    expect(resultOf(answers).code).toBe(4)
  })

  test('time: what was found so far, then code 3 [RFC4511 §4.5.1.5]', async () => {
    const people = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [`p${i}`, person(i)]))
    const limits = { searchMs: 0, entries: 10_000 }
    const client = await clientFor(await serve({ port: portOf(shelf(people)), limits }))
    const answers = await client.ask(
      search({ filter: { kind: 'not', filter: { kind: 'equal', attribute: 'sn', value: 'x' } } }),
    )
    expect(namesIn(answers).length).toBeGreaterThan(0)
    expect(namesIn(answers).length).toBeLessThan(3_000)
    expect(resultOf(answers).code).toBe(3)
  })
})

describe('paged results [RFC2696]', () => {
  const page = (size: number, cookie = '') =>
    control(OID.pagedResults, true, (writer) => {
      writer.integer(size)
      writer.text(cookie)
    })
  const cookieOf = (answers: readonly Answer[]) => String(valuesOf(resultOf(answers).controls, OID.pagedResults)[1])

  test('page after page gives every entry once; the last cookie is empty', async () => {
    const client = await staffClient()
    const pages: string[][] = []
    let cookie = ''
    do {
      const answers = await client.ask(search({ filter: PEOPLE }), [page(3, cookie)])
      expect(resultOf(answers).code).toBe(0)
      pages.push(namesIn(answers))
      cookie = cookieOf(answers)
    } while (cookie !== '')
    expect(pages.map((names) => names.length)).toEqual([3, 1])
    expect(pages.flat().sort()).toEqual(Object.keys(STAFF).map(dnOf).sort())
  })

  test('the server’s limit bounds a page, not the whole', async () => {
    const client = await staffClient({ entries: 2 })
    const first = await client.ask(search({ filter: PEOPLE }), [page(100)])
    expect([namesIn(first).length, resultOf(first).code]).toEqual([2, 0])
    const second = await client.ask(search({ filter: PEOPLE }), [page(100, cookieOf(first))])
    expect([namesIn(second).length, cookieOf(second)]).toEqual([2, ''])
  })

  test('sizeLimit bounds all pages together', async () => {
    const client = await staffClient()
    const first = await client.ask(search({ filter: PEOPLE, sizeLimit: 3 }), [page(2)])
    const second = await client.ask(search({ filter: PEOPLE, sizeLimit: 3 }), [page(2, cookieOf(first))])
    expect([namesIn(second).length, resultOf(second).code, cookieOf(second)]).toEqual([1, 4, ''])
  })

  test('a cookie that was never given, or was used, is refused', async () => {
    const client = await staffClient()
    const first = await client.ask(search({ filter: PEOPLE }), [page(2)])
    expect(await client.code(search({ filter: PEOPLE }), [page(2, 'made up')])).toBe(53)
    expect(await client.code(search({ filter: PEOPLE }), [page(2, cookieOf(first))])).toBe(53)
  })

  test('size 0 with a cookie gives the rest up', async () => {
    const client = await staffClient()
    const first = await client.ask(search({ filter: PEOPLE }), [page(2)])
    const end = await client.ask(search({ filter: PEOPLE }), [page(0, cookieOf(first))])
    expect([namesIn(end).length, resultOf(end).code, cookieOf(end)]).toEqual([0, 0, ''])
  })

  test('pages of a directory that changes meanwhile give what stayed exactly once', async () => {
    const people = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`p${i}`, person(i)]))
    const entries = shelf(people)
    const client = await clientFor(await serve({ port: portOf(entries) }))
    const seen: string[] = []
    let cookie = ''
    let round = 0
    do {
      const answers = await client.ask(search({ filter: PEOPLE }), [page(37, cookie)])
      seen.push(...namesIn(answers))
      cookie = cookieOf(answers)
      entries.remove('contacts', `p${round * 7}`)
      const fresh = shelf({ [`new${round}`]: person(1_000 + round) }).get('contacts', `uid=new${round}`)
      if (fresh) entries.put(`new${round}`, fresh)
      round++
    } while (cookie !== '')
    expect(new Set(seen).size).toBe(seen.length)
    const touched = new Set(Array.from({ length: round }, (_, i) => dnOf(`p${i * 7}`)))
    for (const id of Object.keys(people)) if (!touched.has(dnOf(id))) expect(seen).toContain(dnOf(id))
  })

  test('a sorted list is paged in its order', async () => {
    const client = await staffClient()
    const first = await client.ask(search({ filter: PEOPLE }), [sort('sn'), page(3)])
    const second = await client.ask(search({ filter: PEOPLE }), [sort('sn'), page(3, cookieOf(first))])
    expect([...namesIn(first), ...namesIn(second)]).toEqual(['zoe', 'ann', 'joerg', 'mia'].map(dnOf))
    expect(cookieOf(second)).toBe('')
  })
})

/** `-name` sorts backwards; `name:rule` asks for a rule. */
function sort(keys: string, critical = true): Control {
  return control(OID.sortRequest, critical, (writer) => {
    for (const key of keys.split(' ')) {
      const [name = '', rule] = key.replace(/^-/, '').split(':')
      const mark = writer.begin()
      writer.text(name)
      if (rule) writer.text(rule, 0x80)
      if (key.startsWith('-')) writer.boolean(true, 0x81)
      writer.end(mark)
    }
  })
}

describe('server-side sorting [RFC2891]', () => {
  test.each([
    ['sn', ['zoe', 'ann', 'joerg', 'mia']],
    ['-sn', ['mia', 'joerg', 'ann', 'zoe']],
    ['displayName', ['ann', 'joerg', 'mia', 'zoe']],
    ['sn:caseIgnoreOrderingMatch', ['zoe', 'ann', 'joerg', 'mia']],
    ['sn:2.5.13.3', ['zoe', 'ann', 'joerg', 'mia']],
    ['title -sn', ['mia', 'joerg', 'ann', 'zoe']],
    ['-title sn', ['zoe', 'ann', 'joerg', 'mia']],
  ])('by %s: a missing value is the largest', async (keys, ids) => {
    const answers = await (await staffClient()).ask(search({ filter: PEOPLE }), [sort(keys)])
    expect(namesIn(answers)).toEqual(ids.map(dnOf))
    expect(valuesOf(resultOf(answers).controls, OID.sortResponse)).toEqual([0])
  })

  test.each([
    ['an attribute that nobody knows', 'shoeSize', 16],
    ['a rule that nobody knows', 'sn:1.2.3', 18],
  ])('%s: refused when critical, else unsorted, and told either way', async (_, keys, reason) => {
    const client = await staffClient()
    const name = keys.split(':')[0] ?? ''
    const critical = await client.ask(search({ filter: PEOPLE }), [sort(keys)])
    expect([namesIn(critical).length, resultOf(critical).code]).toEqual([0, 12])
    expect(valuesOf(resultOf(critical).controls, OID.sortResponse)).toEqual([reason, name])
    const lenient = await client.ask(search({ filter: PEOPLE }), [sort(keys, false)])
    expect([namesIn(lenient).length, resultOf(lenient).code]).toEqual([4, 0])
    expect(valuesOf(resultOf(lenient).controls, OID.sortResponse)).toEqual([reason, name])
  })

  test('more entries than may be sorted: adminLimitExceeded', async () => {
    const client = await staffClient({ sortedEntries: 3 })
    expect(await client.code(search({ filter: PEOPLE }), [sort('sn')])).toBe(11)
  })

  test('thousands are sorted in strides, stably', async () => {
    const people = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`p${i}`, person(i)]))
    const client = await clientFor(await serve({ port: portOf(shelf(people)), limits: { entries: 10_000 } }))
    const answers = await client.ask(search({ filter: PEOPLE, attributes: ['sn'] }), [sort('sn')])
    const names = answers.flatMap(({ op }) =>
      op.kind === 'searchEntry' ? op.attributes.flatMap(({ values }) => values) : [],
    )
    const expected = Object.values(people).map(({ sn }) => String(sn))
    expect(names.map((name) => name.toLowerCase())).toEqual(expected.map((name) => name.toLowerCase()).sort())
  })
})

describe('virtual list views, as Poly phones scroll (draft-ietf-ldapext-ldapv3-vlv-09)', () => {
  type Target = { offset: number; count: number } | { value: string }
  const view = (before: number, after: number, target: Target) =>
    control(OID.vlvRequest, true, (writer) => {
      writer.integer(before)
      writer.integer(after)
      if ('value' in target) return writer.text(target.value, 0x81)
      const mark = writer.begin(0xa0)
      writer.integer(target.offset)
      writer.integer(target.count)
      writer.end(mark)
    })

  test.each([
    ['the first screen', 0, 1, { offset: 1, count: 0 }, ['zoe', 'ann'], 1],
    ['the next screen', 0, 1, { offset: 3, count: 4 }, ['joerg', 'mia'], 3],
    ['around a place', 1, 1, { offset: 2, count: 4 }, ['zoe', 'ann', 'joerg'], 2],
    ['the last one, for a client that believes in 100', 0, 9, { offset: 100, count: 100 }, ['mia'], 4],
    ['beyond the end', 1, 0, { offset: 9, count: 4 }, ['joerg', 'mia'], 4],
    ['what was typed', 0, 1, { value: 'LEH' }, ['joerg', 'mia'], 3],
    ['what was typed, with accents', 0, 0, { value: 'léé' }, ['ann'], 2],
    ['what comes after all', 1, 1, { value: 'zzz' }, ['mia'], 5],
  ] satisfies [string, number, number, Target, string[], number][])(
    '%s',
    async (_, before, after, target, ids, position) => {
      const client = await staffClient()
      const answers = await client.ask(search({ filter: PEOPLE }), [sort('sn'), view(before, after, target)])
      expect(namesIn(answers)).toEqual(ids.map(dnOf))
      expect(resultOf(answers).code).toBe(0)
      expect(valuesOf(resultOf(answers).controls, OID.vlvResponse)).toEqual([position, 4, 0])
    },
  )

  test('without the sort control: sortControlMissing', async () => {
    const client = await staffClient()
    expect(await client.code(search({}), [view(0, 1, { offset: 1, count: 0 })])).toBe(60)
  })

  test('a list that was sorted is used again, until the directory changes', async () => {
    const entries = shelf(STAFF)
    const client = await clientFor(await serve({ port: portOf(entries) }))
    const first = async () =>
      namesIn(await client.ask(search({ filter: PEOPLE }), [sort('sn'), view(0, 0, { offset: 1, count: 0 })]))
    expect(await first()).toEqual([dnOf('zoe')])
    const fresh = shelf({ abe: { cn: 'Abe Aaron' } }).get('contacts', 'uid=abe')
    if (fresh) entries.put('abe', fresh)
    expect(await first()).toEqual([dnOf('abe')])
  })
})

test('a list that was sorted for one asker is not shown to another who sees less', async () => {
  const [all, few] = [portOf(shelf(STAFF)), portOf(shelf({}))]
  const view = async (port: LdapPort, sight: string) => {
    const answer = await port.bind({ kind: 'anonymous', peer: { address: '', port: 0 } })
    if (answer.kind === 'refuse') throw new Error(answer.reason)
    // Two askers without a name, in two regions, at the same revision.
    const { view } = answer
    return { kind: 'view', view: { ...shown(view), revision: 1, sight } } as const
  }
  const port: LdapPort = { bind: async ({ kind }) => (kind === 'simple' ? view(all, 'all') : view(few, 'few')) }
  const client = await clientFor(await serve({ port }))
  const sorted = async () => namesIn(await client.ask(search({ filter: PEOPLE }), [sort('sn')]))
  const password = Buffer.from('x')
  await client.code({ kind: 'bind', version: 3, name: 'cn=x', authentication: { kind: 'simple', password } })
  expect(await sorted()).toHaveLength(4)
  await client.code({
    kind: 'bind',
    version: 3,
    name: '',
    authentication: { kind: 'simple', password: Buffer.alloc(0) },
  })
  expect(await sorted()).toEqual([])
})

/** A view's methods as they are, to be given other properties. */
function shown(view: DirectoryView) {
  return {
    identity: '',
    namingContexts: view.namingContexts,
    entry: (name: Dn) => view.entry(name),
    search: (query: Query) => view.search(query),
  }
}

test('abandon: a search under way stops, one that waits never begins, and the connection lives on [RFC4511 §4.11]', async () => {
  const house = await serve({ port: portOf(shelf(BULKY)), limits: { entries: 100_000 } })
  const client = await clientFor(house)
  const running = client.send(search({}))
  await client.until(() => client.received.length > 0, 'the first entry')
  // From here on the answer is stuck half way.
  client.pause()
  const waiting = client.send(search({}))
  client.send({ kind: 'abandon', id: waiting })
  client.send({ kind: 'abandon', id: running })
  const after = client.send(search({ base: '', scope: 'base' }))
  client.resume()
  await client.answers(after)
  const of = (id: number) => client.received.filter((message) => message.id === id).map(({ op }) => op.kind)
  expect(of(running)).not.toContain('searchDone')
  expect(of(waiting)).toEqual([])
  expect(house.exchanges.map(({ operation, ending }) => `${operation} ${ending}`)).toEqual([
    ...['SEARCH ignore', 'ABANDON ignore', 'ABANDON ignore', 'SEARCH ignore', 'SEARCH reply'],
  ])
})

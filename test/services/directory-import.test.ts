// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Contact, PERSON_ATTRIBUTES, type PersonAttributes } from '#daemon/domain/directory'
import { readCsv, writeCsv } from '#daemon/domain/directory-csv'
import { DIRECTORY_FORMATS, type DirectoryFormat, type WrittenPerson } from '#daemon/domain/directory-file'
import { readLdif, writeLdif } from '#daemon/domain/directory-ldif'
import { readVcard, writeVcard } from '#daemon/domain/directory-vcard'
import { newUser } from '#daemon/domain/phone'
import { Contacts } from '#daemon/services/directory/contacts'
import { type ImportRequest, planImport } from '#daemon/services/directory/import'
import { Imports } from '#daemon/services/directory/imports'
import { NO_REGIONS } from '#daemon/services/directory/regions'
import { put, type Store } from '#daemon/store/store'
import { contacts, users } from '#daemon/store/tables'
import { person } from '#test/protocols/ldap/people'
import { freshStore } from '#test/support/store'

describe('CSV [RFC 4180]', () => {
  test.each([
    ['commas', 'First Name,Last Name,Business Phone\r\nAnn,Lee,+49 30 1\r\n'],
    ['semicolons, a byte order mark, no last line end', '\uFEFFfirstname;LASTNAME;phone\nAnn;Lee;+49 30 1'],
    ['tabs and quotes', '"First Name"\t"Last Name"\t"Work Phone"\n"Ann"\t"Lee"\t"+49 30 1"\n\n'],
    ['columns that nobody knows', 'Shoe size,givenName,sn,telephoneNumber\n42,Ann,Lee,+49 30 1\n'],
  ])('%s', async (_, text) => {
    expect(await readCsv(text)).toEqual({
      people: [
        {
          line: 2,
          key: '',
          region: undefined,
          attributes: { givenName: 'Ann', sn: 'Lee', telephoneNumber: '+49 30 1' },
        },
      ],
      rejected: [],
    })
  })

  test('quotes, line breaks within cells, several numbers, ids and regions; lines are counted', async () => {
    const text = 'id,region,name,phone\n1,berlin,"Lee, ""Ann""","1;2"\n2,,"Two\nlines",3\n,,,\n3,paris,x,1,2\n'
    const { people, rejected } = await readCsv(text)
    expect(people.map(({ line, key, region }) => [line, key, region])).toEqual([
      [2, '1', 'berlin'],
      [3, '2', ''],
    ])
    expect(people[0]?.attributes).toEqual({ displayName: 'Lee, "Ann"', telephoneNumber: ['1', '2'] })
    expect(rejected).toEqual([{ line: 6, reason: '5 cells, but 4 columns' }])
  })

  test.each([
    ['no heading that a phonebook has', 'a,b\n1,2\n'],
    ['nothing', ''],
  ])('%s is one rejection', async (_, text) => {
    expect(await readCsv(text)).toMatchObject({ people: [], rejected: [{ line: 1 }] })
  })

  test('a quote that is never closed is told with its line; what stands before it is taken', async () => {
    const { people, rejected } = await readCsv('name,phone\r\nAnn,1\r\n"Mia,2\r\nJoe,3\r\n')
    expect(people.map(({ line, attributes }) => [line, attributes.displayName])).toEqual([[2, 'Ann']])
    expect(rejected).toEqual([{ line: 3, reason: 'a quote is opened here and never closed' }])
  })

  test('no cell is a formula to a spreadsheet, and each value is read again as it was', async () => {
    const values = ['=1+1', '@x', '-1', "'=x", "''@x", '+cmd|x', '+49 (30) 1-2', "'quoted'", 'a=b']
    const people = values.map((displayName, i) => ({ id: `${i}`, region: '', dn: '', attributes: { displayName } }))
    const text = [...writeCsv(people)].join('')
    expect(text.match(/(?:^|,)"?[=+@-][^,]*/gm)).toEqual([',+49 (30) 1-2'])
    expect((await readCsv(text)).people.map(({ attributes }) => attributes.displayName)).toEqual(values)
  })

  test('a quote that is never closed takes no time', async () => {
    const since = performance.now()
    await readCsv(`name\n${'"a'.repeat(200_000)}`)
    expect(performance.now() - since).toBeLessThan(2_000)
  })
})

test('LDIF: contents and additions, base64, folding, comments; containers are passed over [RFC 2849]', async () => {
  const text = [
    ...['version: 1', '# two', ' lines', 'dn: dc=example', 'objectClass: organization', 'o: x', ''],
    ...[
      'dn: uid=joerg,dc=example',
      'changetype: add',
      'objectClass: person',
      'uid: joerg',
      'cn:: SsO2cmcgTGVo',
      ' bWFubg==',
      'sn: Leh',
      ' mann',
    ],
    ...['telephoneNumber: 1', 'telephoneNumber: 2', 'cn;lang-de: Jochen', ''],
    ...[
      'dn: uid=x',
      'changetype: delete',
      '',
      'dn: uid=y',
      'objectClass: person',
      'cn:< file:///etc/passwd',
      '',
      'nonsense',
    ],
  ].join('\r\n')
  expect(await readLdif(text)).toEqual({
    people: [
      {
        ...{ line: 8, key: 'joerg', region: undefined },
        attributes: { cn: ['Jörg Lehmann', 'Jochen'], sn: 'Lehmann', telephoneNumber: ['1', '2'] },
      },
    ],
    rejected: [
      { line: 20, reason: 'a change (delete) is not an entry' },
      { line: 23, reason: 'cn is in another file, which is not read' },
      { line: 27, reason: 'not an attribute: nonsense' },
    ],
  })
})

test('vCard: 2.1 with quoted-printable, 3.0 with groups, 4.0 with URIs [RFC 2426, RFC 6350]', async () => {
  const text = [
    ...[
      'BEGIN:VCARD',
      'VERSION:2.1',
      'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Lehmann;J=C3=B6=',
      'rg',
      'TEL;CELL:1',
      'END:VCARD',
    ],
    ...[
      'begin:vcard',
      'VERSION:3.0',
      'FN:Ann Lee\\, Dr.',
      'item1.TEL;TYPE=work,voice:+49 30',
      '  1',
      'item2.TEL;TYPE=FAX:3',
      'ORG:Example;Sales',
      'end:vcard',
    ],
    ...[
      'BEGIN:VCARD',
      'VERSION:4.0',
      'UID:urn:x',
      'FN:Mia',
      'TEL;VALUE=uri;TYPE="home,voice":tel:+44-20',
      'EMAIL:m@x',
      'NOTE:a\\nb',
      'END:VCARD',
    ],
    ...['BEGIN:VCARD', 'FN:Half', 'BEGIN:VCARD', 'no property', 'BEGIN:VCARD', 'FN:Last'],
  ].join('\r\n')
  expect(await readVcard(text)).toEqual({
    people: [
      { line: 1, key: '', region: undefined, attributes: { sn: 'Lehmann', givenName: 'Jörg', mobile: '1' } },
      {
        ...{ line: 7, key: '', region: undefined },
        attributes: {
          ...{ displayName: 'Ann Lee, Dr.', telephoneNumber: '+49 30 1', facsimileTelephoneNumber: '3' },
          ...{ company: 'Example', department: 'Sales' },
        },
      },
      {
        ...{ line: 15, key: 'urn:x', region: undefined },
        attributes: { displayName: 'Mia', homePhone: '+44-20', mail: 'm@x', description: 'a b' },
      },
    ],
    rejected: [
      { line: 23, reason: 'the card has no end' },
      { line: 26, reason: 'not a property: no property' },
      { line: 27, reason: 'the card has no end' },
    ],
  })
})

const READ = { csv: readCsv, ldif: readLdif, vcard: readVcard }
const WRITE = { csv: writeCsv, ldif: writeLdif, vcard: writeVcard }

describe('what was written is read again', () => {
  const value = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .map((text) => text.replaceAll(/[\p{C};\\]/gu, '').trim() || 'x')
  const names = fc.subarray(
    PERSON_ATTRIBUTES.filter((name) => name !== 'cn' && name !== 'l' && name !== 'o' && name !== 'ou'),
    { minLength: 1 },
  )
  const anybody = names
    .chain((list) => fc.tuple(...list.map((name) => fc.tuple(fc.constant(name), value))))
    .map((pairs): PersonAttributes => Object.fromEntries(pairs))

  test.each(DIRECTORY_FORMATS)('%s', async (format) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anybody, { minLength: 1, maxLength: 4 }), async (people) => {
        const written = people.map(
          (attributes, i): WrittenPerson => ({ id: `id${i}`, region: '', dn: `uid=id${i},dc=x`, attributes }),
        )
        const { people: read, rejected } = await READ[format]([...WRITE[format](written)].join(''))
        expect(rejected).toEqual([])
        expect(read.map(({ key }) => key)).toEqual(written.map(({ id }) => id))
        if (format === 'vcard') return // it has fewer kinds of numbers
        expect(read.map(({ attributes }) => attributes)).toEqual(people)
      }),
      { numRuns: 150 },
    )
  })

  test.each(DIRECTORY_FORMATS)('%s: any text is read to its end, whatever it is', async (format) => {
    const piece = fc.constantFrom(
      'name,sn\n',
      '"',
      ',',
      '\n',
      '\r',
      'BEGIN:VCARD\n',
      'END:VCARD\n',
      'dn: x\n',
      'cn:',
      ' ',
      ':',
      ';',
      '=',
      '\\',
      'TEL;QUOTED-PRINTABLE:=',
      'x',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 40, size: 'max' }),
        async (pieces) => {
          await READ[format](pieces.join(''))
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('import', () => {
  const request = (text: string, more: Partial<ImportRequest> = {}): ImportRequest => {
    return { format: 'csv', text, source: 'partners', region: '', replace: false, ...more }
  }
  const file = 'name,email,region\nAnn Lee,ann@x,\nMia,mia@x,paris\n'

  function house(store: Store, reserved: ReadonlySet<string> = new Set(['manual'])) {
    const imports = new Imports({ store, now: () => 7, regions: NO_REGIONS, reserved })
    const all = () => [...store.entries(contacts)].map(({ value }) => value)
    const run = async (given: ImportRequest) => {
      const { hash } = await imports.plan(given)
      const end = await imports.apply(given, hash)
      if (end.kind !== 'done') throw new Error('the contacts changed meanwhile')
      return end.preview
    }
    return { imports, all, run }
  }

  test('a dry run tells, the import does, a second one finds nothing to do', async () => {
    const store = await freshStore()
    const { imports, all, run } = house(store)
    expect(await imports.plan(request(file))).toMatchObject({ added: 2, changed: 0, unchanged: 0, removed: 0 })
    expect(store.count(contacts)).toBe(0)
    const { examples } = await run(request(file))
    expect(all().sort(byName)).toEqual([...examples.added].sort(byName))
    expect(examples.added.map(({ attributes, region, source }) => [attributes.cn, region, source])).toEqual([
      ['Ann Lee', '', 'partners'],
      ['Mia', 'paris', 'partners'],
    ])
    expect(await run(request(file))).toMatchObject({ added: 0, changed: 0, unchanged: 2, removed: 0, rejected: [] })
  })

  test('changes, what is gone, and other sources', async () => {
    const store = await freshStore()
    const { run } = house(store)
    await run(request(file))
    await run(request(file, { source: 'suppliers' }))
    const changed = 'name,email,title\nAnn Lee,ann@x,Director\n'
    const after = await run(request(changed))
    expect(after).toMatchObject({ added: 0, removed: 0, changed: 1 })
    const [first] = after.examples.changed
    expect([first?.before.attributes.title, first?.after.attributes.title]).toEqual([undefined, 'Director'])
    expect((await run(request(changed, { replace: true }))).removed).toBe(1)
    expect(store.count(contacts)).toBe(3)
  })

  test('what was promised is done, or nothing: the hash is of the file and of what it would change', async () => {
    const store = await freshStore()
    const { imports, all, run } = house(store)
    await run(request(file))
    const next = request('name,email\nAnn Moor,ann@x\n', { replace: true })
    const { hash } = await imports.plan(next)
    expect((await imports.plan({ ...next, region: 'paris' })).hash).not.toBe(hash)
    const [ann] = all().filter(({ attributes }) => attributes.cn === 'Ann Lee')
    if (!ann) throw new Error('no Ann')
    await store.commit([put(contacts, ann.id, { ...ann, attributes: { ...ann.attributes, title: 'Boss' } })], {
      durable: false,
    })
    const end = await imports.apply(next, hash)
    expect(end.kind).toBe('changed')
    expect(store.count(contacts)).toBe(2)
    expect((await imports.apply(next, end.preview.hash)).kind).toBe('done')
    expect(all().map(({ attributes }) => attributes.cn)).toEqual(['Ann Moor'])
  })

  test.each(['', 'manual', 'corp', '../x', 'a\nb', 'x'.repeat(65)])('the name %j is not a file’s', async (source) => {
    const store = await freshStore()
    const { run } = house(store, new Set(['manual', 'corp']))
    expect(await run(request(file, { source, replace: true }))).toMatchObject({ added: 0, rejected: [{ line: 1 }] })
  })

  test('only so many files wait for their turn', async () => {
    const { imports } = house(await freshStore())
    const answers = await Promise.allSettled(Array.from({ length: 6 }, () => imports.plan(request(file))))
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array(4).fill('fulfilled'),
      ...Array(2).fill('rejected'),
    ])
    expect((await imports.plan(request(file))).added).toBe(2)
  })

  test('rows without a name, rows that come twice and regions too long are told with their line', async () => {
    const rows = ['name,email,region', ',ann@x,', 'Mia,mia@x,', 'Mia,MIA@x,', `Zoe,zoe@x,${'z'.repeat(65)}`]
    const plan = await planImport(request(rows.join('\n')), { known: () => [], now: 0 })
    expect(plan.added).toHaveLength(1)
    expect(plan.rejected).toEqual([
      { line: 2, reason: 'no name' },
      { line: 4, reason: 'this entry comes twice' },
      { line: 5, reason: 'The name of a region has at most 64 characters.' },
    ])
  })

  test.each(DIRECTORY_FORMATS)(
    '%s: what is exported is imported elsewhere with the same ids and contents',
    async (format: DirectoryFormat) => {
      const store = await freshStore()
      const book = new Contacts({ store, now: () => 7, baseDn: 'dc=x', regions: NO_REGIONS })
      await store.commit([put(users, 'ann', newUser('ann', 0))], { durable: false })
      for (let i = 0; i < 30; i++) await book.save({ region: '', owner: '', attributes: person(i) })
      const own = await book.save({ region: '', owner: 'Ann', attributes: { cn: 'Private' } })
      expect(own).toMatchObject({ kind: 'saved', value: { owner: 'ann' } })
      const text = [...book.export(format)].join('')
      expect(text).not.toContain('Private')
      const plan = await planImport(request(text, { format }), { known: () => [], now: 0 })
      expect([plan.added.length, plan.rejected]).toEqual([30, []])
      if (format === 'vcard') return
      const shared = [...store.entries(contacts)].map(({ value }) => value).filter(({ owner }) => owner === '')
      expect(plan.added.map(({ attributes }) => attributes).sort(byCn)).toEqual(
        shared.map(({ attributes }) => attributes).sort(byCn),
      )
    },
  )

  test('thirty thousand rows are worked on in slices; others have their turn meanwhile', async () => {
    const store = await freshStore()
    const rows = Array.from({ length: 30_000 }, (_, i) => `Person ${i},p${i}@x,+49 30 ${i}`)
    const { imports } = house(store)
    const given = request(`name,email,phone\n${rows.join('\n')}`)
    let turns = 0
    const ticking = setInterval(() => turns++, 5)
    const told: [number, number][] = []
    const { hash, added } = await imports.plan(given)
    expect(added).toBe(30_000)
    expect((await imports.apply(given, hash, (done, whole) => told.push([done, whole]))).kind).toBe('done')
    clearInterval(ticking)
    expect(turns).toBeGreaterThan(10)
    expect(told.at(-1)).toEqual([30_000, 30_000])
    expect(store.count(contacts)).toBe(30_000)
  })
})

function byName(a: Contact, b: Contact): number {
  return byCn(a.attributes, b.attributes)
}

function byCn(a: PersonAttributes, b: PersonAttributes): number {
  return JSON.stringify([a.cn, a.mail]) < JSON.stringify([b.cn, b.mail]) ? -1 : 1
}

// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Contact, completePerson, PERSON_ATTRIBUTES, type PersonAttributes } from '#daemon/domain/directory'
import { readCsv, writeCsv } from '#daemon/domain/directory-csv'
import { DIRECTORY_FORMATS, type DirectoryFormat, type WrittenPerson } from '#daemon/domain/directory-file'
import { readLdif, writeLdif } from '#daemon/domain/directory-ldif'
import { readVcard, writeVcard } from '#daemon/domain/directory-vcard'
import { type ImportRequest, planImport } from '#daemon/services/directory/import'
import { Phonebook } from '#daemon/services/directory/phonebook'
import { contacts } from '#daemon/store/tables'
import { person } from '#test/protocols/ldap/people'
import { freshStore } from '#test/support/store'

describe('CSV [RFC 4180]', () => {
  test.each([
    ['commas', 'First Name,Last Name,Business Phone\r\nAnn,Lee,+49 30 1\r\n'],
    ['semicolons, a byte order mark, no last line end', '\uFEFFfirstname;LASTNAME;phone\nAnn;Lee;+49 30 1'],
    ['tabs and quotes', '"First Name"\t"Last Name"\t"Work Phone"\n"Ann"\t"Lee"\t"+49 30 1"\n\n'],
    ['columns that nobody knows', 'Shoe size,givenName,sn,telephoneNumber\n42,Ann,Lee,+49 30 1\n'],
  ])('%s', (_, text) => {
    expect(readCsv(text)).toEqual({
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

  test('quotes, line breaks within cells, several numbers, ids and regions; lines are counted', () => {
    const text = 'id,region,name,phone\n1,berlin,"Lee, ""Ann""","1;2"\n2,,"Two\nlines",3\n,,,\n3,paris,x,1,2\n'
    const { people, rejected } = readCsv(text)
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
  ])('%s is one rejection', (_, text) => {
    expect(readCsv(text)).toMatchObject({ people: [], rejected: [{ line: 1 }] })
  })

  test('a quote that is never closed is told with its line; what stands before it is taken', () => {
    const { people, rejected } = readCsv('name,phone\r\nAnn,1\r\n"Mia,2\r\nJoe,3\r\n')
    expect(people.map(({ line, attributes }) => [line, attributes.displayName])).toEqual([[2, 'Ann']])
    expect(rejected).toEqual([{ line: 3, reason: 'a quote is opened here and never closed' }])
  })

  test('no cell is a formula to a spreadsheet, and each value is read again as it was', () => {
    const values = ['=1+1', '@x', '-1', "'=x", "''@x", '+cmd|x', '+49 (30) 1-2', "'quoted'", 'a=b']
    const text = writeCsv(
      values.map((displayName, i) => ({ id: `${i}`, region: '', dn: '', attributes: { displayName } })),
    )
    expect(text.match(/(?:^|,)"?[=+@-][^,]*/gm)).toEqual([',+49 (30) 1-2'])
    expect(readCsv(text).people.map(({ attributes }) => attributes.displayName)).toEqual(values)
  })

  test('a quote that is never closed takes no time', () => {
    const since = performance.now()
    readCsv(`name\n${'"a'.repeat(200_000)}`)
    expect(performance.now() - since).toBeLessThan(2_000)
  })
})

test('LDIF: contents and additions, base64, folding, comments; containers are passed over [RFC 2849]', () => {
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
  expect(readLdif(text)).toEqual({
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

test('vCard: 2.1 with quoted-printable, 3.0 with groups, 4.0 with URIs [RFC 2426, RFC 6350]', () => {
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
  expect(readVcard(text)).toEqual({
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

  test.each(DIRECTORY_FORMATS)('%s', (format) => {
    fc.assert(
      fc.property(fc.array(anybody, { minLength: 1, maxLength: 4 }), (people) => {
        const written = people.map(
          (attributes, i): WrittenPerson => ({ id: `id${i}`, region: '', dn: `uid=id${i},dc=x`, attributes }),
        )
        const { people: read, rejected } = READ[format](WRITE[format](written))
        expect(rejected).toEqual([])
        expect(read.map(({ key }) => key)).toEqual(written.map(({ id }) => id))
        if (format === 'vcard') return // it has fewer kinds of numbers
        expect(read.map(({ attributes }) => attributes)).toEqual(people)
      }),
      { numRuns: 150 },
    )
  })

  test.each(DIRECTORY_FORMATS)('%s: any text is read to its end, whatever it is', (format) => {
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
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 40, size: 'max' }), (pieces) => {
        READ[format](pieces.join(''))
      }),
      { numRuns: 500 },
    )
  })
})

describe('import', () => {
  const request = (text: string, more: Partial<ImportRequest> = {}): ImportRequest => {
    return { format: 'csv', text, source: 'partners', region: '', replace: false, ...more }
  }
  const file = 'name,email,region\nAnn Lee,ann@x,\nMia,mia@x,paris\n'

  test('a dry run tells, the import does, a second one finds nothing to do', async () => {
    const store = await freshStore()
    const book = new Phonebook({ store, now: () => 7, baseDn: 'dc=x' })
    expect(book.plan(request(file)).added).toHaveLength(2)
    expect(store.count(contacts)).toBe(0)
    const { added } = await book.import(request(file))
    expect([...store.entries(contacts)].map(({ value }) => value).sort(byName)).toEqual([...added].sort(byName))
    expect(added.map(({ attributes, region, source }) => [attributes.cn, region, source])).toEqual([
      ['Ann Lee', '', 'partners'],
      ['Mia', 'paris', 'partners'],
    ])
    expect(await book.import(request(file))).toEqual({
      added: [],
      changed: [],
      unchanged: 2,
      removed: [],
      rejected: [],
    })
  })

  test('changes, what is gone, and other sources', async () => {
    const store = await freshStore()
    const book = new Phonebook({ store, now: () => 7, baseDn: 'dc=x' })
    await book.import(request(file))
    await book.import(request(file, { source: 'suppliers' }))
    const changed = 'name,email,title\nAnn Lee,ann@x,Director\n'
    expect(await book.import(request(changed))).toMatchObject({
      added: [],
      changed: [{ attributes: { title: 'Director' } }],
      removed: [],
    })
    expect((await book.import(request(changed, { replace: true }))).removed).toHaveLength(1)
    expect(store.count(contacts)).toBe(3)
  })

  test('rows without a name and rows that come twice are told with their line', () => {
    const plan = planImport(request('name,email\n,ann@x\nMia,mia@x\nMia,MIA@x\n'), [], 0)
    expect([plan.added.length, plan.rejected]).toEqual([
      1,
      [
        { line: 2, reason: 'no name' },
        { line: 4, reason: 'this entry comes twice' },
      ],
    ])
  })

  test.each(DIRECTORY_FORMATS)(
    '%s: what is exported is imported elsewhere with the same ids and contents',
    async (format: DirectoryFormat) => {
      const store = await freshStore()
      const book = new Phonebook({ store, now: () => 7, baseDn: 'dc=x' })
      for (let i = 0; i < 30; i++) await book.save({ region: '', owner: '', attributes: person(i) })
      await book.save({ region: '', owner: 'ann', attributes: { cn: 'Private' } })
      const text = book.export(format)
      expect(text).not.toContain('Private')
      const plan = planImport(request(text, { format }), [], 0)
      expect([plan.added.length, plan.rejected]).toEqual([30, []])
      if (format === 'vcard') return
      const shared = [...store.entries(contacts)].map(({ value }) => value).filter(({ owner }) => owner === '')
      expect(plan.added.map(({ attributes }) => attributes).sort(byCn)).toEqual(
        shared.map(({ attributes }) => attributes).sort(byCn),
      )
    },
  )

  test('ten thousand rows', async () => {
    const store = await freshStore()
    const book = new Phonebook({ store, now: () => 7, baseDn: 'dc=x' })
    const rows = Array.from({ length: 10_000 }, (_, i) => `Person ${i},p${i}@x,+49 30 ${i}`)
    const plan = await book.import(request(`name,email,phone\n${rows.join('\n')}`))
    expect([plan.added.length, store.count(contacts)]).toEqual([10_000, 10_000])
  })
})

describe('Phonebook', () => {
  test('a contact is made, changed and removed; without a name it is not', async () => {
    const store = await freshStore()
    const book = new Phonebook({ store, now: () => 7, baseDn: 'dc=x' })
    const made = await book.save({ region: 'paris', owner: '', attributes: { cn: 'Ann Lee' } })
    expect(made).toMatchObject({
      region: 'paris',
      source: 'manual',
      changedAt: 7,
      attributes: completePerson({ cn: 'Ann Lee' }),
    })
    const id = made?.id ?? ''
    await book.save({ id, region: '', owner: '', attributes: { cn: 'Ann Moor' } })
    expect(book.get(id)).toMatchObject({ id, region: '', attributes: { cn: 'Ann Moor' } })
    expect(await book.save({ id, region: '', owner: '', attributes: { mobile: '1' } })).toBeUndefined()
    await book.remove(id)
    expect(book.get(id)).toBeUndefined()
    expect(await book.save({ id, region: '', owner: '', attributes: { cn: 'x' } })).toBeUndefined()
  })

  test('accounts: names in lower case, passwords never shown', async () => {
    const store = await freshStore()
    const book = new Phonebook({ store, now: () => 7, baseDn: 'dc=x' })
    expect(await book.saveAccount('Phones', 'correct horse', 'paris')).toBeUndefined()
    expect(book.accounts()).toEqual([{ name: 'phones', region: 'paris' }])
    expect(await book.saveAccount('a,b', 'correct horse', '')).toContain('name')
    expect(await book.saveAccount('a', 'short', '')).toContain('at least')
    await book.removeAccount('phones')
    expect(book.accounts()).toEqual([])
  })
})

function byName(a: Contact, b: Contact): number {
  return byCn(a.attributes, b.attributes)
}

function byCn(a: PersonAttributes, b: PersonAttributes): number {
  return JSON.stringify([a.cn, a.mail]) < JSON.stringify([b.cn, b.mail]) ? -1 : 1
}

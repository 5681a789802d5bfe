// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newPhone } from '#daemon/domain/phone'
import { SYSTEM } from '#daemon/domain/scope'
import { put, type Store } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { BERLIN, MITTE, peopleWith } from '#test/support/people'
import { LARGEST_PEOPLE_FILE, type PeopleImportOptions, type PeopleReport } from '#web/ports/people-files'

type House = Awaited<ReturnType<typeof peopleWith>>

function take(house: House, text: string, options: Partial<PeopleImportOptions> = {}): Promise<PeopleReport> {
  return house.files.import(Buffer.from(text), { dryRun: false, createRegions: false, ...options }, 'admin')
}

function give(house: House, query = { text: '', region: '' }): string {
  return [...house.files.export(query)].join('')
}

function contents(store: Store) {
  return {
    users: Array.from(store.entries(users), ({ value }) => value).sort((a, b) => (a.name < b.name ? -1 : 1)),
    phones: Array.from(store.entries(phones), ({ value }) => value).sort((a, b) => (a.mac < b.mac ? -1 : 1)),
  }
}

const OLD_HEADER =
  'Name,Password,"Display Name",Region,"Device 1 Display Name","Device 1 MAC Address","Device 1 IP Phone Model",' +
  '"Device 1 Language","Device 1 VLAN Mode","Device 1 VLAN ID","Device 1 VLAN Priority"'
const NEW_HEADER = OLD_HEADER.replace('Region', 'Tenant').replace(
  '"Device 1 IP Phone Model"',
  '"Device 1 Serial Number","Device 1 IP Phone Model"',
)

describe('the forms that admins have', () => {
  test('of 2015: Region, no serial number', async () => {
    const house = await peopleWith()
    const report = await take(
      house,
      `${OLD_HEADER}\r\nSystem,s3cret,"System, the",Berlin,device 1,00908F00908F,Audiocodes_420HD,English,Disabled,0,0\r\n`,
    )
    expect(report).toEqual({
      ...{ dryRun: false, complete: true, rows: 1, regions: [], rejected: [], unknownColumns: [] },
      users: { added: 1, changed: 0, unchanged: 0 },
      devices: { added: 1, changed: 0, unchanged: 0, moved: 0 },
    })
    const user = house.store.get(users, 'system')?.value
    expect(user).toMatchObject({ displayName: 'System, the', region: 'b' })
    expect(house.vault.open(user?.sipPassword ?? '', 'user/system/sip')).toBe('s3cret')
    expect(house.store.get(phones, '00908f00908f')?.value).toMatchObject({
      ...{ owner: 'system', ownerFrom: 'admin', approval: 'approved', model: '420HD', label: 'device 1' },
      ...{ language: 'English', vlanMode: 'Disabled', vlanId: '0', vlanPriority: '0' },
    })
    expect(JSON.stringify(house.log)).not.toContain('s3cret')
  })

  test('the later one: Tenant, serial number, several devices, a user without any', async () => {
    const house = await peopleWith()
    const second = NEW_HEADER.slice(NEW_HEADER.indexOf('"Device 1')).replaceAll('Device 1', 'Device 2')
    const report = await take(
      house,
      [
        `${NEW_HEADER},${second}`,
        'anna,,Anna,Mitte,Desk,00:90:8f:00:00:01,S1,420HD,,,,,Lab,0090.8f00.0002,S2,Audiocodes_450HD,,Manual Configuration,20,5',
        'ben,,,,,,,,,Disabled,0,0,,,,,,,,',
        '',
      ].join('\n'),
    )
    expect(report).toMatchObject({ rejected: [], users: { added: 2 }, devices: { added: 2 } })
    expect(house.people.get('anna')?.phones.map(({ phone }) => [phone.serial, phone.model, phone.vlanId])).toEqual([
      ['S1', '420HD', ''],
      ['S2', '450HD', '20'],
    ])
    expect(house.people.get('ben')).toMatchObject({
      devices: 0,
      user: { displayName: 'ben', region: '', hasPassword: false },
    })
  })

  test.each([
    ['semicolons and a byte order mark', '\ufeffName;Password;Display Name\r\nanna;p;Ärger\r\n'],
    ['tabs', 'Name\tPassword\tDisplay Name\nanna\tp\tÄrger\n'],
    ['quotes, blanks and columns in another order', '"Display Name" , Name\n"Ärger" , anna\n'],
    ['carriage returns alone', 'Name,Display Name\ranna,Ärger\r'],
    ['an apostrophe against formulas', "Name,Display Name\nanna,Ärger\nben,'=1+1\n"],
  ])('with %s', async (_, text) => {
    const house = await peopleWith()
    expect(await take(house, text)).toMatchObject({ rejected: [] })
    expect(house.people.get('anna')?.user.displayName).toBe('Ärger')
    if (text.includes('ben')) expect(house.people.get('ben')?.user.displayName).toBe('=1+1')
  })

  test('in UTF-16, as spreadsheets save “Unicode text”', async () => {
    const house = await peopleWith()
    const bytes = Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from('Name\tDisplay Name\nanna\tÄrger\n', 'utf16le'),
    ])
    expect(await house.files.import(bytes, { dryRun: false, createRegions: false }, 'admin')).toMatchObject({ rows: 1 })
    expect(house.people.get('anna')?.user.displayName).toBe('Ärger')
  })
})

describe('what is wrong', () => {
  test('with one row is said with its line, and the others are taken', async () => {
    const house = await peopleWith()
    const report = await take(
      house,
      [
        'Name,Region,Device 1 MAC Address,Device 1 IP Phone Model,Device 1 VLAN ID,Colour',
        'anna,Berlin,00908f000001,420HD,,red',
        'a b,Berlin,,,,',
        'carl,Atlantis,00908f000003,,,',
        'dora,,xyz,,,',
        'emil,,,420HD,,',
        'Anna,,,,,',
        'fritz,,00:90:8F:00:00:01,,,',
        'gerd,,00908f000007,../../x,,',
        'hans,,00908f000008,,4095,',
        ',,00908f000009,,,',
        'ida,"two',
        'lines",00908f00000a,,,',
        'jan,,,,,,,more',
        'kim,,,,,,,',
        'lea,,00908f00000b,,,',
        'max,,"never closed',
      ].join('\n'),
    )
    expect(report.rejected).toEqual([
      { line: 3, reason: 'name: The user name holds a blank or one of \\ / " \' < > ; , % ? # &.' },
      { line: 4, reason: 'there is no region “Atlantis”' },
      { line: 5, reason: 'device 1, mac: This is no MAC address: it has 12 hexadecimal digits, 00908f123456.' },
      { line: 6, reason: 'device 1, mac: This is no MAC address: it has 12 hexadecimal digits, 00908f123456.' },
      { line: 7, reason: 'user anna is in line 2 already' },
      { line: 8, reason: 'MAC 00908f000001 is in line 2 already' },
      { line: 9, reason: 'device 1, model: This is no model such as 420HD.' },
      { line: 10, reason: 'device 1, vlanId: This must be a whole number from 0 to 4094.' },
      { line: 11, reason: 'name: The user name is missing.' },
      { line: 12, reason: 'there is no region “two\nlines”' },
      { line: 14, reason: '8 cells, but 6 columns' },
      { line: 17, reason: 'a quote is opened here and never closed' },
    ])
    expect(report.unknownColumns).toEqual(['Colour'])
    expect(contents(house.store).users.map(({ name }) => name)).toEqual(['anna', 'kim', 'lea'])
  })

  test.each([
    ['no bytes', '', 'the first row must name the columns, among them Name'],
    ['no column of names', 'Password\nx\n', 'the first row must name the columns, among them Name'],
    ['two columns alike', 'Name,Region,Tenant\nx,,\n', 'the columns Region and Tenant mean the same'],
    [
      'bytes of another encoding',
      Buffer.from([0x4e, 0x61, 0x6d, 0x65, 0x0a, 0xe4]),
      'the file is not in UTF-8: save it as “CSV UTF-8”',
    ],
    ['a huge file', Buffer.alloc(LARGEST_PEOPLE_FILE + 1, 0x61), 'the file is larger than 16 MB'],
  ])('with the whole file (%s) is said once', async (_, bytes, reason) => {
    const house = await peopleWith()
    const report = await house.files.import(Buffer.from(bytes), { dryRun: false, createRegions: true }, 'admin')
    expect(report.rejected).toEqual([{ line: 1, reason }])
    expect(house.store.count(users)).toBe(0)
  })

  test('regions that are not there are made if so chosen, once, and not for a rejected row', async () => {
    const text =
      'Name,Region\nanna,Spain/Madrid\nben,spain/madrid\ncarl,Berlin\ndora,Berlin/Mitte/Hof\na b,France\nemil,a\\b\n'
    const house = await peopleWith()
    const dry = await take(house, text, { createRegions: true, dryRun: true })
    expect(dry).toMatchObject({ dryRun: true, regions: ['Spain', 'Spain/Madrid'], users: { added: 3 } })
    expect(house.scopes.tree().size).toBe(2)
    expect(house.store.count(users)).toBe(0)
    expect(house.log).toEqual([])
    const report = await take(house, text, { createRegions: true })
    expect(report).toEqual({ ...dry, dryRun: false })
    expect(report.rejected.map(({ line, reason }) => [line, reason])).toEqual([
      [5, 'region “Berlin/Mitte/Hof” cannot be made: A region cannot lie in a site.'],
      [6, expect.stringContaining('name')],
      [7, 'region “a\\b” cannot be made: A name holds no slash, and is more than dots.'],
    ])
    const { user } = house.people.get('ben') ?? {}
    expect(house.scopes.tree().pathText(user?.region ?? '')).toBe('Spain/Madrid')
  })

  test('an ambiguous region is rejected with what it can be', async () => {
    const house = await peopleWith([
      BERLIN,
      MITTE,
      { ...SYSTEM, id: 'x', kind: 'site', name: 'Mitte', parent: 'system' },
    ])
    const report = await take(house, 'Name,Region\nanna,mitte\nben,Berlin/Mitte\n')
    // A path from the top is never ambiguous.
    expect(report.rejected).toEqual([])
    expect(house.people.get('anna')?.user.region).toBe('x')
    expect(house.people.get('ben')?.user.region).toBe('m')
  })
})

describe('doing it again', () => {
  test('changes nothing, with the same passwords too; an empty cell keeps what is known', async () => {
    const house = await peopleWith()
    const text = 'Name,Password,Display Name,Region,Device 1 MAC Address\nanna,p w,Anna,Mitte,00908f000001\n'
    await take(house, text)
    const before = contents(house.store)
    const revision = house.people.get('anna')?.revision
    expect(await take(house, text)).toMatchObject({
      users: { added: 0, changed: 0, unchanged: 1 },
      devices: { unchanged: 1 },
    })
    await take(house, 'Name,Password,Display Name,Region,Device 1 MAC Address\nanna,,,,\n')
    await take(house, 'Name\nANNA\n')
    expect(contents(house.store)).toEqual(before)
    expect(house.people.get('anna')?.revision).toBe(revision)
    expect(await take(house, text.replace('p w', 'other'))).toMatchObject({ users: { changed: 1 } })
    expect(house.vault.open(house.store.get(users, 'anna')?.value.sipPassword ?? '', 'user/anna/sip')).toBe('other')
  })

  test('with another user moves the device; what phones said of themselves stays', async () => {
    const house = await peopleWith()
    const mac = '00908f000001' as Mac
    const seen = {
      ...newPhone(mac, 3),
      status: 'registered',
      model: '450HD',
      userName: 'anna',
      approval: 'rejected',
    } as const
    await house.store.commit([put(phones, mac, seen)], { durable: true })
    const header = 'Name,Device 1 MAC Address,Device 1 IP Phone Model\n'
    expect(await take(house, `${header}anna,${mac},420HD\n`)).toMatchObject({ devices: { changed: 1, moved: 0 } })
    expect(await take(house, `${header}ben,${mac},420HD\n`)).toMatchObject({ devices: { moved: 1 } })
    expect(house.store.get(phones, mac)?.value).toEqual({
      ...seen,
      ...{ owner: 'ben', ownerFrom: 'admin', approval: 'approved' },
    })
    expect(house.people.get('anna')).toMatchObject({ devices: 0 })
  })

  test('goes on where it was stopped', async () => {
    const house = await peopleWith()
    const rows = Array.from({ length: 1_000 }, (_, i) => `u${i},00908f${i.toString(16).padStart(6, '0')}`)
    const bytes = Buffer.from(`Name,Device 1 MAC\n${rows.join('\n')}\n`)
    const stop = new AbortController()
    const told: number[] = []
    const progress = (done: number, whole: number) => {
      told.push(done / whole)
      if (done >= 400) stop.abort()
    }
    const options = { dryRun: false, createRegions: false }
    const first = await house.files.import(bytes, options, 'admin', progress, stop.signal)
    expect(first).toMatchObject({ complete: false, users: { added: 400 } })
    expect(told).toEqual([0.2, 0.4])
    const second = await house.files.import(bytes, options, 'admin')
    expect(second).toMatchObject({ complete: true, users: { added: 600, unchanged: 400 }, devices: { added: 600 } })
  })
})

test('ten thousand rows with two phones each are taken while phones report, and none is lost', async () => {
  const house = await peopleWith()
  const hex = (i: number) => `00908f${i.toString(16).padStart(6, '0')}` as Mac
  const rows = Array.from(
    { length: 10_000 },
    (_, i) => `u${i},pass${i},Person ${i},Mitte,${hex(i)},${hex(i + 100_000)}`,
  )
  const text = `Name,Password,Display Name,Region,Device 1 MAC,Device 2 MAC\n${rows.join('\n')}\n`
  const running = take(house, text)
  let reports = 0
  for (let i = 0; i < 200; i++) {
    const found = house.store.get(phones, hex(i * 50))
    const value = { ...(found?.value ?? newPhone(hex(i * 50), 1)), location: `room ${i}` }
    const wrote = house.store.commit([put(phones, hex(i * 50), value, found?.revision ?? 'absent')], { durable: false })
    await wrote.then(() => reports++)
  }
  const report = await running
  expect(reports).toBe(200)
  expect(report).toMatchObject({ rows: 10_000, rejected: [], users: { added: 10_000 } })
  const all = contents(house.store)
  expect([all.users.length, all.phones.length]).toEqual([10_000, 20_000])
  expect(all.phones.every(({ owner, approval }) => owner !== '' && approval === 'approved')).toBe(true)
  expect(all.phones.filter(({ location }) => location !== '').length).toBe(200)
}, 20_000)

describe('an exported file', () => {
  test('holds what was found and never a password, and opens in the incumbent’s columns', async () => {
    const house = await peopleWith()
    await take(
      house,
      'Name,Password,Display Name,Region,Device 1 MAC,Device 1 Model\nanna,s3cret,"A ""x"", B",Mitte,00908f000001,420HD\nben,s3cret,=2+2,,,\n',
    )
    const lines = give(house).split('\r\n')
    expect(lines[0]?.split(',').slice(0, 10)).toEqual([
      ...['Name', 'Password', 'Display Name', 'Region', 'Phone Number', 'Line URI', 'Authentication Name', 'Language'],
      ...['Device 1 Display Name', 'Device 1 MAC Address'],
    ])
    expect(lines[1]).toBe('anna,,"A ""x"", B",Berlin/Mitte,,,,,,00908f000001,,420HD,,,,')
    expect(lines[2]).toBe("ben,,'=2+2,,,,,,,,,,,,,")
    expect(lines.join()).not.toMatch(/s3cret|v1:/)
    expect(give(house, { text: '', region: 'b' })).not.toContain('ben')
    expect(give(house, { text: 'ben', region: '' })).not.toContain('anna')
  })

  const text = (most: number) =>
    fc
      .string({ unit: 'binary', maxLength: most })
      .map((value) =>
        value.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, ''),
      )
  const awkward = fc.constantFrom('=1+1', '+49 (30) 1', "'=x", "'", '"', ';', ' a ', 'a,b', '\\', '-', '@x', 'ẞ', '')
  const field = fc.oneof(text(20), awkward)
  const device = fc.record({
    ...{ label: field, serial: field, language: field, vlanMode: field },
    mac: fc.integer({ min: 0, max: 40 }).map((n) => `00908f0000${n.toString(16).padStart(2, '0')}`),
    model: fc.constantFrom('', '420HD', 'audiocodes_450HD'),
    vlanId: fc.constantFrom('', '0', '4094'),
    vlanPriority: fc.constantFrom('', '7'),
  })
  const person = fc.record({
    name: fc.oneof(fc.stringMatching(/^[a-zß-öÀ-Þ=+@'-][a-z0-9.@_-]{0,9}$/), fc.constantFrom("o'x", '=a', '-b', '@c')),
    ...{ displayName: field, authName: field, language: field },
    phoneNumber: fc.oneof(text(20), fc.constantFrom('4711, 4712', '+49 30 1', '=1')),
    lineUri: fc.constantFrom('', 'sip:a@b.c', 'tel:+491'),
    region: fc.constantFrom('', 'b', 'm'),
    devices: fc.array(device, { maxLength: 3 }),
  })

  test('read into an empty house gives the same people and phones, and into its own changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(person, { maxLength: 8 }), async (crowd) => {
        const house = await peopleWith()
        for (const { devices, ...one } of crowd) {
          if ((await house.people.add(one, 'admin')).kind !== 'saved') continue
          for (const owned of devices) await house.people.addDevice(one.name, owned, 'admin')
        }
        const file = give(house)
        const before = contents(house.store)
        const again = await take(house, file)
        expect(again).toMatchObject({ rejected: [], unknownColumns: [], users: { added: 0, changed: 0 } })
        expect(again.devices).toMatchObject({ added: 0, changed: 0, moved: 0 })
        expect(contents(house.store)).toEqual(before)
        const other = await peopleWith()
        expect(await take(other, file)).toMatchObject({ rejected: [], users: { added: before.users.length } })
        expect(contents(other.store)).toEqual(before)
        expect(give(other)).toBe(file)
      }),
      { numRuns: 40 },
    )
  }, 30_000)
})

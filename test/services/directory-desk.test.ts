// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test, vi } from 'vitest'
import { newUser } from '#daemon/domain/phone'
import { put } from '#daemon/store/store'
import { contacts, phoneLdap, users } from '#daemon/store/tables'
import type { DirectoryView } from '#protocols/ldap/port'
import { compile, parseDn } from '#protocols/ldap/port'
import type { ContactQuery } from '#web/ports/directory'
import { BASE, freshDesk } from './directory-desk.ts'

const QUERY: ContactQuery = { text: '', order: 'name', descending: false, page: 1, pageSize: 50 }

function saved<T>(answer: { readonly kind: string; readonly value?: T }): T {
  if (answer.kind !== 'saved' || answer.value === undefined) throw new Error(JSON.stringify(answer))
  return answer.value
}

async function addScope(
  scopes: Awaited<ReturnType<typeof freshDesk>>['scopes'],
  name: string,
  parent = 'system',
  subnets: string[] = [],
) {
  const kind = parent === 'system' ? 'region' : 'site'
  const answer = await scopes.add({ kind, name, parent, timeZone: '', subnets, description: '' }, 'test')
  if (answer.kind !== 'done') throw new Error(JSON.stringify(answer))
  return answer.scope
}

describe('contacts', () => {
  test('one is made, changed on its revision, and removed', async () => {
    const { desk, store } = await freshDesk()
    const draft = { region: '', owner: '', attributes: { displayName: 'Ann Lee', telephoneNumber: '+49 30 1' } }
    const made = saved(await desk.contacts.save(draft))
    const kept = desk.contacts.get(made.id)
    expect(kept?.contact).toMatchObject({ source: 'manual', attributes: { cn: 'Ann Lee', sn: 'Lee' } })
    const known = { id: made.id, revision: kept?.revision ?? 0 }
    saved(await desk.contacts.save({ ...draft, known, attributes: { displayName: 'Ann Moor' } }))
    expect(await desk.contacts.save({ ...draft, known })).toEqual({ kind: 'conflict' })
    expect(store.get(contacts, made.id)?.value.attributes.displayName).toBe('Ann Moor')
    expect([await desk.contacts.remove(made.id), await desk.contacts.remove(made.id)]).toEqual([true, false])
    expect(await desk.contacts.save({ ...draft, known })).toEqual({ kind: 'conflict' })
  })

  test.each([
    ['no name', { telephoneNumber: '1' }, 'displayName'],
    ['a value that is too long', { displayName: 'x', mail: 'x'.repeat(257) }, 'mail'],
    ['too many values', { displayName: 'x', mobile: Array.from({ length: 17 }, (_, i) => `${i}`) }, 'mobile'],
  ])('%s is told at its field', async (_, attributes, field) => {
    const { desk } = await freshDesk()
    const answer = await desk.contacts.save({ region: '', owner: '', attributes })
    expect(answer).toMatchObject({ kind: 'refused', errors: [{ field }] })
    expect(desk.contacts.count()).toBe(0)
  })

  test('an unknown owner and a region that nobody could read are refused', async () => {
    const { desk } = await freshDesk()
    const answer = await desk.contacts.save({ region: 'a\nb', owner: 'nobody', attributes: { cn: 'x' } })
    expect(answer).toMatchObject({ kind: 'refused', errors: [{ field: 'region' }, { field: 'owner' }] })
  })

  test('found by beginnings of words and by digits, in any case and without accents, in order and in pages', async () => {
    const { desk } = await freshDesk()
    const people = [
      { displayName: 'Jörg van Lehmann', company: 'Żeta Sp.', telephoneNumber: '+49 (30) 123-45' },
      { displayName: 'Ann O’Neil', department: 'Sales', mobile: '0171 99' },
      { displayName: 'Bob', company: 'Acme' },
    ]
    for (const attributes of people) saved(await desk.contacts.save({ region: 'x', owner: '', attributes }))
    const names = (more: Partial<ContactQuery>) =>
      desk.contacts.find({ ...QUERY, ...more }).rows.map(({ attributes }) => attributes.displayName)
    expect(names({})).toEqual(['Ann O’Neil', 'Bob', 'Jörg van Lehmann'])
    expect(names({ descending: true, pageSize: 2, page: 2 })).toEqual(['Ann O’Neil'])
    expect(names({ order: 'company' })).toEqual(['Bob', 'Jörg van Lehmann', 'Ann O’Neil'])
    expect(names({ order: 'number' })[2]).toBe('Bob')
    for (const text of ['LEH', 'jorg', 'zeta', '+49 30', '3012345', 'van jo']) {
      expect([text, names({ text })]).toEqual([text, ['Jörg van Lehmann']])
    }
    expect([names({ text: 'nei sal' }), names({ text: 'ehm' }), names({ text: '<b>' })]).toEqual([
      ['Ann O’Neil'],
      [],
      ['Bob'],
    ])
    expect([names({ region: '' }), names({ region: 'x', source: 'manual' }).length]).toEqual([[], 3])
    expect([desk.contacts.sources(), desk.regions()]).toEqual([['manual'], ['x']])
    saved(await desk.contacts.save({ region: '', owner: '', attributes: { displayName: 'Aaron' } }))
    expect(names({})[0]).toBe('Aaron')
  })
})

test('accounts: made, changed without a new password, removed; hashes are never shown', async () => {
  const { desk, directory } = await freshDesk({ anonymous: false })
  const bind = async (password: string) => {
    const name = parseDn(`cn=phones,ou=accounts,${BASE}`) ?? []
    const peer = { address: '10.0.0.1', port: 1 }
    return (await directory.bind({ kind: 'simple', name, password: Buffer.from(password), peer })).kind
  }
  const draft = { name: 'Phones', password: 'correct horse', region: '', fresh: true }
  expect(await desk.accounts.save(draft)).toEqual({
    kind: 'saved',
    value: { name: 'phones', region: '', owner: '', dn: `cn=phones,ou=accounts,${BASE}` },
  })
  expect(await desk.accounts.save(draft)).toMatchObject({ kind: 'refused', errors: [{ field: 'name' }] })
  expect(await bind('correct horse')).toBe('view')
  saved(await desk.accounts.save({ ...draft, password: '', region: 'paris', fresh: false }))
  expect([await bind('correct horse'), desk.accounts.list()[0]?.region]).toEqual(['view', 'paris'])
  expect(JSON.stringify(desk.accounts.list())).not.toContain('scrypt')
  for (const wrong of [
    { name: 'a,b' },
    { password: 'short' },
    { password: 'x'.repeat(129) },
    { password: 'eight\tch' },
  ]) {
    expect((await desk.accounts.save({ ...draft, name: 'other', ...wrong })).kind).toBe('refused')
  }
  expect(await desk.accounts.save({ ...draft, name: 'ghost', fresh: false })).toEqual({ kind: 'conflict' })
  expect([await desk.accounts.remove('PHONES'), await bind('correct horse')]).toEqual([true, 'refuse'])
})

describe('regions', () => {
  const everybody = compile({ kind: 'present', attribute: 'uid' })
  const ids = (view: DirectoryView) =>
    [...(view.search({ base: [], scope: 'sub', condition: everybody }) ?? [])]
      .flatMap((entry) => entry?.attributes.cn ?? [])
      .sort()

  async function company() {
    const house = await freshDesk({ anonymous: true })
    const germany = await addScope(house.scopes, 'Germany')
    const berlin = await addScope(house.scopes, 'Berlin', germany.id, ['10.1.0.0/16'])
    await addScope(house.scopes, 'Munich', germany.id, ['10.2.0.0/16'])
    await addScope(house.scopes, 'France', 'system', ['10.3.0.0/16'])
    for (const region of ['', 'germany', 'Berlin', 'Germany/Munich', 'France', 'Atlantis']) {
      saved(await house.desk.contacts.save({ region, owner: '', attributes: { cn: region || 'all' } }))
    }
    const anna = { ...newUser('anna', 0), displayName: 'Anna', region: berlin.id }
    await house.store.commit([put(users, 'anna', anna)], { durable: false })
    const from = async (address: string) => {
      const answer = await house.directory.bind({ kind: 'anonymous', peer: { address, port: 1 } })
      if (answer.kind !== 'view') throw new Error(answer.reason)
      return answer.view
    }
    return { ...house, germany, berlin, from }
  }

  test('an address shows its place, what lies in it and what it lies in; users stand where they are', async () => {
    const { from, desk } = await company()
    expect(ids(await from('10.1.0.9'))).toEqual(['Anna', 'Berlin', 'all', 'germany'])
    expect(ids(await from('10.2.0.9'))).toEqual(['Germany/Munich', 'all', 'germany'])
    expect(ids(await from('10.3.0.9'))).toEqual(['France', 'all'])
    expect(ids(await from('192.0.2.1'))).toEqual(['all'])
    // What people wrote is kept as the path of the scope.
    expect(desk.regions()).toEqual(['Atlantis', 'France', 'Germany', 'Germany/Berlin', 'Germany/Munich'])
  })

  test('a view follows the tree, and what was sorted for it is sorted again', async () => {
    const { from, scopes, berlin } = await company()
    const view = await from('10.1.0.9')
    expect(ids(view)).toContain('germany')
    const revision = view.revision
    const france = scopes.tree().find('France')
    if (france.kind !== 'found') throw new Error('no France')
    const { name, timeZone, subnets, description } = berlin
    await scopes.change(
      berlin.id,
      { kind: 'site', name, parent: france.scope.id, timeZone, subnets, description },
      berlin.version,
      'test',
    )
    expect(ids(view)).not.toContain('germany')
    expect(ids(view)).toContain('France')
    expect(view.revision).toBeGreaterThan(revision)
  })

  test('contacts, accounts and settings follow a region that is renamed, with their passwords', async () => {
    const { desk, scopes, germany } = await company()
    saved(await desk.accounts.save({ name: 'berlin', password: 'correct horse', region: 'Berlin', fresh: true }))
    saved(await desk.phones.save('Berlin', { active: '1', password: 'very secret' }, false))
    const { kind, parent, timeZone, subnets, description } = germany
    await scopes.change(
      germany.id,
      { kind, name: 'Allemagne', parent, timeZone, subnets, description },
      germany.version,
      'test',
    )
    const renamed = ['Allemagne', 'Allemagne/Berlin', 'Allemagne/Munich', 'Atlantis', 'France']
    await vi.waitFor(() => expect(desk.contacts.regions()).toEqual(renamed), { timeout: 3_000 })
    await vi.waitFor(() => expect(desk.phones.regions()).toEqual(['Allemagne/Berlin']), { timeout: 3_000 })
    expect(desk.accounts.list()[0]?.region).toBe('Allemagne/Berlin')
    expect(desk.phones.layer('Allemagne/Berlin', 'x', true)?.values.LDAPPassword).toBe('very secret')
    expect(desk.regions()).toEqual(renamed)
  })

  test('an account sees its region, and the personal contacts of its owner', async () => {
    const { desk, directory } = await company()
    saved(await desk.contacts.save({ region: '', owner: 'anna', attributes: { cn: 'Her dentist' } }))
    saved(await desk.accounts.save({ name: 'munich', password: 'correct horse', region: 'Munich', fresh: true }))
    saved(
      await desk.accounts.save({
        name: 'annas',
        password: 'correct horse',
        region: 'berlin',
        owner: 'Anna',
        fresh: true,
      }),
    )
    const seen = async (name: string) => {
      const dn = parseDn(directory.accountDn(name)) ?? []
      const peer = { address: '10.1.0.9', port: 1 }
      const answer = await directory.bind({ kind: 'simple', name: dn, password: Buffer.from('correct horse'), peer })
      return answer.kind === 'view' ? ids(answer.view) : answer.reason
    }
    expect(await seen('munich')).toEqual(['Germany/Munich', 'all', 'germany'])
    expect(await seen('annas')).toEqual(['Anna', 'Berlin', 'Her dentist', 'all', 'germany'])
  })
})

describe('the phones’ settings', () => {
  test('built-in, system and regions, the nearer first; the password is sealed and never told', async () => {
    const { desk, store, scopes } = await freshDesk()
    const germany = await addScope(scopes, 'Germany')
    await addScope(scopes, 'Berlin', germany.id)
    expect(desk.phones.get('').values).toMatchObject({
      active: { value: '1', from: 'built-in' },
      base: { value: BASE, from: 'built-in' },
      password: { value: '', set: false, from: 'built-in' },
    })
    saved(await desk.phones.save('', { active: '1', password: 'very secret', userName: 'cn=p' }, false))
    saved(await desk.phones.save('germany', { countryCode: '49' }, false))
    const berlin = saved(await desk.phones.save('Berlin', { maxHits: '20' }, false))
    expect(berlin.values).toMatchObject({
      countryCode: { value: '49', from: 'region' },
      maxHits: { value: '20', from: 'region' },
      userName: { value: 'cn=p', from: 'system' },
      password: { value: '', set: true, from: 'system' },
    })
    expect(berlin.lines).toContain('system/ldap/max_hits=20')
    expect(berlin.lines).toContain('system/ldap/server_address=10.1.0.2')
    expect(berlin.lines).toContain('system/ldap/password=********')
    const written = JSON.stringify([...store.entries(phoneLdap)])
    expect(written + JSON.stringify(berlin)).not.toContain('very secret')
    expect(desk.phones.layer('Berlin', '10.1.0.2', true)?.values).toMatchObject({
      ...{ LDAPActive: '1', LDAPServerAddress: '10.1.0.2', LDAPMaxHits: '20', LDAPPassword: 'very secret' },
    })
    expect(desk.phones.layer('Berlin', '10.1.0.2', false)?.values).not.toHaveProperty('LDAPPassword')
    // Kept when none is given, and gone when that is wished.
    saved(await desk.phones.save('', { active: '1' }, true))
    expect(desk.phones.get('').values.password.set).toBe(true)
    saved(await desk.phones.save('', { active: '0' }, false))
    expect(desk.phones.get('').values.password.set).toBe(false)
    expect(desk.phones.get('').lines).toEqual(['system/ldap/enabled=0'])
    expect(desk.phones.layer('Berlin', 'x', true)?.values).toEqual({ LDAPActive: '0' })
  })

  test.each([
    ['port', '70000'],
    ['maxHits', '1001'],
    ['active', 'yes'],
    ['nameFilter', '(sn=x)'],
    ['numberFilter', '(|(sn=%)'],
    ['base', 'nowhere'],
    ['displayName', 'name'],
    ['server', 'a b'],
    ['countryCode', '4 9'],
    ['userName', 'a\nsystem/password=x'],
    ['password', 'x'.repeat(129)],
    ['nameAttributes', 'a;b'],
    ['toString', 'x'],
  ])('%s cannot be %j', async (name, value) => {
    const { desk } = await freshDesk()
    expect(await desk.phones.save('', { [name]: value }, false)).toMatchObject({
      kind: 'refused',
      errors: [{ field: name }],
    })
  })
})

describe('what a phone would show', () => {
  const QUESTION = { region: '', field: 'name', typed: 'le' } as const

  async function shelf(anonymous = true) {
    const house = await freshDesk({ anonymous })
    for (const [cn, telephoneNumber] of [
      ['Zoe Lee', '+49 30 123'],
      ['Ann Lehmann', '+49 30 456'],
      ['Mia', '030 456'],
    ]) {
      saved(await house.desk.contacts.save({ region: '', owner: '', attributes: { cn, telephoneNumber } as never }))
    }
    return house.desk
  }

  test('its settings are used to the letter, in the phone’s order', async () => {
    const desk = await shelf()
    expect(desk.try(QUESTION)).toMatchObject({
      ...{ kind: 'shown', base: BASE, filter: '(|(sn=le*)(givenname=le*)(displayname=le*))', maxHits: 50, more: false },
      hits: [{ shown: 'Ann Lehmann' }, { shown: 'Zoe Lee', numbers: ['+49 30 123'] }],
    })
    saved(await desk.phones.save('', { displayName: '%sn', maxHits: '1', countryCode: '49', areaCode: '30' }, false))
    expect(desk.try(QUESTION)).toMatchObject({ more: true, hits: [{ shown: expect.stringMatching(/^Le/) }] })
    expect(desk.try({ ...QUESTION, field: 'number', typed: '456' })).toMatchObject({
      filter: expect.stringContaining('(telephoneNumber=4930456*)'),
      hits: [{ shown: 'Lehmann' }],
    })
    expect(desk.try({ ...QUESTION, field: 'number', typed: '+4930123' })).toMatchObject({ hits: [{ shown: 'Lee' }] })
    expect(desk.try({ ...QUESTION, typed: '*)(uid=*' })).toMatchObject({ kind: 'shown', hits: [] })
  })

  test('why it would show nothing is a sentence', async () => {
    const desk = await shelf(false)
    const why = (question = {}) => {
      const screen = desk.try({ ...QUESTION, ...question })
      return screen.kind === 'problem' ? screen.problem : screen
    }
    expect(why()).toContain('switched off')
    saved(await desk.phones.save('', { active: '1' }, false))
    expect(why()).toContain('Anonymous')
    saved(await desk.phones.save('', { active: '1', userName: `cn=phones,ou=accounts,${BASE}` }, false))
    expect(why()).toContain('no account')
    saved(await desk.accounts.save({ name: 'phones', password: 'correct horse', region: '', fresh: true }))
    expect(why({ typed: '' })).toContain('Type')
    expect(desk.try(QUESTION).kind).toBe('shown')
    saved(await desk.phones.save('', { active: '1', server: 'ldap.elsewhere' }, false))
    expect(why()).toContain('ldap.elsewhere')
  })
})

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Contact } from '#daemon/domain/directory'
import { newUser } from '#daemon/domain/phone'
import type { MessageId } from '#daemon/messages'
import { Alarms } from '#daemon/services/alarms/alarms'
import { Directory, type DirectoryOptions } from '#daemon/services/directory/directory'
import { hashPassword } from '#daemon/services/scrypt'
import { put, remove } from '#daemon/store/store'
import { alarms as alarmTable, contacts, directoryAccounts, users } from '#daemon/store/tables'
import { compile } from '#protocols/ldap/filter'
import { type DirectoryView, parseDn } from '#protocols/ldap/port'
import { freshStore } from '#test/support/store'

const BASE = 'dc=example,dc=com'
const PEER = { address: '10.0.0.7', port: 40_000 }
const EVERYBODY = compile({ kind: 'present', attribute: 'uid' })

async function house(settings: Partial<DirectoryOptions['settings']> = {}, more: Partial<DirectoryOptions> = {}) {
  const store = await freshStore()
  const told: [MessageId, unknown][] = []
  const announce: DirectoryOptions['announce'] = (id, fields) => told.push([id, fields])
  let time = 1_000_000
  const now = () => time
  const alarms = new Alarms(store, now, announce)
  const directory = new Directory({
    store,
    now,
    announce,
    alarms,
    settings: { baseDn: BASE, anonymous: true, ...settings },
    ...more,
  })
  directory.start()
  onTestFinished(() => directory.stop())
  const pass = (milliseconds: number) => {
    time += milliseconds
  }
  return { store, directory, alarms, told, pass }
}

async function anonymous(directory: Directory): Promise<DirectoryView> {
  const answer = await directory.bind({ kind: 'anonymous', peer: PEER })
  if (answer.kind === 'refuse') throw new Error(answer.reason)
  return answer.view
}

function bindAs(directory: Directory, name: string, password: string, address = PEER.address) {
  const dn = parseDn(name) ?? []
  return directory.bind({ kind: 'simple', name: dn, password: Buffer.from(password), peer: { address, port: 1 } })
}

function ids(view: DirectoryView): string[] {
  const found = view.search({ base: parseDn(BASE) ?? [], scope: 'sub', condition: EVERYBODY }) ?? []
  return [...found].flatMap((entry) => (entry?.attributes.uid ? [String(entry.attributes.uid)] : [])).sort()
}

function contact(id: string, region = '', owner = ''): Contact {
  return { id, region, owner, attributes: { cn: id, sn: id }, source: 'manual', changedAt: 0 }
}

describe('what is in it', () => {
  test('users of the fleet and contacts, as the store has them, now and later', async () => {
    const { store, directory } = await house()
    const view = await anonymous(directory)
    const ann = { ...newUser('ann', 0), displayName: 'Ann van Lee', phoneNumber: '+49 30 123' }
    await store.commit([put(users, 'ann', ann), put(contacts, 'c1', contact('c1'))], { durable: false })
    expect(ids(view)).toEqual(['ann', 'c1'])
    expect(view.entry(parseDn(`UID=Ann,ou=People,${BASE}`) ?? [])).toMatchObject({
      dn: `uid=ann,ou=people,${BASE}`,
      attributes: { cn: 'Ann van Lee', sn: 'Lee', givenName: 'Ann van', telephoneNumber: '+49 30 123' },
    })
    const revision = view.revision
    await store.commit([put(users, 'ann', { ...ann, displayName: 'Ann Moor' }), remove(contacts, 'c1')], {
      durable: false,
    })
    expect(ids(view)).toEqual(['ann'])
    expect(view.entry(parseDn(`uid=ann,ou=people,${BASE}`) ?? [])?.attributes.sn).toBe('Moor')
    expect(view.revision).toBeGreaterThan(revision)
  })

  test('a user of an odd name has a name that finds it', async () => {
    const { store, directory } = await house()
    const name = ' #o"d,d+ <\\na=me>; '
    await store.commit([put(users, name, { ...newUser(name, 0), displayName: '' })], { durable: false })
    const view = await anonymous(directory)
    const [entry] = [...(view.search({ base: parseDn(BASE) ?? [], scope: 'sub', condition: EVERYBODY }) ?? [])].filter(
      (each) => each?.attributes.uid,
    )
    expect(view.entry(parseDn(entry?.dn ?? '') ?? [])).toBe(entry)
  })

  test('what a phone calls itself is cleaned', async () => {
    const { store, directory } = await house()
    const odd = [
      { name: 'a', displayName: 'Ann\r\nLee\u0000', phoneNumber: '1\n2', createdAt: 0 },
      { name: 'b', displayName: 'x'.repeat(1_000), phoneNumber: '', createdAt: 0 },
    ]
    await store.commit(
      odd.map((user) => put(users, user.name, user)),
      { durable: false },
    )
    const view = await anonymous(directory)
    const of = (name: string) => view.entry(parseDn(`uid=${name},ou=people,${BASE}`) ?? [])?.attributes
    expect(of('a')).toMatchObject({ cn: 'Ann Lee', sn: 'Lee', telephoneNumber: '1 2' })
    expect(of('b')).toMatchObject({ uid: 'b', cn: 'b' })
  })

  test.each(['', 'example', 'cn=x', 'dc=', 'dc=x,,'])('the base %j is refused at start', (baseDn) => {
    expect(() => new Directory({ settings: { baseDn, anonymous: true } } as DirectoryOptions)).toThrow('base')
  })

  test.each([
    ['o=Example\\, Inc', { objectClass: ['top', 'organization'], o: 'example, inc' }],
    ['ou=phones,dc=x', { objectClass: ['top', 'organizationalUnit'], ou: 'phones' }],
    ['dc=x', { objectClass: ['top', 'organization', 'dcObject'], dc: 'x', o: 'x' }],
  ])('the base %s has an entry of its kind', async (baseDn, attributes) => {
    const { directory } = await house({ baseDn })
    expect((await anonymous(directory)).entry(parseDn(baseDn) ?? [])).toMatchObject({ dn: baseDn, attributes })
  })
})

describe('who sees what', () => {
  test('a region sees its own contacts and those of nobody’s; personal contacts are not shown to it', async () => {
    const regionOf = ({ address }: { address: string }) => (address === PEER.address ? 'berlin' : undefined)
    const { store, directory } = await house({}, { regionOf })
    const all = [contact('all'), contact('b', 'berlin'), contact('p', 'paris'), contact('mine', '', 'ann')]
    await store.commit(
      all.map((each) => put(contacts, each.id, each)),
      { durable: false },
    )
    const berlin = await anonymous(directory)
    expect(ids(berlin)).toEqual(['all', 'b'])
    // Hidden is not there: neither by name nor as a base.
    const hidden = parseDn(`uid=p,ou=contacts,${BASE}`) ?? []
    expect(berlin.entry(hidden)).toBeUndefined()
    expect(berlin.search({ base: hidden, scope: 'base', condition: EVERYBODY })).toBeUndefined()
    const elsewhere = await directory.bind({ kind: 'anonymous', peer: { address: '10.9.9.9', port: 1 } })
    expect(elsewhere.kind === 'view' && ids(elsewhere.view)).toEqual(['all', 'b', 'p'])
  })

  test('an account is limited to its region', async () => {
    const { store, directory } = await house({ anonymous: false })
    const passwordHash = await hashPassword(Buffer.from('secret'))
    await store.commit(
      [
        put(directoryAccounts, 'phones', { name: 'phones', passwordHash, region: '' }),
        put(directoryAccounts, 'paris', { name: 'paris', passwordHash, region: 'paris' }),
        put(contacts, 'b', contact('b', 'berlin')),
        put(contacts, 'p', contact('p', 'paris')),
      ],
      { durable: false },
    )
    const [phones, paris] = [
      await bindAs(directory, directory.accountDn('phones'), 'secret'),
      await bindAs(directory, directory.accountDn('Paris'), 'secret'),
    ]
    if (phones.kind !== 'view' || paris.kind !== 'view') throw new Error('refused')
    expect([ids(phones.view), ids(paris.view)]).toEqual([['b', 'p'], ['p']])
    expect(paris.view.identity).toBe(`cn=paris,ou=accounts,${BASE}`)
    expect(await directory.bind({ kind: 'anonymous', peer: PEER })).toMatchObject({ kind: 'refuse', code: 48 })
    // Accounts themselves are nothing to search.
    expect(phones.view.entry(parseDn(directory.accountDn('paris')) ?? [])).toBeUndefined()
  })
})

describe('passwords', () => {
  async function guarded(triesPerMinute = 20) {
    const made = await house({}, { triesPerMinute })
    const passwordHash = await hashPassword(Buffer.from('secret'))
    await made.store.commit([put(directoryAccounts, 'phones', { name: 'phones', passwordHash, region: '' })], {
      durable: false,
    })
    return made
  }

  test('wrong passwords, unknown names and names elsewhere are refused alike', async () => {
    const { directory, told } = await guarded()
    const tries = [directory.accountDn('phones'), directory.accountDn('nobody'), `cn=phones,${BASE}`, 'cn=phones']
    for (const name of tries)
      expect(await bindAs(directory, name, 'wrong')).toEqual({ kind: 'refuse', code: 49, reason: '' })
    expect(told.map(([id]) => id)).toEqual(['directory.wrong-password', 'directory.wrong-password'])
    expect(JSON.stringify(told)).not.toContain('wrong"')
  })

  test('a password that was right is known again at once, until it is changed', async () => {
    const { store, directory } = await guarded()
    const name = directory.accountDn('phones')
    expect((await bindAs(directory, name, 'secret')).kind).toBe('view')
    const since = performance.now()
    for (let i = 0; i < 200; i++) expect((await bindAs(directory, name, 'secret')).kind).toBe('view')
    expect((performance.now() - since) / 200).toBeLessThan(10)
    const passwordHash = await hashPassword(Buffer.from('changed'))
    await store.commit([put(directoryAccounts, 'phones', { name: 'phones', passwordHash, region: '' })], {
      durable: false,
    })
    expect(await bindAs(directory, name, 'secret')).toMatchObject({ kind: 'refuse', code: 49 })
  })

  test('a fleet that starts with one password at the same moment is let in', async () => {
    const { directory, told } = await guarded()
    const name = directory.accountDn('phones')
    const answers = await Promise.all(Array.from({ length: 15 }, () => bindAs(directory, name, 'secret')))
    expect(answers.map(({ kind }) => kind)).toEqual(Array(15).fill('view'))
    expect(told).toEqual([])
  })

  test('a right password now and then does not buy more guesses', async () => {
    const { store, directory } = await guarded(3)
    let refusedAt = 0
    for (let i = 0; i < 9 && refusedAt === 0; i++) {
      const passwordHash = await hashPassword(Buffer.from(`own ${i}`))
      await store.commit([put(directoryAccounts, 'own', { name: 'own', passwordHash, region: '' })], { durable: false })
      await bindAs(directory, directory.accountDn('own'), `own ${i}`)
      const answer = await bindAs(directory, directory.accountDn('phones'), `guess ${i}`)
      if (answer.kind === 'refuse' && answer.code === 51) refusedAt = i
    }
    expect(refusedAt).toBeGreaterThan(0)
  })

  test('guessing is slowed down and raises one alarm; phones with the right password are let in all the while', async () => {
    const { store, directory, pass } = await guarded(5)
    const name = directory.accountDn('phones')
    expect((await bindAs(directory, name, 'secret', '10.0.0.8')).kind).toBe('view')
    const answers = []
    for (let i = 0; i < 9; i++) answers.push(await bindAs(directory, name, `guess ${i}`))
    expect(answers.slice(0, 5).every((answer) => answer.kind === 'refuse' && answer.code === 49)).toBe(true)
    expect(answers.slice(5).every((answer) => answer.kind === 'refuse' && answer.code === 51)).toBe(true)
    const raised = [...store.entries(alarmTable)].map(({ value }) => value)
    expect(raised).toEqual([
      expect.objectContaining({ name: 'DIRECTORY BIND ATTACK', source: `ldap/${PEER.address}`, severity: 'major' }),
    ])
    // authenticationFailure of X.733's probable causes
    expect(raised[0]).toMatchObject({ eventType: 'other', probableCause: 58, remoteHost: PEER.address })
    expect((await bindAs(directory, name, 'secret', '10.0.0.8')).kind).toBe('view')
    expect((await bindAs(directory, name, 'secret')).kind).toBe('view')
    pass(61_000)
    await bindAs(directory, name, 'secret')
    expect(store.count(alarmTable)).toBe(0)
  })

  test('an alarm about guessing does not outlive a restart', async () => {
    const { store, directory, alarms, pass } = await guarded(1)
    for (let i = 0; i < 3; i++) await bindAs(directory, directory.accountDn('phones'), `guess ${i}`)
    expect(alarms.active()).toHaveLength(1)
    directory.stop()
    pass(1_000)
    directory.start()
    expect([alarms.active(), store.count(alarmTable)]).toEqual([[], 0])
  })
})

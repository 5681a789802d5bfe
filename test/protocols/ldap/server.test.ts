// SPDX-License-Identifier: Apache-2.0
import { describe, expect, onTestFinished, test } from 'vitest'
import type { BindRequest, Control, LdapRequest } from '#protocols/ldap/messages'
import { OID } from '#protocols/ldap/messages'
import { LdapServer, type LdapServerOptions } from '#protocols/ldap/server'
import { serverContract } from '#test/contract/server'
import { Client, namesIn, search } from './client.ts'
import { type House, PHONES, portOf, STAFF, SUFFIX, serve, shelf } from './house.ts'

const CONTACTS = `ou=contacts,${SUFFIX}`
const ANN = `uid=ann,${CONTACTS}`
const text = (value: string) => Buffer.from(value)

async function staffHouse(options: Partial<LdapServerOptions> = {}): Promise<House> {
  return serve({ port: portOf(shelf(STAFF)), ...options })
}

async function clientOf({ port }: House): Promise<Client> {
  const client = await Client.open(port)
  onTestFinished(() => client.close())
  return client
}

function bind(name: string, password: string, version = 3): BindRequest {
  return { kind: 'bind', version, name, authentication: { kind: 'simple', password: text(password) } }
}

async function whoAmI(client: Client): Promise<string> {
  const [answer] = await client.ask({ kind: 'extended', oid: OID.whoAmI, value: undefined })
  if (answer?.op.kind !== 'extendedResponse') throw new Error('no answer to whoAmI')
  return Buffer.from(answer.op.value ?? []).toString()
}

describe('bind [RFC4511 §4.2, RFC4513 §5.1]', () => {
  test.each([
    ['anonymous', bind('', ''), 0, ''],
    ['anonymous, version 2', bind('', '', 2), 0, ''],
    ['name and password', bind(PHONES, 'secret'), 0, `dn:${PHONES}`],
    ['name and password, version 2', bind(PHONES.toUpperCase(), 'secret', 2), 0, `dn:${PHONES}`],
    ['a wrong password', bind(PHONES, 'wrong'), 49, ''],
    ['an unknown name', bind('cn=nobody', 'secret'), 49, ''],
    ['a password without a name', bind('', 'secret'), 49, ''],
    ['a name without a password', bind(PHONES, ''), 53, ''],
    ['no distinguished name', bind('phones', 'secret'), 34, ''],
    ['version 1', bind('', '', 1), 2, ''],
    ['version 4', bind('', '', 4), 2, ''],
    ['SASL', { ...bind('', ''), authentication: { kind: 'sasl', mechanism: 'PLAIN' } }, 7, ''],
  ] satisfies [string, BindRequest, number, string][])('%s', async (_, request, code, identity) => {
    const client = await clientOf(await staffHouse())
    expect(await client.code(request)).toBe(code)
    expect(await whoAmI(client)).toBe(identity)
  })

  test('a bind that fails leaves the client anonymous [RFC4511 §4.2.1]', async () => {
    const client = await clientOf(await staffHouse())
    await client.code(bind(PHONES, 'secret'))
    await client.code(bind(PHONES, 'wrong'))
    expect(await whoAmI(client)).toBe('')
  })

  test('when anonymous access is refused, only the server itself can be read', async () => {
    const refusing = { bind: async () => ({ kind: 'refuse', code: 48, reason: 'no' }) as const }
    const client = await clientOf(await serve({ port: refusing }))
    expect(await client.code(bind('', ''))).toBe(48)
    expect(await client.code(search({}))).toBe(50)
    expect(await client.code({ kind: 'compare', entry: ANN, attribute: 'sn', value: 'Lee' })).toBe(50)
    const [root] = await client.ask(search({ base: '', scope: 'base', attributes: ['+'] }))
    expect(JSON.stringify(root)).not.toContain('namingContexts')
    expect(JSON.stringify(root)).toContain('supportedControl')
  })

  test('no password is ever observed', async () => {
    const house = await staffHouse()
    const client = await clientOf(house)
    await client.code(bind(PHONES, 'hunter2'))
    await client.code(bind(PHONES, 'secret'))
    expect(house.exchanges).toHaveLength(2)
    expect(JSON.stringify(house.exchanges)).not.toMatch(/hunter2|secret/)
  })
})

describe('operations', () => {
  test.each(['add', 'modify', 'delete', 'modifyDn'] as const)(
    '%s is unwillingToPerform [RFC4511 §4.6–4.9]',
    async (kind) => {
      const client = await clientOf(await staffHouse())
      const [answer] = await client.ask({ kind, body: text(ANN) })
      expect(answer?.op).toMatchObject({ kind: 'writeResponse', operation: kind, result: { code: 53 } })
    },
  )

  test('an unknown extended operation is a protocolError [RFC4511 §4.12]', async () => {
    const client = await clientOf(await staffHouse())
    expect(await client.code({ kind: 'extended', oid: '1.2.3.4', value: text('x') })).toBe(2)
  })

  test('StartTLS without a certificate is a protocolError, and is not offered [RFC4511 §4.14.1]', async () => {
    const client = await clientOf(await staffHouse())
    expect(await client.code({ kind: 'extended', oid: OID.startTls, value: undefined })).toBe(2)
    const root = await client.ask(search({ base: '', scope: 'base', attributes: ['supportedExtension'] }))
    expect(JSON.stringify(root)).not.toContain(OID.startTls)
  })

  test.each([
    ['true', ANN, 'SN', ' lee ', 6],
    ['true for any of several values', `uid=joerg,${CONTACTS}`, 'telephoneNumber', '493012347', 6],
    ['false', ANN, 'sn', 'Leo', 5],
    ['an attribute that is not there', ANN, 'mobile', '1', 16],
    ['an attribute that nobody knows', ANN, 'shoeSize', '42', 17],
    ['an empty value', ANN, 'sn', '', 21],
    ['an entry that is not there', `uid=bob,${CONTACTS}`, 'sn', 'Lee', 32],
    ['no distinguished name', 'ann', 'sn', 'Lee', 34],
    ['the root DSE', '', 'objectClass', 'top', 6],
  ])('compare: %s [RFC4511 §4.10]', async (_, entry, attribute, value, code) => {
    const client = await clientOf(await staffHouse())
    expect(await client.code({ kind: 'compare', entry, attribute, value })).toBe(code)
  })

  const unknown: Control = { oid: '1.2.3.4.5', critical: true, value: undefined }
  test.each([
    ['search', search({}), 12],
    ['bind', bind('', ''), 12],
    ['compare', { kind: 'compare', entry: ANN, attribute: 'sn', value: 'lee' }, 12],
    ['a control that is known, but not for this operation', { kind: 'delete', body: text(ANN) }, 12],
  ] satisfies [string, LdapRequest, number][])(
    'critical unknown controls: %s [RFC4511 §4.1.11]',
    async (name, op, code) => {
      const client = await clientOf(await staffHouse())
      const oid = name.startsWith('a control') ? OID.pagedResults : unknown.oid
      expect(await client.code(op, [{ ...unknown, oid }])).toBe(code)
    },
  )

  test('unknown controls that are not critical are ignored [RFC4511 §4.1.11]', async () => {
    const client = await clientOf(await staffHouse())
    expect(await client.code(search({}), [{ ...unknown, critical: false }])).toBe(0)
  })

  test('a control that cannot be read spoils its search and nothing else', async () => {
    const client = await clientOf(await staffHouse())
    expect(await client.code(search({}), [{ oid: OID.pagedResults, critical: true, value: text('x') }])).toBe(2)
    expect(await client.code(search({}), [{ oid: OID.sortRequest, critical: true, value: undefined }])).toBe(2)
    expect(await client.code(search({}))).toBe(0)
  })

  test('a fault of the directory is `other`, is observed, and the connection lives on', async () => {
    let broken = true
    const good = portOf(shelf(STAFF))
    const port = {
      bind: (credentials: Parameters<typeof good.bind>[0]) =>
        broken ? Promise.reject(new Error('disk')) : good.bind(credentials),
    }
    const house = await serve({ port })
    const client = await clientOf(house)
    expect(await client.code(search({}))).toBe(80)
    broken = false
    expect(await client.code(search({}))).toBe(0)
    expect(house.exchanges[0]).toMatchObject({ operation: 'SEARCH', ending: 'fault', reason: 'disk' })
  })

  test('each request is observed once, with its answer, time and size', async () => {
    const house = await staffHouse()
    const client = await clientOf(house)
    await client.ask(search({ sizeLimit: 1 }))
    await client.ask(search({ base: 'dc=nowhere' }))
    expect(house.exchanges).toEqual([
      expect.objectContaining({
        protocol: 'ldap',
        operation: 'SEARCH',
        ending: 'reply',
        answer: 'sizeLimitExceeded, 1 entries',
      }),
      expect.objectContaining({
        operation: 'SEARCH',
        ending: 'refuse',
        reason: 'noSuchObject',
        answer: 'noSuchObject, 0 entries',
      }),
    ])
    expect(house.exchanges[0]?.bytes).toBeGreaterThan(50)
    expect(house.exchanges[0]?.micros).toBeGreaterThan(0)
  })
})

test('a name with markup in it is data like any other', async () => {
  const client = await clientOf(await staffHouse())
  const filter = { kind: 'equal', attribute: 'company', value: '<script>alert(1)</script>' } as const
  expect(namesIn(await client.ask(search({ filter })))).toEqual([`uid=zoe,${CONTACTS}`])
})

serverContract('ldap', {
  transport: 'TCP',
  make: (listen, gate) => {
    const port = portOf(shelf(STAFF))
    const observe = () => {}
    return new LdapServer({
      ...{ listen, observe },
      port: {
        async bind(credentials) {
          await gate.pass()
          return port.bind(credentials)
        },
      },
    })
  },
  async ask({ port }) {
    const client = await Client.open(port)
    try {
      if ((await client.code(search({}))) !== 0) throw new Error('the search failed')
    } finally {
      client.close()
    }
  },
})

// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { encode } from '#protocols/ldap/codec'
import type { LdapLimits } from '#protocols/ldap/limits'
import { OID } from '#protocols/ldap/messages'
import { LdapServer } from '#protocols/ldap/server'
import { here } from '#test/support/process'
import { freshCertificate } from './certificate.ts'
import { Client, namesIn, search } from './client.ts'
import { type House, portOf, STAFF, SUFFIX, serve, shelf } from './house.ts'

const START_TLS = { kind: 'extended', oid: OID.startTls, value: undefined } as const
const PEOPLE = search({ filter: { kind: 'present', attribute: 'sn' } })

async function tlsHouse(limits: Partial<LdapLimits> = {}): Promise<House> {
  const { key, cert } = await freshCertificate()
  const tlsListen = { address: '127.0.0.1', port: 0 }
  return serve({ port: portOf(shelf(STAFF)), tls: () => ({ key, cert }), tlsListen, limits })
}

async function kept(opening: Promise<Client>): Promise<Client> {
  const client = await opening
  onTestFinished(() => client.close())
  return client
}

describe('StartTLS [RFC4511 §4.14]', () => {
  test('in the clear, then encrypted; a second StartTLS is an operationsError', async () => {
    const { port } = await tlsHouse()
    const client = await kept(Client.open(port))
    const root = search({ base: '', scope: 'base', attributes: ['supportedExtension'] })
    expect(JSON.stringify(await client.ask(root))).toContain(OID.startTls)
    expect(await client.code(START_TLS)).toBe(0)
    await client.encrypt()
    expect(namesIn(await client.ask(PEOPLE))).toHaveLength(4)
    expect(JSON.stringify(await client.ask({ ...root, sizeLimit: 1 }))).not.toContain(OID.startTls)
    expect(await client.code(START_TLS)).toBe(1)
  })

  test('what comes in the clear behind the request is not taken for ours', async () => {
    const { port } = await tlsHouse()
    const client = await kept(Client.open(port))
    const [first, second] = [START_TLS, PEOPLE].map((op, i) => encode({ id: i + 1, op, controls: [] }))
    client.bytes(Buffer.concat([first ?? [], second ?? []].map((part) => Buffer.from(part))))
    expect(await client.notice()).toMatchObject({ code: 2 })
    expect(namesIn(client.received)).toEqual([])
  })

  test('a client that says nothing more is not awaited for ever', async () => {
    const house = await tlsHouse({ stallMs: 100 })
    const client = await kept(Client.open(house.port))
    expect(await client.code(START_TLS)).toBe(0)
    await client.closed
    expect(house.exchanges.at(-1)).toMatchObject({ operation: 'TLS', ending: 'malformed', reason: 'tls-timeout' })
  })

  test('a client that goes on in the clear is cut off', async () => {
    const house = await tlsHouse()
    const client = await kept(Client.open(house.port))
    expect(await client.code(START_TLS)).toBe(0)
    client.send(PEOPLE)
    await client.closed
    expect(house.exchanges.at(-1)).toMatchObject({ operation: 'TLS', ending: 'malformed', reason: 'tls-handshake' })
  })
})

describe('LDAPS', () => {
  test('serves inside TLS from the first byte', async () => {
    const { tlsPort } = await tlsHouse()
    const client = await kept(Client.openTls(tlsPort))
    expect(namesIn(await client.ask(PEOPLE))).toHaveLength(4)
  })

  test('takes nothing in the clear', async () => {
    const house = await tlsHouse()
    const client = await kept(Client.open(house.tlsPort))
    client.send(PEOPLE)
    await client.closed
    expect(client.received).toEqual([])
    expect(house.exchanges).toEqual([expect.objectContaining({ operation: 'TLS', reason: 'tls-handshake' })])
  })

  test('a silent client is not awaited for ever, and does not keep the server from stopping', async () => {
    const house = await tlsHouse({ stallMs: 100 })
    const closed = new Promise((resolve) => {
      connect(house.tlsPort, '127.0.0.1').once('close', resolve).resume()
    })
    await closed
    const another = connect(house.tlsPort, '127.0.0.1').resume()
    await new Promise((resolve) => another.once('connect', resolve))
    await house.server.stop()
    another.destroy()
  })

  test('who comes and goes without a word is not told of', async () => {
    const house = await tlsHouse()
    const visitor = connect(house.tlsPort, '127.0.0.1')
    await new Promise((resolve) => visitor.once('connect', resolve))
    visitor.destroy()
    const client = await kept(Client.openTls(house.tlsPort))
    expect(namesIn(await client.ask(PEOPLE))).toHaveLength(4)
    expect(house.exchanges.map(({ operation }) => operation)).toEqual(['SEARCH'])
  })

  test('without a certificate it is not even made', () => {
    const listen = { address: '127.0.0.1', port: 0 }
    const make = () => new LdapServer({ listen, tlsListen: listen, port: portOf(shelf({})), observe: () => {} })
    expect(make).toThrow('certificate')
  })
})

test('a renewed certificate serves those who come after; one that cannot be used changes nothing', async () => {
  const [first, second] = [await freshCertificate(), await freshCertificate()]
  let now: { key: string; cert: string } = first
  const house = await serve({
    ...{ port: portOf(shelf(STAFF)), tls: () => now },
    tlsListen: { address: '127.0.0.1', port: 0 },
  })
  const found = async (trusted: string) => {
    const env = { LDAPTLS_CACERT: trusted, LDAPTLS_REQCERT: 'demand' }
    const uri = `ldaps://127.0.0.1:${house.tlsPort}`
    return (await here.run('ldapsearch', ['-x', '-H', uri, '-b', SUFFIX, '(sn=abel)'], { env })).code
  }
  expect(await found(first.file)).toBe(0)
  now = { key: first.key, cert: second.cert }
  expect(() => house.server.renewTls()).toThrow()
  expect(await found(first.file)).toBe(0)
  now = second
  house.server.renewTls()
  expect([await found(second.file), await found(first.file)]).toEqual([0, 255])
})

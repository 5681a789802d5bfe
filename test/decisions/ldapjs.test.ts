// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { here } from '#test/support/process'

/*
 * Why docs/decisions/0005-own-ldap-server.md: npm's ldapjs 3.0.7 as the server behind a phone's directory key.
 * One process is the server (written as its README shows) and a client that sends the given bytes; it tells what
 * came back.
 */
const PROGRAM = `
import { connect } from 'node:net'
import ldap from 'ldapjs'
const tell = (who, what) => console.log(JSON.stringify([who, what]))
const server = ldap.createServer()
if (process.env.LISTENER) server.on('error', (error) => tell('error', error.message))
const ann = { dn: 'cn=Ann,o=x', attributes: { objectclass: ['person'], givenName: ['Ann'], sn: ['Lee'] } }
server.search('o=x', (request, response, next) => {
  if (request.filter.matches(ann.attributes)) response.send(ann)
  response.end()
  next()
})
server.listen(0, '127.0.0.1', () => {
  const client = connect(server.port, '127.0.0.1', () => client.write(Buffer.from(process.argv[1], 'hex')))
  client.on('data', (bytes) => {
    tell('answer', bytes.toString('hex'))
    if (process.env.EXPECT === 'done' && !bytes.toString('hex').includes(process.env.DONE)) return
    client.destroy()
  })
  client.on('close', () => {
    tell('closed', '')
    process.exit(0)
  })
})
`

/** A definite-length TLV in hex; every message here is shorter than 128 bytes. */
function tlv(tag: string, ...contents: string[]): string {
  const value = contents.join('')
  return tag + (value.length / 2).toString(16).padStart(2, '0') + value
}

function text(tag: string, value: string): string {
  return tlv(tag, Buffer.from(value).toString('hex'))
}

/** Message 1: BindRequest, version 3, no name, SASL with the given mechanism [RFC 4511 §4.2]. */
function saslBind(mechanism: string): string {
  return tlv('30', '020101', tlv('60', '020103', '0400', tlv('a3', text('04', mechanism))))
}

/** Message 1: SearchRequest below o=x, whole subtree, for one equality [RFC 4511 §4.5.1]. */
function search(attribute: string, value: string): string {
  const filter = tlv('a3', text('04', attribute), text('04', value))
  return tlv(
    '30',
    '020101',
    tlv('63', text('04', 'o=x'), '0a0102', '0a0100', '020100', '020100', '010100', filter, '3000'),
  )
}

/** SearchResultDone, success, as the server ends each search. */
const DONE = '65070a0100'

async function exchange(bytes: string, env: Record<string, string>) {
  const { code, stdout, stderr } = await here.run('node', ['--input-type=module', '-e', PROGRAM, bytes], {
    env: { DONE, ...env },
    timeoutMs: 10_000,
  })
  const told = stdout
    .split('\n')
    .filter((line) => line.startsWith('["'))
    .map((line) => JSON.parse(line) as [string, string])
  const of = (who: string) => told.filter(([name]) => name === who).map(([, what]) => what)
  return { code, stderr, errors: of('error'), answer: of('answer').join(''), closed: of('closed').length === 1 }
}

describe('ldapjs 3.0.7', () => {
  it('must survive any bind [RFC 4511 §4.2]: one SASL bind ends the server that its README shows', async () => {
    const { code, stderr } = await exchange(saslBind('PLAIN'), {})
    expect(code).toBe(1)
    expect(stderr).toContain('authentication 0xa3 not supported')
  })

  it('must answer a SASL bind with authMethodNotSupported (7): hangs up without an answer', async () => {
    const { errors, answer, closed } = await exchange(saslBind('PLAIN'), { LISTENER: 'yes' })
    expect(errors).toEqual([expect.stringContaining('authentication 0xa3 not supported')])
    expect(answer).toBe('')
    expect(closed).toBe(true)
  })

  it('finds an entry when names and values are spelled as stored (so the failures below are its own)', async () => {
    const { answer } = await exchange(search('givenName', 'Ann'), { EXPECT: 'done' })
    expect(answer).toContain(Buffer.from('cn=Ann,o=x').toString('hex'))
    expect(answer).toContain(DONE)
  })

  it.each([
    ['an attribute name', 'givenname', 'Ann', 'RFC 4512 §2.5'],
    ['a value', 'givenName', 'ann', 'RFC 4519 §2.12'],
  ])('must ignore the case of %s, as phones ask (%s=%s) [%s]: finds nobody', async (_, attribute, value) => {
    const { answer } = await exchange(search(attribute, value), { EXPECT: 'done' })
    expect(answer).not.toContain(Buffer.from('cn=Ann,o=x').toString('hex'))
    expect(answer).toContain(DONE)
  })
})

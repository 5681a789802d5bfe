// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { Authentication } from 'net-snmp'
import { describe, expect, test } from 'vitest'
import { decode, decodeScoped, encodeScoped } from '#protocols/snmp/codec-message'
import { localize } from '#protocols/snmp/crypto'
import {
  isEngineId,
  LocalEngine,
  MAX_BOOTS,
  newEngineId,
  nextBoot,
  parseEngineId,
  RemoteEngine,
} from '#protocols/snmp/engine'
import type { Pdu, V3Message } from '#protocols/snmp/messages'
import type { AuthProtocol, SnmpUser } from '#protocols/snmp/port'
import { isAuthentic, protect, reveal, Salts } from '#protocols/snmp/usm'
import { everyUser } from './support.ts'

/** That of the examples in RFC 3414 §A.3. */
const ENGINE = Buffer.from('000000000000000000000002', 'hex')

function user(authProtocol: AuthProtocol, authKey: string): SnmpUser {
  return { name: 'x', level: 'authNoPriv', authProtocol, authKey }
}

describe('keys', () => {
  test.each([
    ['md5', '526f5eed9fcce26f8964c2930787d82b'],
    ['sha1', '6695febc9288e36282235fc7151f128497b38f3f'],
  ] as const)('of %s are those of RFC 3414 §A.3', (protocol, key) => {
    expect(localize(user(protocol, 'maplesyrup'), ENGINE).auth?.key.toString('hex')).toBe(key)
  })

  test.each(['sha224', 'sha256', 'sha384', 'sha512'] as const)(
    'of %s are made in the same way [RFC7860 §9.3]',
    (hash) => {
      const passPhrase = 'maplesyrup'
      const ku = createHash(hash).update(passPhrase.repeat(200_000).slice(0, 1_048_576)).digest()
      const kul = createHash(hash).update(ku).update(ENGINE).update(ku).digest()
      expect(localize(user(hash, passPhrase), ENGINE).auth?.key.equals(kul)).toBe(true)
    },
  )

  test('differ by engine, pass phrase and protocol, and net-snmp keeps none of them', () => {
    const keys = [
      localize(user('sha1', 'maplesyrup'), ENGINE),
      localize(user('sha1', 'maplesyrup'), Buffer.from('000000000000000000000003', 'hex')),
      localize(user('sha1', 'maplesyrup2'), ENGINE),
      localize(user('sha256', 'maplesyrup'), ENGINE),
    ].map(({ auth }) => auth?.key.toString('hex'))
    expect(new Set(keys).size).toBe(4)
    expect(Authentication.authToKeyCache).toEqual({})
  })

  test('are not made for a user without security', () => {
    expect(localize({ name: 'open', level: 'noAuthNoPriv' }, ENGINE)).toEqual({})
  })
})

const pdu: Pdu = {
  ...{ kind: 'trap', requestId: 5, errorStatus: 0, errorIndex: 0 },
  varbinds: [{ oid: '1.3.6.1', type: 'octets', value: Uint8Array.from(Buffer.from('something to hide')) }],
}
const contents = encodeScoped({ contextEngineId: ENGINE, contextName: '', pdu })

function protectedBy(one: SnmpUser): { bytes: Buffer; message: V3Message } {
  const { name: userName, level } = one
  const engine = { id: ENGINE, boots: 3, time: 77 }
  const salts = new Salts(Buffer.alloc(8, 0xff))
  const keys = localize(one, ENGINE)
  const bytes = protect({ id: 9, reportable: true, level, userName, keys, engine, contents, salts })
  return { bytes, message: decode(bytes) as V3Message }
}

describe.each(everyUser().map((one) => [one.name, one] as const))('a message of %s', (_, one) => {
  const keys = localize(one, ENGINE)
  const { bytes, message } = protectedBy(one)

  test('is opened with its keys', () => {
    if (one.level !== 'noAuthNoPriv') expect(isAuthentic(bytes, message, keys)).toBe(true)
    const opened = reveal(message, keys)
    expect(opened && decodeScoped(opened)).toEqual({ contextEngineId: Uint8Array.from(ENGINE), contextName: '', pdu })
    expect(bytes.includes('something to hide')).toBe(one.level !== 'authPriv')
  })

  test('with any bit changed is not authentic', () => {
    if (one.level === 'noAuthNoPriv') {
      expect(isAuthentic(bytes, message, keys)).toBe(false)
      return
    }
    for (let bit = 0; bit < bytes.length * 8; bit += 23) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const authentication = changed
        .subarray(message.authenticationAt)
        .subarray(0, message.security.authentication.length)
      const security = { ...message.security, authentication }
      expect(isAuthentic(changed, { ...message, security }, keys)).toBe(false)
    }
    expect(isAuthentic(bytes, message, {})).toBe(false)
    const cut = { ...message.security, authentication: message.security.authentication.subarray(1) }
    expect(isAuthentic(bytes, { ...message, security: cut }, keys)).toBe(false)
  })
})

test('salts count on over their largest, and differ', () => {
  const salts = new Salts(Buffer.alloc(8, 0xff))
  const hex = Array.from({ length: 3 }, () => Buffer.from(salts.next()).toString('hex'))
  expect(hex).toEqual(['ffffffffffffffff', '0000000000000000', '0000000000000001'])
})

describe('our engine [RFC3411 §5, RFC3414 §2.2]', () => {
  test('a new ID has the highest bit, an enterprise, a format and octets', () => {
    const id = newEngineId(Buffer.from('0102030405060708090a0b0c', 'hex'))
    expect(Buffer.from(id).toString('hex')).toBe('80001f88050102030405060708090a0b0c')
    expect(isEngineId(id)).toBe(true)
  })

  test.each([
    ['0x80001f8805 01:02', '80001f88050102'],
    ['80001F8805', '80001f8805'],
  ])('%s is read', (text, hex) => {
    expect(Buffer.from(parseEngineId(text) ?? []).toString('hex')).toBe(hex)
  })

  test.each(['', '80001f88', `80${'00'.repeat(32)}`, '0000000000', 'ffffffffff', '80001f880', 'xyz'])(
    '%j is none',
    (text) => {
      expect(parseEngineId(text)).toBeUndefined()
    },
  )

  test('boots grow by one with each start and stay at the largest', () => {
    const newId = () => newEngineId(Buffer.alloc(12, 1))
    const first = nextBoot(undefined, newId)
    expect(first.boots).toBe(1)
    expect(nextBoot(first, newId)).toEqual({ id: first.id, boots: 2 })
    expect(nextBoot({ ...first, boots: MAX_BOOTS }, newId).boots).toBe(MAX_BOOTS)
    expect(nextBoot({ id: new Uint8Array(3), boots: 5 }, newId).boots).toBe(1)
  })

  test('takes messages within 150 s of its own time, and none at all after the last boot', () => {
    let now = 0
    const engine = new LocalEngine({ id: ENGINE, boots: 2 }, () => now)
    now = 1_000_500
    expect([engine.time, engine.uptime]).toEqual([1_000, 100_050])
    expect([850, 1_150].map((time) => engine.isTimely(2, time))).toEqual([true, true])
    expect([849, 1_151].map((time) => engine.isTimely(2, time))).toEqual([false, false])
    expect([1, 3].map((boots) => engine.isTimely(boots, 1_000))).toEqual([false, false])
    const last = new LocalEngine({ id: ENGINE, boots: MAX_BOOTS }, () => now)
    expect(last.isTimely(MAX_BOOTS, 0)).toBe(false)
  })

  test('uptime wraps at 2^32 hundredths', () => {
    let now = 0
    const engine = new LocalEngine({ id: ENGINE, boots: 1 }, () => now)
    now = 2 ** 32 * 10 + 50
    expect(engine.uptime).toBe(5)
  })
})

describe('another engine’s clock [RFC3414 §2.3, §3.2 7b]', () => {
  function clock() {
    const state = { now: 0 }
    return { state, engine: new RemoteEngine(ENGINE, () => state.now) }
  }

  test('is 0 until it is known, and then goes on', () => {
    const { state, engine } = clock()
    expect([engine.known, engine.boots, engine.time]).toEqual([false, 0, 0])
    state.now = 5_000
    expect(engine.time).toBe(0)
    expect(engine.learn(7, 100)).toBe(true)
    state.now = 8_900
    expect([engine.known, engine.boots, engine.time]).toEqual([true, 7, 103])
  })

  test('is not set back by an old message, and one that is too old is refused', () => {
    const { state, engine } = clock()
    engine.learn(7, 1_000)
    expect(engine.learn(7, 860)).toBe(true)
    expect(engine.time).toBe(1_000)
    expect(engine.learn(7, 849)).toBe(false)
    expect(engine.learn(6, 5_000)).toBe(false)
    state.now = 100_000
    expect(engine.learn(7, 900)).toBe(false)
    expect(engine.boots).toBe(7)
  })

  test('begins anew with a boot, and follows a clock that runs faster', () => {
    const { engine } = clock()
    engine.learn(7, 1_000)
    expect(engine.learn(7, 5_000)).toBe(true)
    expect(engine.time).toBe(5_000)
    expect(engine.learn(8, 3)).toBe(true)
    expect([engine.boots, engine.time]).toEqual([8, 3])
    expect(engine.learn(MAX_BOOTS, 3)).toBe(false)
  })
})

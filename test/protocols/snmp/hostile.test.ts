// SPDX-License-Identifier: Apache-2.0
// Receivers that are silent, far away, confused or forged: an inform is done when its receiver said so, and only then.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Endpoint } from '#protocols/lib/exchange'
import { decode, decodeScoped, encodeScoped, encodeV3 } from '#protocols/snmp/codec-message'
import { localize } from '#protocols/snmp/crypto'
import { FLAG, type Pdu, USM, type V3Message } from '#protocols/snmp/messages'
import type { SnmpUser } from '#protocols/snmp/port'
import { flagsOf, protect, reveal, Salts, type UsmStat, usmStatOid } from '#protocols/snmp/usm'
import { LossyUdp } from '#test/support/lossy-udp'
import { seededRandom } from '#test/support/random'
import { startSnmptrapd } from '#test/support/snmptrapd'
import { acknowledged, informOf, listening, NOTIFICATION, ours, receiver } from './receivers.ts'
import { EVERYTHING, PRIVATE, target } from './support.ts'

/** Tells what it passed over. */
function listener() {
  const strays: string[] = []
  return { strays, one: ours({ stray: (_, reason) => void strays.push(reason) }) }
}

describe('a receiver that is silent', () => {
  test('is asked as often as told, with pauses that double, and then given up', async () => {
    let asked = 0
    const port = await receiver(() => asked++)
    const before = performance.now()
    const inform = ours().send(target(port, { timeoutMillis: 40, retries: 3 }), NOTIFICATION)
    await expect(inform).rejects.toMatchObject({ code: 'timeout' })
    expect(asked).toBe(4)
    // 40 + 80 + 160 + 320; timers may be early by less than a millisecond.
    expect(performance.now() - before).toBeGreaterThan(595)
  })

  test('does not hold up another one', async () => {
    const silent = await receiver(() => {})
    const good = await receiver((bytes, send) => send(acknowledged(informOf(bytes))))
    const one = ours()
    let given = 0
    const giveUp = () => void given++
    for (let i = 0; i < 100; i++) one.send(target(silent, { timeoutMillis: 60_000 }), NOTIFICATION).catch(giveUp)
    await Promise.all(Array.from({ length: 100 }, () => one.send(target(good), NOTIFICATION)))
    expect(given).toBe(0)
  })

  test('in version 3 is one that is never discovered: all that waits fails, nothing leaves unprotected', async () => {
    const seen: V3Message[] = []
    const port = await receiver((bytes) => seen.push(decode(bytes) as V3Message))
    const one = ours()
    const to = target(port, { user: PRIVATE, timeoutMillis: 30, retries: 1 })
    const informs = Array.from({ length: 20 }, () => one.send(to, EVERYTHING).catch(({ code }) => code))
    expect(new Set(await Promise.all(informs))).toEqual(new Set(['timeout']))
    expect(seen).toHaveLength(2)
    for (const { data, security } of seen) {
      expect(security).toMatchObject({ userName: '', boots: 0, time: 0 })
      expect(decodeScoped(data).pdu).toMatchObject({ kind: 'get', varbinds: [] })
    }
  })

  test('and nobody at all where it should be: the next try may find it', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const first = socket.address().port
    await new Promise<void>((closed) => socket.close(closed))
    const one = ours()
    const gone = one.send(target(first, { timeoutMillis: 50, retries: 1 }), NOTIFICATION)
    await expect(gone).rejects.toMatchObject({ code: expect.stringMatching(/^(timeout|unreachable)$/) })
    const trap = target(first, { inform: false })
    await one.send(trap, NOTIFICATION)
    await one.send(trap, NOTIFICATION)
    const back = await startSnmptrapd({ communities: ['public'], port: first })
    onTestFinished(() => back.close())
    await one.send(target(first), NOTIFICATION)
    expect(await back.received(1)).toHaveLength(1)
  })

  test('a network that there is no way to is unreachable', async () => {
    const away = { ...target(162, { inform: false }), address: '255.255.255.255' }
    await expect(ours().send(away, NOTIFICATION)).rejects.toMatchObject({ code: 'unreachable' })
  })
})

describe('answers that are none are passed over, and the right one counts', () => {
  test('garbage, truncation, another community, another version, another request, no response', async () => {
    const random = seededRandom(6)
    const port = await receiver((bytes, send) => {
      const message = informOf(bytes)
      const right = acknowledged(message)
      send(Buffer.from(Array.from({ length: 60 }, () => Math.floor(random() * 256))))
      send(Buffer.alloc(0))
      send(right.subarray(0, right.length - 1))
      send(Buffer.concat([right, Buffer.from([0])]))
      send(acknowledged({ ...message, community: Buffer.from('forged') }))
      send(acknowledged({ ...message, version: '1' }))
      send(acknowledged(message, { requestId: message.pdu.requestId ^ 1 }))
      send(bytes)
      send(right)
      send(right)
    })
    const { one, strays } = listener()
    await one.send(target(port), NOTIFICATION)
    await one.send(target(port), NOTIFICATION)
    expect(strays).toEqual(
      expect.arrayContaining([
        ...['truncated', 'trailing-bytes', 'another community', 'version 1', 'an answer to nothing'],
        'no response but inform',
      ]),
    )
  })

  test('an answer from another port never arrives', async () => {
    const [right, other] = [await listening(), await listening()]
    let seen = 0
    right.on('message', (bytes, { port }) => {
      const from = seen++ === 0 ? other : right
      from.send(acknowledged(informOf(bytes)), port, '127.0.0.1')
    })
    await ours().send(target(right.address().port, { timeoutMillis: 50, retries: 2 }), NOTIFICATION)
    expect(seen).toBe(2)
  })

  test('an error status is a refusal with its name [RFC3416 §4.2.7]', async () => {
    const port = await receiver((bytes, send) => send(acknowledged(informOf(bytes), { errorStatus: 16 })))
    await expect(ours().send(target(port), NOTIFICATION)).rejects.toMatchObject({
      code: 'refused',
      message: 'the receiver answered authorizationError',
    })
  })
})

/** A receiver of version 3 that we wrote, so that it can do wrong. */
const THEIRS = { id: Buffer.from('80001f88047265636569766572', 'hex'), boots: 4, time: 1_000_000 }
const salts = new Salts(Buffer.alloc(8))

interface Right {
  readonly message: V3Message
  readonly pdu: Pdu
  answer(engine?: Partial<typeof THEIRS>, more?: Partial<Pdu>): Buffer
  report(stat: UsmStat, engine?: Partial<typeof THEIRS>, level?: SnmpUser['level']): Buffer
}

function v3Receiver(
  user: SnmpUser,
  answer: (right: Right, send: (bytes: Uint8Array) => void) => void,
): Promise<number> {
  const keys = localize(user, THEIRS.id)
  return receiver((bytes, send) => {
    const message = decode(bytes) as V3Message
    const make = (level: SnmpUser['level'], pdu: Pdu, engine: Partial<typeof THEIRS>) => {
      const contents = encodeScoped({ contextEngineId: THEIRS.id, contextName: '', pdu })
      const { id } = message
      const { userName } = message.security
      return protect({
        id,
        reportable: false,
        level,
        userName,
        keys,
        engine: { ...THEIRS, ...engine },
        contents,
        salts,
      })
    }
    const reported = (stat: UsmStat): Pdu => ({
      ...{ kind: 'report', requestId: 0, errorStatus: 0, errorIndex: 0 },
      varbinds: [{ oid: usmStatOid(stat), type: 'counter32', value: 1 }],
    })
    if (message.security.engineId.byteLength === 0) {
      send(make('noAuthNoPriv', reported('usmStatsUnknownEngineIDs'), {}))
      return
    }
    const contents = reveal(message, keys)
    if (!contents) throw new Error('not decrypted')
    const { pdu } = decodeScoped(contents)
    const right: Right = {
      ...{ message, pdu },
      answer: (engine = {}, more = {}) => make(user.level, { ...pdu, kind: 'response', ...more }, engine),
      report: (stat, engine = {}, level = 'noAuthNoPriv') => make(level, reported(stat), engine),
    }
    if (user.level !== 'noAuthNoPriv' && message.security.boots !== THEIRS.boots) {
      send(right.report('usmStatsNotInTimeWindows', {}, 'authNoPriv'))
    } else answer(right, send)
  })
}

describe('version 3', () => {
  const signed: SnmpUser = { name: 'signed', level: 'authNoPriv', authProtocol: 'sha512', authKey: 'authentication' }

  test.each([
    ['signed', signed],
    ['private', PRIVATE],
  ])('a %s inform believes nothing that is less or wrongly secured [RFC3414 §3.2, RFC3412 §7.2]', async (_, user) => {
    let answered = 0
    const port = await v3Receiver(user, ({ message, pdu, answer, report }, send) => {
      answered++
      const right = answer()
      const plain = encodeScoped({ contextEngineId: THEIRS.id, contextName: '', pdu: { ...pdu, kind: 'response' } })
      const { id } = message
      const unsigned = { engineId: THEIRS.id, boots: 4, time: 1_000_000, userName: user.name }
      const empty = { authentication: new Uint8Array(0), privacy: new Uint8Array(0) }
      // What ends an inform of the package net-snmp: an answer whose own flags say that it need not be signed.
      send(encodeV3({ id, maxSize: 65_507, flags: 0, securityModel: USM }, { ...unsigned, ...empty }, plain).bytes)
      const zeros = { ...unsigned, authentication: new Uint8Array(message.security.authentication.length) }
      const flags = FLAG.auth
      send(
        encodeV3({ id, maxSize: 65_507, flags, securityModel: USM }, { ...zeros, privacy: empty.privacy }, plain).bytes,
      )
      const flipped = Buffer.from(right)
      flipped[flipped.length - 1] = (flipped[flipped.length - 1] ?? 0) ^ 1
      send(flipped)
      send(answer({ id: Buffer.from('80001f88046f74686572', 'hex') }))
      send(answer({ boots: 3 }))
      send(answer({ time: THEIRS.time - 500 }))
      send(answer({}, { requestId: pdu.requestId ^ 1 }))
      send(report('usmStatsNotInTimeWindows', { boots: 2_000_000_000 }))
      send(right)
    })
    const { one, strays } = listener()
    const to = target(port, { user, timeoutMillis: 10_000 })
    await one.send(to, EVERYTHING)
    await one.send(to, EVERYTHING)
    expect(answered).toBe(2)
    expect(strays).toEqual(
      expect.arrayContaining([
        ...['less security', 'a wrong signature', 'another engine', 'outside the time window', 'another request'],
        'an unsigned report about time',
      ]),
    )
  })

  test('an answer that is signed but not encrypted is not enough', async () => {
    const { one, strays } = listener()
    const port = await v3Receiver(PRIVATE, ({ message, pdu, answer }, send) => {
      const contents = encodeScoped({ contextEngineId: THEIRS.id, contextName: '', pdu: { ...pdu, kind: 'response' } })
      const keys = localize(PRIVATE, THEIRS.id)
      const { id } = message
      const { userName } = message.security
      send(protect({ id, reportable: false, level: 'authNoPriv', userName, keys, engine: THEIRS, contents, salts }))
      send(answer())
    })
    await one.send(target(port, { user: PRIVATE }), NOTIFICATION)
    expect(strays).toContain('less security')
  })

  test('a receiver whose clock goes wrong for ever is given up, not asked for ever', async () => {
    let asked = 0
    const port = await v3Receiver(signed, ({ report }, send) => {
      asked++
      send(report('usmStatsNotInTimeWindows', { time: THEIRS.time + asked }, 'authNoPriv'))
    })
    const inform = ours().send(target(port, { user: signed, retries: 0 }), NOTIFICATION)
    await expect(inform).rejects.toMatchObject({ code: 'report' })
    expect(asked).toBeLessThan(5)
  })

  test('a receiver that denies its own engine for ever is given up too', async () => {
    let asked = 0
    const port = await v3Receiver(signed, ({ report }, send) => {
      asked++
      send(report('usmStatsUnknownEngineIDs'))
    })
    const inform = ours().send(target(port, { user: signed, retries: 0 }), NOTIFICATION)
    await expect(inform).rejects.toMatchObject({ code: 'report' })
    expect(asked).toBeLessThan(5)
  })

  test.each([
    ['short', Buffer.from('8000')],
    ['empty', Buffer.alloc(0)],
    ['all zeros', Buffer.alloc(8)],
  ])('an engine ID that is %s is not learned', async (_, id) => {
    const { one, strays } = listener()
    const port = await receiver((bytes, send) => {
      const message = decode(bytes) as V3Message
      const varbinds = [{ oid: usmStatOid('usmStatsUnknownEngineIDs'), type: 'counter32', value: 1 }] as const
      const pdu: Pdu = { kind: 'report', requestId: 0, errorStatus: 0, errorIndex: 0, varbinds }
      const contents = encodeScoped({ contextEngineId: id, contextName: '', pdu })
      const header = { id: message.id, maxSize: 65_507, flags: flagsOf('noAuthNoPriv'), securityModel: USM }
      const nothing = new Uint8Array(0)
      const security = { engineId: id, boots: 1, time: 1, userName: '', authentication: nothing, privacy: nothing }
      send(encodeV3(header, security, contents).bytes)
    })
    const inform = one.send(target(port, { user: signed, timeoutMillis: 50 }), NOTIFICATION)
    await expect(inform).rejects.toMatchObject({ code: 'timeout' })
    expect(strays).toContain('an engine ID that is none')
  })
})

describe('a bad network', () => {
  test.each([
    ['2c', {}],
    ['3', { user: PRIVATE }],
  ])('loses nothing of version %s: each inform that was acknowledged was received', async (_, more) => {
    const end = await startSnmptrapd({ communities: ['public'], users: [PRIVATE] })
    onTestFinished(() => end.close())
    const service: Endpoint = { address: '127.0.0.1', port: end.port }
    const lossy = await LossyUdp.before(service, { seed: 4, drop: 0.2, duplicate: 0.1, reorder: 0.2 })
    onTestFinished(() => lossy.close())
    const to = target(lossy.endpoint.port, { ...more, timeoutMillis: 50, retries: 8 })
    const one = ours()
    const told = Array.from({ length: 200 }, (_, i) => one.send(to, { ...NOTIFICATION, uptime: i }))
    await Promise.all(told)
    const received = await end.received(200)
    const uptimes = received.map(({ varbinds }) => /\((\d+)\)/.exec(varbinds[0] ?? '')?.[1])
    expect(new Set(uptimes).size).toBe(200)
    expect(lossy.toll.dropped).toBeGreaterThan(20)
  })
})

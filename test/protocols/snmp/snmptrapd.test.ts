// SPDX-License-Identifier: Apache-2.0
// Debian's own receiver takes what we send; its log is compared field by field.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SnmpSender } from '#protocols/snmp/sender'
import { type Snmptrapd, startSnmptrapd } from '#test/support/snmptrapd'
import {
  ARC,
  ENGINE,
  EVERYTHING,
  EVERYTHING_PRINTED,
  everyUser,
  PRIVATE,
  sender,
  target,
  V2_PREFIX,
} from './support.ts'

const users = everyUser()
let receiver: Snmptrapd
let ours: SnmpSender

beforeAll(async () => {
  receiver = await startSnmptrapd({ communities: ['public', 's3cret!'], users, engineId: ENGINE.id })
  ours = sender()
})

afterAll(async () => {
  await ours.close()
  await receiver.close()
})

async function last() {
  const count = receiver.count()
  return { of: async () => (await receiver.received(count + 1)).at(-1) }
}

describe('a trap of version 1 [RFC3584 §3.2]', () => {
  const community = 's3cret!'

  test('has enterprise, specific number, uptime and address, and no zero at the end of the enterprise', async () => {
    const next = await last()
    await ours.send(target(receiver.port, { version: '1', community, inform: false }), EVERYTHING)
    expect(await next.of()).toEqual({
      how: 'TRAP, SNMP v1, community s3cret!',
      v1: { enterprise: `.${ARC}`, generic: '6', specific: '.1', uptime: '123456', agent: '127.0.0.1' },
      varbinds: EVERYTHING_PRINTED,
    })
  })

  test('of a name without a zero loses its last number only', async () => {
    const next = await last()
    const notification = { ...EVERYTHING, oid: `${ARC}.5.40`, varbinds: [] }
    await ours.send(target(receiver.port, { version: '1', community, inform: false }), notification)
    expect((await next.of())?.v1).toMatchObject({ enterprise: `.${ARC}.5`, generic: '6', specific: '.40' })
  })

  test('of coldStart is generic 0', async () => {
    const next = await last()
    const notification = { oid: '1.3.6.1.6.3.1.1.5.1', uptime: 5, varbinds: [] }
    await ours.send(target(receiver.port, { version: '1', community, inform: false }), notification)
    expect((await next.of())?.v1).toMatchObject({ enterprise: '.1.3.6.1.6.3.1.1.5', generic: '0', uptime: '5' })
  })

  test('cannot carry a Counter64', async () => {
    const varbinds = [{ oid: `${ARC}.1`, type: 'counter64', value: 1n }] as const
    await expect(
      ours.send(target(receiver.port, { version: '1', inform: false }), { ...EVERYTHING, varbinds }),
    ).rejects.toMatchObject({ code: 'invalid' })
  })
})

describe.each([
  ['trap', false],
  ['inform', true],
])('a %s', (_, inform) => {
  const kind = inform ? 'INFORM' : 'TRAP2'

  test('of version 2c arrives with every value [RFC3416 §4.2.6]', async () => {
    const next = await last()
    const large = { oid: `${ARC}.9.12`, type: 'counter64', value: 18_446_744_073_709_551_615n } as const
    const notification = { ...EVERYTHING, varbinds: [...EVERYTHING.varbinds, large] }
    await ours.send(target(receiver.port, { inform }), notification)
    expect(await next.of()).toMatchObject({
      how: `${kind}, SNMP v2c, community public`,
      varbinds: [...V2_PREFIX, ...EVERYTHING_PRINTED, `.${ARC}.9.12 = Counter64: 18446744073709551615`],
    })
  })

  test.each(users.map((user) => [user.name, user] as const))('of version 3 as %s', async (_name, user) => {
    const next = await last()
    await ours.send(target(receiver.port, { inform, user }), EVERYTHING)
    expect(await next.of()).toMatchObject({
      how: `${kind}, SNMP v3, user ${user.name}, context `,
      varbinds: [...V2_PREFIX, ...EVERYTHING_PRINTED],
    })
  })
})

describe('what the receiver refuses is told', () => {
  test('an unknown user', async () => {
    const user = { ...PRIVATE, name: 'nobody' }
    await expect(ours.send(target(receiver.port, { user }), EVERYTHING)).rejects.toMatchObject({
      code: 'report',
      message: expect.stringContaining('usmStatsUnknownUserNames'),
    })
  })

  test('a wrong key', async () => {
    const user = { ...PRIVATE, name: 'sha256-aes128', authKey: 'something else' }
    await expect(ours.send(target(receiver.port, { user }), EVERYTHING)).rejects.toMatchObject({
      code: 'report',
      message: expect.stringContaining('usmStatsWrongDigests'),
    })
  })

  test('a level above that of the user', async () => {
    const user = { ...PRIVATE, name: 'open' }
    await expect(ours.send(target(receiver.port, { user }), EVERYTHING)).rejects.toMatchObject({
      code: 'report',
      message: expect.stringContaining('usmStatsUnsupportedSecLevels'),
    })
  })

  test('a wrong community is silence', async () => {
    const wrong = target(receiver.port, { community: 'wrong', timeoutMillis: 50, retries: 1 })
    await expect(ours.send(wrong, EVERYTHING)).rejects.toMatchObject({ code: 'timeout' })
  })
})

test('a receiver that comes back as another engine, with its clock at the beginning, is found anew', async () => {
  const first = await startSnmptrapd({ users: [PRIVATE] })
  const to = target(first.port, { user: PRIVATE, timeoutMillis: 1000, retries: 4 })
  await ours.send(to, EVERYTHING)
  await first.close()
  const second = await startSnmptrapd({ users: [PRIVATE], port: first.port })
  await ours.send(to, EVERYTHING)
  expect(await second.received(1)).toHaveLength(1)
  await second.close()
})

test('two thousand informs of version 3 to two receivers at a time are all acknowledged, none is doubled', async () => {
  const second = await startSnmptrapd({ users: [PRIVATE] })
  const before = receiver.count()
  const known = users.find(({ name }) => name === 'sha256-aes128')
  if (!known) throw new Error('no such user')
  const informs = Array.from({ length: 1000 }, (_, i) => {
    const notification = { oid: `${ARC}.0.1`, uptime: i, varbinds: [] }
    return [
      ours.send(target(receiver.port, { user: known }), notification),
      ours.send(target(second.port, { user: PRIVATE }), notification),
    ]
  })
  await Promise.all(informs.flat())
  const all = await second.received(1000)
  const uptimes = all.map(({ varbinds }) => varbinds[0])
  expect(new Set(uptimes).size).toBe(1000)
  expect(all).toHaveLength(1000)
  await receiver.received(before + 1000)
  expect(receiver.count() - before).toBe(1000)
  await second.close()
})

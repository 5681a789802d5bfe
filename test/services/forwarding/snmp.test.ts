// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { alarmIndex, alarmIndexes } from '#daemon/domain/alarm-index'
import type { SnmpSettings } from '#daemon/domain/destination'
import { SendError } from '#daemon/services/forwarding/sender'
import { SnmpDestination } from '#daemon/services/forwarding/senders/snmp'
import { LocalEngine, newEngineId } from '#protocols/snmp/engine'
import { profiles } from '#protocols/snmp/profiles'
import { SnmpSender } from '#protocols/snmp/sender'
import { startSnmptrapd } from '#test/support/snmptrapd'
import { ALL } from './house.ts'
import { outgoing } from './messages.ts'

const ARC = '.1.3.6.1.4.1.8072.9999.9999'
const now = () => performance.now()

function destination(
  port: number,
  more: Partial<SnmpSettings> = {},
  secrets: Record<string, string> = { community: 'public' },
) {
  const settings: SnmpSettings = {
    ...{ kind: 'snmp', name: 'nms', host: 'localhost', port, version: '2c', inform: true, profile: 'offhook' },
    ...{ timeoutSeconds: 0.1, retries: 1, filter: ALL, resendAtStart: false, ...more },
  }
  const engine = new LocalEngine({ id: newEngineId(randomBytes(12)), boots: 1 }, now)
  const notifier = new SnmpSender({ engine, now, random: randomBytes })
  const made = new SnmpDestination({
    ...{ settings, secrets, notifier, wording: profiles()[settings.profile], uptime: () => 4200, now: Date.now },
  })
  onTestFinished(() => made.close())
  return made
}

test('a heartbeat, and a test that stays in no list', async () => {
  const trapd = await startSnmptrapd({ communities: ['public'] })
  onTestFinished(() => trapd.close())
  const nms = destination(trapd.port)
  await nms.heartbeat(7, Date.now())
  await nms.send([outgoing({}, { kind: 'test' })])
  const got = await trapd.received(3)
  expect(got.map(({ varbinds }) => varbinds[1]?.split(' ').at(-1))).toEqual([`${ARC}.0.4`, `${ARC}.0.1`, `${ARC}.0.3`])
  expect(got[0]?.varbinds.at(-1)).toBe(`${ARC}.1.2.1.0 = Gauge32: 7`)
})

test.each<[string, (bytes: Buffer) => Buffer | undefined]>([
  ['says nothing', () => undefined],
  ['answers garbage', () => randomBytes(60)],
  ['sends the inform back', (bytes) => bytes],
  ['answers half', (bytes) => bytes.subarray(0, bytes.length / 2)],
])('a manager that %s is a failure, told in a sentence without secrets', async (_, answer) => {
  const manager = createSocket('udp4')
  onTestFinished(() => void manager.close())
  manager.on('message', (bytes, { port, address }) => {
    const reply = answer(bytes)
    if (reply) manager.send(reply, port, address)
  })
  manager.bind(0, '127.0.0.1')
  await once(manager, 'listening')
  const error = await destination(manager.address().port, {}, { community: 's3cret' })
    .send([outgoing()])
    .catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(SendError)
  expect(error).toMatchObject({ refused: false, message: 'localhost: no answer to 2 tries' })
})

test('a name that nobody knows, and a wrong key, are told as such', async () => {
  const nowhere = destination(162, { host: 'no-such-host.invalid' }).send([outgoing()])
  await expect(nowhere).rejects.toThrow(/^no-such-host\.invalid: .*(ENOTFOUND|EAI_AGAIN)/)
  const user = { name: 'noc', level: 'authNoPriv', authProtocol: 'sha256', authKey: 'the-right-key' } as const
  const trapd = await startSnmptrapd({ users: [user] })
  onTestFinished(() => trapd.close())
  const wrong = destination(
    trapd.port,
    { version: '3', user: 'noc', authProtocol: 'sha256', timeoutSeconds: 2 },
    { authKey: 'the-wrong-key' },
  )
  await expect(wrong.send([outgoing()])).rejects.toThrow(/usmStatsWrongDigests/)
})

test('alarms that share a number by chance stand side by side in the agent’s table', () => {
  const twins = ['alarm 7auj0f@IPPhone/10qdnlx7791', 'alarm pwrit2@IPPhone/5gjfm2x41686'].map((id) => ({
    id,
    raisedAt: 1,
  }))
  const [index = 0, ...others] = twins.map(alarmIndex)
  expect(others).toEqual([index])
  expect([...alarmIndexes(twins).values()]).toEqual([index, index + 1])
  expect(index >= 1 && index < 2 ** 31).toBe(true)
})

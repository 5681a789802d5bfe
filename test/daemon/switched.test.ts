// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { Alarms } from '#daemon/services/alarms/alarms'
import { Switched } from '#daemon/switched'
import { DhcpServer } from '#protocols/dhcp/server'
import { freshStore } from '#test/support/store'

async function switched(port: number, options: { isOn?: boolean; keepsSockets?: boolean } = {}) {
  const told: string[] = []
  const announce = (id: string) => void told.push(id)
  const alarms = new Alarms(await freshStore(), () => 1_000, announce)
  const server = new DhcpServer({
    ...{ listen: { address: '127.0.0.1', port }, observe: () => {} },
    port: { leaseFor: async () => ({ kind: 'silent', reason: 'a test' }) },
  })
  const part = new Switched(server, { isOn: false, keepsSockets: false, ...options, alarms, announce })
  onTestFinished(() => part.stop())
  await part.start(new AbortController().signal)
  return { server, part, alarms, told }
}

test('a server that is off at the start is started and stopped by turning it, as often as one likes', async () => {
  const { server, part } = await switched(0)
  expect([part.isOn, server.health().state]).toEqual([false, 'stopped'])
  for (let n = 0; n < 3; n++) {
    await part.turn(true)
    await part.turn(true)
    expect([part.isOn, server.health().state]).toEqual([true, 'serving'])
    await part.turn(false)
    expect([part.isOn, server.health().state]).toEqual([false, 'stopped'])
  }
})

test('where its port is taken there is an alarm, and it is served as soon as the port is free', async () => {
  const other = createSocket('udp4').bind(0, '127.0.0.1')
  await once(other, 'listening')
  const { server, part, alarms } = await switched(other.address().port)
  await part.turn(true)
  expect(alarms.active().map(({ name, source }) => [name, source])).toEqual([['SERVER LOST', 'server/dhcp']])
  await new Promise<void>((resolve) => other.close(resolve))
  await expect.poll(() => server.health().state, { timeout: 5_000 }).toBe('serving')
  await expect.poll(() => alarms.active(), { timeout: 5_000 }).toEqual([])
})

test('turned off while it waits for its port, it waits no longer and the alarm ends', async () => {
  const other = createSocket('udp4').bind(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { part, alarms } = await switched(other.address().port)
  await part.turn(true)
  await part.turn(false)
  expect(alarms.active()).toEqual([])
})

test('sockets that were passed to us stay open: they open only once', async () => {
  const { server, part } = await switched(0, { isOn: true, keepsSockets: true })
  const { endpoints } = server.health()
  await part.turn(false)
  expect(server.health()).toMatchObject({ state: 'serving', endpoints })
  await part.turn(true)
  expect(server.health()).toMatchObject({ state: 'serving', endpoints })
})

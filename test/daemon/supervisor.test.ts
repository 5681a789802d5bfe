// SPDX-License-Identifier: Apache-2.0
import { expect, onTestFinished, test } from 'vitest'
import type { MessageId } from '#daemon/messages'
import { Alarms } from '#daemon/services/alarms/alarms'
import { supervise } from '#daemon/supervisor'
import type { ProtocolServer } from '#protocols/server'
import { Standing } from '#protocols/server'
import { freshStore } from '#test/support/store'

/** A server whose socket can be taken away, and whose port can be kept by somebody else for a while. */
class FragileServer implements ProtocolServer {
  readonly name = 'fragile'
  readonly standing = new Standing()
  refusals = 0

  async start(): Promise<void> {
    if (this.refusals-- > 0) throw new Error('UDP 127.0.0.1:69 is already in use by another program')
    this.standing.serving([{ address: '127.0.0.1', port: 69 }])
  }

  async stop(): Promise<void> {
    this.standing.stopped()
  }

  health() {
    return this.standing.health()
  }

  onLost(listener: (error: Error) => void): void {
    this.standing.onLost(listener)
  }
}

async function supervised() {
  const store = await freshStore()
  const announced: MessageId[] = []
  let next: { id: MessageId; resolve: () => void } | undefined
  const announce = (id: MessageId) => {
    announced.push(id)
    if (next?.id === id) next.resolve()
  }
  const alarms = new Alarms(store, () => 1_000, announce)
  const server = new FragileServer()
  const part = supervise(server, alarms, announce)
  onTestFinished(() => part.stop())
  const announcement = (id: MessageId) => new Promise<void>((resolve) => (next = { id, resolve }))
  await part.start(new AbortController().signal)
  return { alarms, server, part, announced, announcement }
}

test('a server that loses its socket raises an alarm, is started again, and the alarm is cleared', async () => {
  const { alarms, server, announced, announcement } = await supervised()
  const cleared = announcement('alarm.cleared')
  server.refusals = 1
  server.standing.lost(new Error('the interface went away'))
  expect(server.health().state).toBe('lost')
  expect(alarms.active()).toEqual([
    expect.objectContaining({ name: 'SERVER LOST', source: 'server/fragile', severity: 'major', count: 1 }),
  ])
  await cleared
  expect(server.health().state).toBe('serving')
  expect(alarms.active()).toEqual([])
  expect(announced).toEqual(
    expect.arrayContaining(['server.lost', 'alarm.raised', 'server.retry', 'server.serving', 'alarm.cleared']),
  )
})

test('stopping ends the tries to start again', async () => {
  const { server, part, announced } = await supervised()
  server.standing.lost(new Error('gone'))
  await part.stop()
  expect(server.health().state).toBe('stopped')
  expect(announced.filter((id) => id === 'server.serving')).toHaveLength(1)
})

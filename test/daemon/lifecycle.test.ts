// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { type Part, startAll, stopAll } from '#daemon/lifecycle'

const never = new AbortController().signal

function recorder() {
  const events: string[] = []
  const part = (name: string, faults: Partial<Record<'start' | 'stop', Error>> = {}): Part => ({
    name,
    async start() {
      events.push(`start ${name}`)
      if (faults.start) throw faults.start
    },
    async stop() {
      events.push(`stop ${name}`)
      if (faults.stop) throw faults.stop
    },
  })
  return { events, part }
}

test('parts start in order and stop in reverse', async () => {
  const { events, part } = recorder()
  const parts = [part('store'), part('dhcp'), part('web')]
  await startAll(parts, never, 1_000)
  expect(await stopAll(parts, 1_000)).toEqual([])
  expect(events).toEqual(['start store', 'start dhcp', 'start web', 'stop web', 'stop dhcp', 'stop store'])
})

test('when one cannot start, those before it are stopped and the failure is thrown', async () => {
  const { events, part } = recorder()
  const parts = [part('store'), part('dhcp', { start: new Error('port taken') }), part('web')]
  await expect(startAll(parts, never, 1_000)).rejects.toThrow('port taken')
  expect(events).toEqual(['start store', 'start dhcp', 'stop store'])
})

test('an abort during start-up stops what was started', async () => {
  const { events, part } = recorder()
  const abort = new AbortController()
  const aborting: Part = { ...part('dhcp'), start: async () => abort.abort(new Error('stop')) }
  await expect(startAll([part('store'), aborting, part('web')], abort.signal, 1_000)).rejects.toThrow('stop')
  expect(events).toEqual(['start store', 'stop dhcp', 'stop store'])
})

test('a part that fails or hangs while stopping is named, and the others are stopped all the same', async () => {
  const { events, part } = recorder()
  const hanging: Part = { ...part('web'), stop: () => new Promise(() => undefined) }
  const faults = await stopAll([part('store'), part('dhcp', { stop: new Error('broken') }), hanging], 20)
  expect(faults.map(({ part, error }) => `${part}: ${error.message}`)).toEqual([
    'web: did not stop within 20 ms',
    'dhcp: broken',
  ])
  expect(events).toEqual(['stop dhcp', 'stop store'])
})

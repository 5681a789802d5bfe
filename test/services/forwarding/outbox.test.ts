// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Alarms } from '#daemon/services/alarms/alarms'
import { Events } from '#daemon/services/forwarding/events'
import { Outbox, type Parcel } from '#daemon/services/forwarding/outbox'
import { forwardCursors } from '#daemon/store/tables'
import { freshStore } from '#test/support/store'
import { ALL, alarm } from './house.ts'

const SEVERITIES = ['minor', 'major', 'critical'] as const
/** What happens: an alarm's life, a parcel taken, answered or lost, or a crash that only the disk survives. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('raise' as const),
      alarm: fc.nat(4),
      severity: fc.constantFrom(...SEVERITIES),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('clear' as const), alarm: fc.nat(4) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const), most: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat(9), isSaved: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), received: fc.nat(9) }) },
)

test('whatever is lost, answered late or crashes: every event is told, in order for each alarm, and twice only over a crash', async () => {
  const store = await freshStore()
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const id = `run${++run}`
      const alarms = new Alarms(store, Date.now, () => {})
      const events = new Events(store)
      events.start(() => {})
      const open = async () => {
        const options = { id, store, events, filter: ALL, pathOf: () => [], source: 'self', now: Date.now }
        const never = () => {
          throw new Error('nothing is lost here')
        }
        const outbox = new Outbox({
          ...options,
          activeAlarms: () => alarms.active(),
          onLost: never,
          onResent: () => {},
          onFault: never,
        })
        await outbox.load()
        return outbox
      }
      let outbox = await open()
      const first = events.newest + 1
      let out: Parcel[] = []
      const told: { readonly id: string; readonly sequence: number }[] = []
      let again = 0
      const receive = ({ messages }: Parcel) => {
        for (const message of messages) told.push({ id: message.alarm.id, sequence: message.sequence })
      }
      for (const one of steps) {
        if (one.do === 'raise') await alarms.raise(alarm(`${id} ${one.alarm}`, { severity: one.severity }))
        else if (one.do === 'clear') await alarms.clear(`${id} ${one.alarm}`, 'test')
        else if (one.do === 'take') {
          const parcel = outbox.take(one.most)
          if (parcel) out.push(parcel)
        } else if (one.do === 'answer') {
          const [parcel] = out.splice(one.which % Math.max(1, out.length), 1)
          if (parcel) receive(parcel)
          if (parcel) outbox.done(parcel, true)
          if (one.isSaved) await outbox.save()
        } else {
          for (const parcel of out.slice(0, one.received)) receive(parcel)
          out = []
          again++
          outbox = await open()
        }
      }
      for (;;) {
        for (const parcel of out.splice(0)) {
          receive(parcel)
          outbox.done(parcel, true)
        }
        const parcel = outbox.take(3)
        if (!parcel) break
        out.push(parcel)
      }
      await outbox.save()
      events.stop()

      expect(outbox.waiting).toBe(0)
      expect(store.get(forwardCursors, id)?.value).toMatchObject({ next: events.newest + 1, open: [] })
      const happened = new Map<string, number[]>()
      for (let sequence = first; sequence <= events.newest; sequence++) {
        const event = events.get(sequence)
        if (event) happened.set(event.alarm.id, [...(happened.get(event.alarm.id) ?? []), sequence])
      }
      for (const [alarmId, sequences] of happened) {
        const heard = told.filter((one) => one.id === alarmId).map(({ sequence }) => sequence)
        expect([...new Set(heard)]).toEqual(sequences)
        if (again === 0) expect(heard).toEqual(sequences)
      }
      await alarms.clearAll(alarms.active().map((one) => one.id))
    }),
    { numRuns: 60 },
  )
})

// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, test } from 'vitest'
import { Alarms } from '#daemon/services/alarms/alarms'
import { AddressWatch } from '#daemon/services/watch/address-watch'
import { ClockWatch } from '#daemon/services/watch/clock-watch'
import { alarmEvents } from '#daemon/store/tables'
import { freshStore } from '#test/support/store'

let wall = 1_000_000_000_000
let steady = 500
let alarms: Alarms
let told: object[]
let events: () => string[]

beforeEach(async () => {
  const store = await freshStore()
  told = []
  alarms = new Alarms(
    store,
    () => wall,
    () => {},
  )
  events = () => [...store.entries(alarmEvents)].map(({ value }) => value.alarm.description)
})

describe('the clock of the machine', () => {
  test('that goes as it should, or is mended in small steps, is nobody’s business; a jump is told once', () => {
    const announce = (id: string, fields: object = {}) => void told.push({ id, ...fields })
    const watch = new ClockWatch({ alarms, announce, now: () => wall, steady: () => steady })
    watch.start()
    watch.stop()
    const pass = (ms: number, set = 0) => {
      steady += ms
      wall += ms + set
      watch.look()
    }
    for (let n = 0; n < 50; n++) pass(1_000, n % 2 === 0 ? 900 : -900)
    pass(60_000)
    expect(told).toEqual([])
    pass(1_000, 3_600_000)
    pass(1_000)
    pass(1_000, -7_200_000)
    expect(told).toEqual([
      { id: 'clock.jumped', seconds: 3_600 },
      { id: 'clock.jumped', seconds: -7_200 },
    ])
    expect(watch.jumps).toBe(2)
    expect(events().sort()).toEqual([
      'The clock of this machine was set back by 7200 seconds.',
      'The clock of this machine was set forward by 3600 seconds.',
    ])
    expect(alarms.active()).toEqual([])
  })
})

describe('the addresses that servers listen on', () => {
  test('one that is gone is one alarm with all who listen there, until it is back; loopback and all addresses are none', async () => {
    const there = new Set(['10.1.0.2'])
    const servers = [
      { name: 'tftp', addresses: ['10.1.0.2'] },
      { name: 'http', addresses: ['10.1.0.2', '0.0.0.0', '127.0.0.1', '127.5.5.5'] },
    ]
    const watch = new AddressWatch({ alarms, servers: () => servers, present: () => there })
    await watch.look()
    expect(alarms.active()).toEqual([])
    there.clear()
    await watch.look()
    await watch.look()
    expect(alarms.active()).toMatchObject([{ id: 'ADDRESS MISSING@address/10.1.0.2', count: 1 }])
    expect(alarms.active()[0]?.description).toContain('tftp, http')
    there.add('10.1.0.2')
    await watch.look()
    expect(alarms.active()).toEqual([])
  })
})

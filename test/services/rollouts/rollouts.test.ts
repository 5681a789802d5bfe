// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest'
import { put } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { RolloutDraft } from '#web/ports/rollouts'
import { type Fault, MINUTE, NEW, OLD, virtualFleet } from './fleet-of-virtual-phones.ts'

it('a good image goes from the canary to everybody, stage by stage, and becomes the default at the end', async () => {
  const fleet = await virtualFleet(40)
  const id = await fleet.begin()
  expect(fleet.row(id).rollout.stages).toEqual([
    { name: 'Canary', size: 2 },
    { name: '10 %', size: 2 },
    { name: '100 %', size: 36 },
  ])
  await fleet.minutes(3)
  expect([fleet.count(NEW), fleet.row(id).rollout.stage, fleet.chosen()]).toEqual([2, 0, OLD])
  await fleet.minutes(20, () => fleet.row(id).rollout.stage === 2)
  expect(fleet.count(NEW)).toBe(4)
  await fleet.minutes(20, () => fleet.row(id).rollout.state === 'done')
  expect(fleet.row(id)).toMatchObject({ rollout: { state: 'done' }, verdicts: { updated: 40 }, flashed: 40 })
  expect([fleet.count(NEW), fleet.chosen(), fleet.alarms.active()]).toEqual([40, NEW, []])
  expect([...fleet.told.values()]).toEqual(Array(40).fill(1))
  expect(fleet.row(id).rollout.decisions.map(({ by }) => by)).toEqual(['anna', 'offhook', 'offhook', 'offhook'])
})

it('phones outside the reached stage are kept on their old image, whatever they ask by themselves', async () => {
  const fleet = await virtualFleet(40)
  const id = await fleet.begin()
  await fleet.minutes(3)
  const reached = fleet.macs.filter((mac) => (fleet.daemon.rollouts.pinOf(mac, '440HD') ?? '') === NEW)
  expect(reached).toHaveLength(2)
  expect(fleet.macs.filter((mac) => fleet.daemon.rollouts.pinOf(mac, '440HD') === OLD)).toHaveLength(38)
  expect(fleet.daemon.rollouts.pinOf(fleet.macs[0] as never, '420HD')).toBeUndefined()
  // Neither image can be removed meanwhile.
  expect([NEW, OLD].map((image) => fleet.daemon.rollouts.needs(image))).toEqual(Array(2).fill([expect.any(String)]))
  expect(fleet.daemon.rollouts.needs('f'.repeat(64))).toEqual([])
  // Even when somebody chooses the new image ahead of it.
  await fleet.choices.set({ model: '440HD', where: 'system', image: NEW }, undefined, 'bert')
  expect(fleet.macs.filter((mac) => fleet.served(mac) === '2.2.16.7')).toHaveLength(2)
  expect(fleet.row(id).rollout.state).toBe('running')
})

it.each<[Fault, string, RegExp]>([
  ['never returns', 'silent', /1 of 2 phones silent since they were told; with none before the start/],
  ['wrong version', 'wrong version', /1 of 2 phones with the wrong version/],
  ['keeps the old one', 'wrong version', /1 of 2 phones with the wrong version/],
  ['loses registration', 'unregistered', /1 of 2 phones no longer registered/],
  ['flaps', 'unsteady', /1 of 2 phones starting or losing their registration over and over/],
  ['falls silent', 'silent', /1 of 2 phones silent/],
])('a canary that %s halts it, and it says why', async (fault, verdict, why) => {
  let canary = ''
  const fleet = await virtualFleet(40)
  const id = await fleet.begin({ limits: { soakMinutes: 45, patienceMinutes: 15, tolerancePercent: 2 } })
  canary = fleet.macs.find((mac) => fleet.daemon.rollouts.pinOf(mac, '440HD') === NEW) ?? ''
  for (const phone of fleet.phones) if (phone.mac === canary) phone.fault = fault
  await fleet.minutes(50, () => fleet.row(id).rollout.state === 'halted')
  const { rollout, verdicts, turns } = fleet.row(id)
  expect(rollout).toMatchObject({ state: 'halted', stage: 0 })
  expect(rollout.reason).toMatch(why)
  expect(verdicts).toMatchObject({ [verdict]: 1 })
  expect(turns).toEqual(['go back', 'continue', 'cancel'])
  expect(fleet.alarms.active()).toMatchObject([{ name: 'ROLLOUT HALTED', source: `rollout/${id}`, severity: 'major' }])
  expect(fleet.chosen()).toBe(OLD)
  const troubled = fleet.daemon.rollouts.members(id, { verdict: verdict as 'silent', page: 1, pageSize: 10 })
  expect(troubled.rows.map(({ member }) => member.mac)).toEqual([canary])
  // Nobody else is told any more.
  const count = fleet.told.size
  await fleet.minutes(5)
  expect(fleet.told.size).toBe(count)
})

it('trouble that the fleet had before is no reason to halt, and more of it in a late stage is', async () => {
  const fleet = await virtualFleet(100, (n) => (n >= 80 ? 'loses registration' : 'none'))
  const id = await fleet.begin({ shares: [50, 100] })
  // The canaries and half of the fleet are lucky, or not: with a fifth that fails it halts before the end.
  await fleet.minutes(60, () => fleet.row(id).rollout.state !== 'running')
  expect(fleet.row(id).rollout).toMatchObject({ state: 'halted' })
  expect(fleet.chosen()).toBe(OLD)

  const used = await virtualFleet(100, (n) => (n >= 97 ? 'loses registration' : 'none'))
  for (const [n, phone] of used.phones.entries()) {
    const stored = used.store.get(phones, phone.mac)
    if (n < 10 && stored) {
      phone.lost = true
      await used.store.commit([put(phones, phone.mac, { ...stored.value, status: 'unregistered' })], { durable: false })
    }
  }
  const other = await used.begin({ shares: [100] })
  for (const phone of used.phones) {
    if (used.daemon.rollouts.pinOf(phone.mac, '440HD') === NEW) phone.fault = 'none'
  }
  await used.minutes(60, () => used.row(other).rollout.state !== 'running')
  expect(used.row(other).rollout).toMatchObject({ state: 'done', baseline: { unregistered: 0.1 } })
})

it('those that were updated go back, and nobody is left with the new image', async () => {
  const fleet = await virtualFleet(20)
  const id = await fleet.begin()
  await fleet.minutes(3)
  expect(fleet.count(NEW)).toBe(2)
  await fleet.daemon.rollouts.turn(id, 'halt', 'bert')
  await fleet.minutes(2)
  // They keep it until somebody decides.
  expect(fleet.count(NEW)).toBe(2)
  expect(await fleet.daemon.rollouts.turn(id, 'go back', 'bert')).toMatchObject({ kind: 'saved' })
  await fleet.minutes(30, () => fleet.row(id).rollout.state === 'returned')
  expect([fleet.row(id).rollout.state, fleet.count(NEW), fleet.chosen()]).toEqual(['returned', 0, OLD])
  expect(fleet.row(id).rollout.decisions.at(-1)?.text).toBe('2 phones went back to the old image.')
  expect(fleet.alarms.active()).toEqual([])
})

it('those that came back with a wrong version go back, too', async () => {
  const fleet = await virtualFleet(20)
  const id = await fleet.begin()
  for (const phone of fleet.phones) if (fleet.served(phone.mac) === '2.2.16.7') phone.fault = 'wrong version'
  await fleet.minutes(20, () => fleet.row(id).rollout.state === 'halted')
  expect(fleet.phones.filter(({ firmware }) => firmware === '9.9')).toHaveLength(2)
  await fleet.daemon.rollouts.turn(id, 'go back', 'bert')
  await fleet.minutes(10, () => fleet.row(id).rollout.state === 'returned')
  expect([fleet.row(id).rollout.state, fleet.count(OLD)]).toEqual(['returned', 20])
})

it('an admin goes on in spite of a phone in trouble, which counts no more', async () => {
  const fleet = await virtualFleet(20)
  const id = await fleet.begin()
  for (const phone of fleet.phones)
    if (fleet.daemon.rollouts.pinOf(phone.mac, '440HD') === NEW) phone.fault = 'wrong version'
  await fleet.minutes(20, () => fleet.row(id).rollout.state === 'halted')
  expect(await fleet.daemon.rollouts.turn(id, 'continue', 'bert')).toMatchObject({ kind: 'saved' })
  expect(fleet.alarms.active()).toEqual([])
  await fleet.minutes(60, () => fleet.row(id).rollout.state !== 'running')
  // With all canaries excused nobody of the first stage says that it is good: it waits for a person.
  expect(fleet.row(id)).toMatchObject({
    rollout: { state: 'running', stage: 0 },
    waitsFor: ['no phone of this stage is there'],
  })
  expect(await fleet.daemon.rollouts.turn(id, 'cancel', 'bert')).toMatchObject({ kind: 'saved' })
  expect(fleet.daemon.rollouts.pinOf(fleet.macs[0] as never, '440HD')).toBeUndefined()
})

it('a daemon that dies at any moment goes on where it was, and tells no phone twice', async () => {
  const fleet = await virtualFleet(40)
  const id = await fleet.begin()
  for (let i = 0; i < 60 && fleet.row(id).rollout.state === 'running'; i++) {
    await fleet.minute()
    await fleet.again()
  }
  expect(fleet.row(id).rollout.state).toBe('done')
  expect([...fleet.told.values()]).toEqual(Array(40).fill(1))
})

it('phones that are away hold nothing up, and are told when they come back', async () => {
  const fleet = await virtualFleet(20)
  for (const phone of fleet.phones.slice(0, 5)) phone.gone = true
  await fleet.minutes(15)
  const id = await fleet.begin()
  expect(fleet.row(id).rollout.baseline.silent).toBe(0.25)
  await fleet.minutes(60, () => fleet.row(id).rollout.state === 'done')
  expect(fleet.row(id)).toMatchObject({ rollout: { state: 'done' }, verdicts: { updated: 15, absent: 5 } })
  for (const phone of fleet.phones) phone.gone = false
  await fleet.minutes(5)
  expect(fleet.count(NEW)).toBe(20)
})

it('a job of a stage that somebody cancels halts the rollout', async () => {
  const fleet = await virtualFleet(20)
  const id = await fleet.begin()
  await fleet.daemon.jobs.cancel(`${id}-s0`, 'bert')
  await fleet.minute()
  expect(fleet.row(id).rollout).toMatchObject({
    state: 'halted',
    reason: 'the job that tells this stage was cancelled',
  })
})

it('phones with a nearer choice of their own are left out, and it is said how many', async () => {
  const fleet = await virtualFleet(20)
  await fleet.choices.set({ model: '440HD', where: fleet.macs[0] as string, image: OLD }, undefined, 'anna')
  await fleet.choices.set({ model: '440HD', where: 'm', image: OLD }, undefined, 'anna')
  expect(fleet.daemon.rollouts.plan(fleet.draft())).toMatchObject({
    kind: 'saved',
    value: {
      size: 10,
      chosenNearer: 10,
      already: 0,
      place: 'System',
      models: [{ from: { id: OLD }, to: { id: NEW } }],
    },
  })
  expect(fleet.daemon.rollouts.plan(fleet.draft({ where: 'm' }))).toMatchObject({
    value: { size: 9, place: 'Berlin/Mitte' },
  })
})

it.each<[string, Partial<RolloutDraft>]>([
  ['images', { images: [] }],
  ['images', { images: [OLD] }],
  ['images', { images: ['c'.repeat(64)] }],
  ['images', { images: [NEW, NEW] }],
  ['where', { where: 'nowhere' }],
  ['shares', { shares: [50] }],
  ['soakMinutes', { limits: { soakMinutes: -1, patienceMinutes: 10, tolerancePercent: 2 } }],
  ['patienceMinutes', { limits: { soakMinutes: 1, patienceMinutes: Number.NaN, tolerancePercent: 2 } }],
  ['tolerancePercent', { limits: { soakMinutes: 1, patienceMinutes: 10, tolerancePercent: 51 } }],
  ['batch', { batch: 0 }],
  ['delay', { delaySeconds: -1 }],
  ['window', { window: { from: 1, to: 1 } }],
])('a rollout with wrong %s is refused: %j', async (field, more) => {
  const fleet = await virtualFleet(2)
  expect(await fleet.daemon.rollouts.begin(fleet.draft(more), 'anna')).toMatchObject({
    kind: 'refused',
    errors: [{ field }],
  })
  expect(fleet.daemon.rollouts.list()).toEqual([])
})

it('two rollouts of one model are one too many', async () => {
  const fleet = await virtualFleet(4)
  await fleet.begin()
  expect(await fleet.daemon.rollouts.begin(fleet.draft(), 'bert')).toMatchObject({
    errors: [{ field: 'images', message: 'Another rollout for 440HD, by anna, has not ended yet.' }],
  })
})

it('quiet hours hold for rollouts, too', async () => {
  const fleet = await virtualFleet(4)
  const minute = Math.floor(fleet.clock.now / MINUTE) % 1440
  const id = await fleet.begin({ window: { from: (minute + 10) % 1440, to: (minute + 400) % 1440 } })
  expect(fleet.daemon.jobs.get(`${id}-s0`)?.job.window).toBeDefined()
})

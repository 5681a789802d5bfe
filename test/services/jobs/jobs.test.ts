// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { CONFIRM_WITHIN } from '#daemon/domain/command'
import { newPhone } from '#daemon/domain/phone'
import { AtHome } from '#daemon/services/at-home'
import { Commands } from '#daemon/services/commands/commands'
import { SipWay } from '#daemon/services/commands/sip-way'
import { Jobs } from '#daemon/services/jobs/jobs'
import { put } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Exchange } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'
import { report } from '#test/protocols/keepalive/support'
import { freshStore } from '#test/support/store'
import type { JobDraft } from '#web/ports/jobs'

const HOUR = 3_600_000

function macOf(n: number): Mac {
  return `00908f${n.toString(16).padStart(6, '0')}` as Mac
}

/** Real commands, told by keep-alive only: the test is the phones. */
async function officeOf(size: number) {
  const store = await freshStore()
  const clock = { now: 1_000_000 }
  const now = () => clock.now
  const macs = Array.from({ length: size }, (_, n) => macOf(n))
  await store.commit(
    macs.map((mac) => put(phones, mac, { ...newPhone(mac, 0), approval: 'approved', externalAddress: '10.0.0.1' })),
    { durable: false },
  )
  const faults: unknown[] = []
  const held = new Set<Mac>()
  const onFault = (error: unknown) => void faults.push(error)
  const make = async () => {
    const commands = new Commands({
      home: new AtHome(store, now),
      ...{ store, now, random: randomBytes, announce: () => {}, onFault },
      fleet: { report: async () => ({ kind: 'accepted', requests: [] }) },
      sip: new SipWay({
        ...{
          home: new AtHome(store, now),
          subnets: () => [],
          settings: () => ({ port: 5060, credentials: undefined }),
        },
        caller: { call: async () => ({ kind: 'not sent', reason: 'no SIP here' }) },
      }),
      settings: () => ({ ways: ['keep-alive'], words: { restart: 'reset' }, expirySeconds: 3_600 }),
    })
    commands.start()
    const heldBack = (mac: Mac) => (held.has(mac) ? 'it starts over and over' : undefined)
    const jobs = new Jobs({ store, teller: commands, now, random: randomBytes, announce: () => {}, onFault, heldBack })
    await jobs.start()
    const close = async () => {
      await jobs.stop()
      await commands.stop()
    }
    onTestFinished(close)
    return { commands, jobs, close }
  }
  const first = await make()
  onTestFinished(() => expect(faults).toEqual([]))
  return { store, clock, macs, held, make, ...first }
}

function draft(macs: readonly Mac[], more: Partial<JobDraft> = {}): JobDraft {
  return {
    kind: 'restart',
    text: '',
    macs,
    batch: 5,
    delaySeconds: 120,
    retries: 0,
    startAt: 0,
    expiryHours: 24,
    ...more,
  }
}

/** The phone reports: what it is told. */
async function reports(commands: Commands, mac: Mac): Promise<readonly string[]> {
  const answer = await commands.report({
    ...report({ mac, status: 'registered' }),
    peer: { address: '10.0.0.1', port: 1 },
  })
  return answer.kind === 'accepted' ? answer.requests : []
}

function starts(commands: Commands, mac: Mac): void {
  const told: Exchange = {
    ...{ protocol: 'keepalive', operation: 'POST', peer: { address: '10.0.0.1', port: 1 }, ending: 'reply', micros: 1 },
    evidence: { mac, status: 'started' },
  }
  commands.heard(told)
}

/** Waits until the job is as wanted. */
async function comes(jobs: Jobs, id: string, wanted: object): Promise<void> {
  const signal = AbortSignal.timeout(5_000)
  for (;;) {
    try {
      expect(jobs.get(id)).toMatchObject(wanted)
      return
    } catch (error) {
      if (signal.aborted) throw error
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

async function begun(jobs: Jobs, given: JobDraft): Promise<string> {
  const saved = await jobs.begin(given, 'anna')
  if (saved.kind !== 'saved') throw new Error(JSON.stringify(saved))
  return saved.value.id
}

it('phones are told in batches, with a pause between, and are done when they are seen to do it', async () => {
  const { jobs, commands, clock, macs } = await officeOf(7)
  const id = await begun(jobs, draft(macs))
  await comes(jobs, id, { progress: { sent: 5, waiting: 2 } })
  clock.now += 119_000
  await jobs.tick()
  expect(jobs.get(id)?.progress).toMatchObject({ sent: 5, waiting: 2 })
  clock.now += 1_000
  await jobs.tick()
  expect(jobs.get(id)?.progress).toMatchObject({ sent: 7, waiting: 0 })
  for (const mac of macs) {
    expect(await reports(commands, mac)).toEqual(['{"cmd":"reset"}'])
    starts(commands, mac)
  }
  await comes(jobs, id, { job: { state: 'done' }, progress: { confirmed: 7 } })
})

it('a daemon that starts anew goes on where it was, and tells no phone twice', async () => {
  const { jobs, commands, close, make, clock, macs } = await officeOf(20)
  const id = await begun(jobs, draft(macs, { batch: 10, delaySeconds: 60 }))
  await comes(jobs, id, { progress: { sent: 10 } })
  const told = await Promise.all(macs.slice(0, 4).map((mac) => reports(commands, mac)))
  expect(told.flat()).toHaveLength(4)
  await close()
  const next = await make()
  clock.now += 60_000
  await next.jobs.tick()
  await comes(next.jobs, id, { progress: { sent: 20 } })
  const again = await Promise.all(macs.map((mac) => reports(next.commands, mac)))
  expect(again.flat()).toHaveLength(16)
  for (const mac of macs) starts(next.commands, mac)
  await comes(next.jobs, id, { job: { state: 'done' }, progress: { confirmed: 20 } })
})

it('silence is failure, and a phone is told again as often as was asked', async () => {
  const { jobs, commands, clock, macs } = await officeOf(1)
  const [mac] = macs as [Mac]
  const id = await begun(jobs, draft(macs, { retries: 1 }))
  await comes(jobs, id, { progress: { sent: 1 } })
  await reports(commands, mac)
  clock.now += CONFIRM_WITHIN
  await commands.tick()
  await comes(jobs, id, { progress: { waiting: 1 } })
  clock.now += 130_000
  await jobs.tick()
  expect(await reports(commands, mac)).toEqual(['{"cmd":"reset"}'])
  clock.now += CONFIRM_WITHIN
  await commands.tick()
  await comes(jobs, id, { job: { state: 'done' }, progress: { failed: 1 } })
  expect(jobs.all(id)[0]).toMatchObject({ tries: 2, reason: 'in ten minutes it was not seen that the phone starts' })
})

it('offline phones stay pending until the job expires', async () => {
  const { jobs, commands, clock, macs } = await officeOf(3)
  const id = await begun(jobs, draft(macs, { expiryHours: 2 }))
  await comes(jobs, id, { progress: { sent: 3 } })
  clock.now += HOUR
  await jobs.tick()
  expect(jobs.get(id)?.progress.sent).toBe(3)
  clock.now += HOUR
  await commands.tick()
  await comes(jobs, id, { job: { state: 'done' }, progress: { failed: 3 } })
})

it('a job can be stopped, continued and cancelled; what was told stays told', async () => {
  const { jobs, commands, clock, macs } = await officeOf(4)
  const id = await begun(jobs, draft(macs, { batch: 2, delaySeconds: 10 }))
  await comes(jobs, id, { progress: { sent: 2 } })
  expect(await jobs.pause(id, 'bert')).toMatchObject({ kind: 'saved' })
  clock.now += 60_000
  await jobs.tick()
  expect(jobs.get(id)?.progress).toMatchObject({ sent: 2, waiting: 2 })
  expect(await jobs.pause(id, 'bert')).toEqual({ kind: 'conflict' })
  await jobs.continue(id, 'bert')
  await jobs.tick()
  expect(jobs.get(id)?.progress.sent).toBe(4)
  const [told] = macs as [Mac]
  await reports(commands, told)
  await jobs.cancel(id, 'bert')
  await comes(jobs, id, { job: { state: 'cancelled' }, progress: { skipped: 3, sent: 1 } })
  starts(commands, told)
  await comes(jobs, id, { progress: { confirmed: 1, skipped: 3 } })
})

it('a scheduled job waits for its time', async () => {
  const { jobs, clock, macs } = await officeOf(2)
  const id = await begun(jobs, draft(macs, { startAt: clock.now + HOUR }))
  await jobs.tick()
  expect(jobs.get(id)).toMatchObject({ job: { state: 'scheduled' }, progress: { waiting: 2 } })
  clock.now += HOUR
  await jobs.tick()
  await comes(jobs, id, { job: { state: 'running' }, progress: { sent: 2 } })
})

it('of two jobs that restart the same phone, the later one waits and says so', async () => {
  const { jobs, commands, clock, macs } = await officeOf(1)
  const [mac] = macs as [Mac]
  await begun(jobs, draft(macs))
  const second = await begun(jobs, draft(macs, { delaySeconds: 0 }))
  const patience = AbortSignal.timeout(5_000)
  while (jobs.all(second)[0]?.reason !== 'It is told to restart already.') {
    patience.throwIfAborted()
    await jobs.tick()
  }
  await reports(commands, mac)
  starts(commands, mac)
  clock.now += 31_000
  const signal = AbortSignal.timeout(5_000)
  while (jobs.get(second)?.progress.sent !== 1) {
    signal.throwIfAborted()
    await jobs.tick()
  }
  expect(await reports(commands, mac)).toEqual(['{"cmd":"reset"}'])
})

it.each<[string, Partial<JobDraft>]>([
  ['batch', { batch: 0 }],
  ['batch', { batch: 1.5 }],
  ['delay', { delaySeconds: -1 }],
  ['retries', { retries: 11 }],
  ['expiry', { expiryHours: 0 }],
  ['text', { kind: 'message', text: ' ' }],
  ['macs', { macs: [] }],
  ['macs', { macs: ['00908fffffff' as Mac] }],
])('a job with a wrong %s is refused', async (field, change) => {
  const { jobs, macs } = await officeOf(1)
  expect(await jobs.begin(draft(macs, change), 'anna')).toMatchObject({ kind: 'refused', errors: [{ field }] })
  expect(jobs.list()).toEqual([])
})

it('a phone that is held back is told nothing, until that is over', async () => {
  const { jobs, clock, macs, held } = await officeOf(2)
  const [first] = macs as [Mac]
  held.add(first)
  const id = await begun(jobs, draft(macs, { delaySeconds: 0 }))
  await comes(jobs, id, { progress: { sent: 1, waiting: 1 } })
  expect(jobs.targetOf(id, first)).toMatchObject({ state: 'waiting', tries: 0, reason: 'it starts over and over' })
  held.clear()
  clock.now += 31_000
  await jobs.tick()
  await comes(jobs, id, { progress: { sent: 2, waiting: 0 } })
})

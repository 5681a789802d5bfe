// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { newPhone, type Phone, sipPasswordPlace } from '#daemon/domain/phone'
import { NO_SETTINGS } from '#daemon/domain/provisioning/level-settings'
import type { UserDraft } from '#daemon/domain/user'
import { Alarms } from '#daemon/services/alarms/alarms'
import { Approvals } from '#daemon/services/approvals'
import { Devices } from '#daemon/services/devices'
import { Changes } from '#daemon/services/jobs/changes'
import { Jobs, type Teller } from '#daemon/services/jobs/jobs'
import { put } from '#daemon/store/store'
import { jobs as jobsTable, levels, phones, users as usersTable } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { BERLIN, MITTE, peopleWith } from '#test/support/people'
import type { JobDraft } from '#web/ports/jobs'

const MACS = ['00908f000001', '00908f000002', '00908f000003'] as Mac[]
const [FIRST, SECOND, THIRD] = MACS as [Mac, Mac, Mac]
const SECRET = 'correct horse battery'

/** Three phones of a real fleet; the first two are anna's. */
async function office() {
  const { store, people: users, scopes, vault } = await peopleWith()
  const now = () => 1_000_000
  const announce = () => {}
  const faults: unknown[] = []
  const told: string[] = []
  const teller: Teller = {
    of: () => [],
    submitAs: async (mac, { kind }, by, { id, expiresAt }) => {
      told.push(`${kind} ${mac}`)
      const value = { id, kind, text: '', by, at: 0, expiresAt, since: 0, state: 'waiting', reason: '', attempts: [] }
      return { kind: 'saved', value: { ...value, state: 'waiting' } }
    },
    cancel: async () => ({ kind: 'conflict' }),
  }
  const anna: UserDraft = {
    ...{ name: 'anna', displayName: 'Anna', phoneNumber: '100', lineUri: '', region: '', authName: '', language: '' },
  }
  await users.add(anna, 'test')
  await store.commit(
    MACS.map((mac, n) => {
      const owned: Partial<Phone> = n < 2 ? { owner: 'anna', ownerFrom: 'admin', approval: 'approved' } : {}
      return put(phones, mac, { ...newPhone(mac, 0), ...owned })
    }),
    { durable: true },
  )
  const alarms = new Alarms(store, now, announce)
  const submitted: string[] = []
  const commands = {
    submit: async (mac: Mac) => {
      submitted.push(mac)
      return { kind: 'conflict' as const }
    },
  }
  const approvals = new Approvals({
    ...{ store, scopes, users, commands, announce, presenceOf: () => 'seen' as const, matches: () => true },
  })
  const devices = new Devices({ store, alarms, announce })
  const changes = new Changes({
    store,
    vault,
    random: randomBytes,
    scopes,
    users,
    approvals,
    devices,
    hasTemplate: (id) => id === 'lobby',
  })
  const onFault = (error: unknown) => void faults.push(error)
  const jobs = new Jobs({ store, teller, changes, now, random: randomBytes, announce, onFault })
  await jobs.start()
  onTestFinished(async () => {
    await jobs.stop()
    expect(faults).toEqual([])
  })
  const run = async (more: Partial<JobDraft>) => {
    const saved = await jobs.begin(draft(more), 'bert')
    if (saved.kind !== 'saved') throw new Error(JSON.stringify(saved))
    const signal = AbortSignal.timeout(5_000)
    while (jobs.get(saved.value.id)?.job.state !== 'done') {
      signal.throwIfAborted()
      await jobs.tick()
    }
    return jobs.all(saved.value.id).map(({ state, reason }) => (reason === '' ? state : `${state}: ${reason}`))
  }
  const phone = (mac: Mac) => store.get(phones, mac)?.value
  const passwordOf = (name: string) => {
    const sealed = store.get(usersTable, name)?.value.sipPassword ?? ''
    return sealed === '' ? '' : vault.open(sealed, sipPasswordPlace(name))
  }
  return { store, jobs, run, phone, passwordOf, told, alarms }
}

function draft(more: Partial<JobDraft>): JobDraft {
  return {
    ...{ kind: 'delete', text: '', macs: MACS, batch: 100, delaySeconds: 0, retries: 0, startAt: 0, expiryHours: 1 },
    ...more,
  }
}

it.each<[JobDraft['kind'], string, Partial<Phone>]>([
  ['set region', MITTE.id, { scope: MITTE.id }],
  ['set region', '', { scope: '' }],
  ['set model', 'Audiocodes_420HD', { model: '420HD' }],
  ['set language', 'German', { language: 'German' }],
  ['set VLAN mode', 'Disabled', { vlanMode: 'Disabled' }],
  ['assign user', 'Anna', { owner: 'anna', approval: 'approved' }],
  ['assign user', '', { owner: '' }],
  ['approve', BERLIN.id, { approval: 'approved' }],
  ['reject', '', { approval: 'rejected' }],
])('%s (%j) ends when it is on disk', async (kind, value, expected) => {
  const { run, phone } = await office()
  expect(await run({ kind, value })).toEqual(['confirmed', 'confirmed', 'confirmed'])
  for (const mac of MACS) expect(phone(mac)).toMatchObject(expected)
})

it('a template is chosen for each phone, and what else is set for it stays; empty lets the mapping rules decide', async () => {
  const { run, store } = await office()
  const lines = 'network/lan/vlan_id=7'
  await store.commit([put(levels, `device/${FIRST}`, { ...NO_SETTINGS, lines })], { durable: false })
  const of = () => MACS.map((mac) => store.get(levels, `device/${mac}`)?.value)
  const done = ['confirmed', 'confirmed', 'confirmed']
  expect(await run({ kind: 'set template', value: 'lobby' })).toEqual(done)
  expect(of().map((one) => one?.template)).toEqual(['lobby', 'lobby', 'lobby'])
  expect(of()[0]?.lines).toBe(lines)
  expect(await run({ kind: 'set template', value: '' })).toEqual(done)
  expect(of()).toEqual([{ ...NO_SETTINGS, lines }, undefined, undefined])
})

it('deleting forgets phones with their alarms; their users stay', async () => {
  const { run, phone, alarms, store } = await office()
  await alarms.raise({
    ...{ name: 'X', source: `IPPhone/${FIRST}`, severity: 'major', description: '', remedy: '', mac: FIRST },
  })
  expect(await run({ kind: 'delete', macs: [FIRST, SECOND] })).toEqual(['confirmed', 'confirmed'])
  expect([phone(FIRST), phone(SECOND), alarms.active()]).toEqual([undefined, undefined, []])
  expect(phone(THIRD)).toBeDefined()
  expect(store.get(usersTable, 'anna')).toBeDefined()
})

it('a user with two phones gets one random password, and a phone of nobody is skipped', async () => {
  const { run, passwordOf } = await office()
  expect(await run({ kind: 'reset passwords', value: 'random' })).toEqual([
    'confirmed',
    'confirmed: the password of anna is reset with another phone',
    'skipped: it belongs to nobody',
  ])
  expect(passwordOf('anna')).toMatch(/^[a-zA-Z2-9]{16}$/)
})

it('a given password is sealed while the job needs it, shown to nobody, and forgotten afterwards', async () => {
  const { jobs, run, passwordOf, store } = await office()
  const later = draft({ kind: 'reset passwords', value: 'given', password: SECRET, startAt: 9_000_000 })
  const saved = await jobs.begin(later, 'bert')
  if (saved.kind !== 'saved') throw new Error('not saved')
  const stored = store.get(jobsTable, saved.value.id)?.value
  expect(stored?.secret).toMatch(/^v1:/)
  for (const shown of [saved, jobs.list(), jobs.get(saved.value.id), stored]) {
    expect(JSON.stringify(shown)).not.toContain(SECRET)
  }
  expect(JSON.stringify([saved, jobs.list(), jobs.get(saved.value.id)])).not.toContain('v1:')
  await jobs.cancel(saved.value.id, 'bert')
  expect(store.get(jobsTable, saved.value.id)?.value.secret).toBeUndefined()
  await run({ kind: 'reset passwords', value: 'given', password: SECRET })
  expect(passwordOf('anna')).toBe(SECRET)
  for (const { value } of store.entries(jobsTable)) expect(value.secret).toBeUndefined()
})

it('phones are told to fetch what was changed, if that is wanted', async () => {
  const { run, told } = await office()
  await run({ kind: 'set language', value: 'German', afterwards: 'check', macs: [FIRST, SECOND] })
  expect(told).toEqual([`check ${FIRST}`, `check ${SECOND}`])
})

it.each<[string, Partial<JobDraft>]>([
  ['value', { kind: 'set region', value: 'nowhere' }],
  ['value', { kind: 'set model', value: '<b>' }],
  ['value', { kind: 'set language', value: '' }],
  ['value', { kind: 'set template', value: 'nowhere' }],
  ['value', { kind: 'set VLAN mode', value: 'x'.repeat(41) }],
  ['value', { kind: 'assign user', value: 'nobody' }],
  ['value', { kind: 'reset passwords', value: 'all' }],
  ['password', { kind: 'reset passwords', value: 'given', password: 'short' }],
  ['password', { kind: 'reset passwords', value: 'given', password: 'line\nline line' }],
  ['afterwards', { kind: 'restart', afterwards: 'check' }],
  ['perSite', { perSite: -1 }],
  ['window', { window: { from: 0, to: 0 } }],
])('a job with a wrong %s is refused: %j', async (field, more) => {
  const { jobs } = await office()
  expect(await jobs.begin(draft(more), 'bert')).toMatchObject({ kind: 'refused', errors: [{ field }] })
  expect(jobs.list()).toEqual([])
})

it('a job that contradicts one at work is refused, and it is said which', async () => {
  const { jobs } = await office()
  const later = draft({ kind: 'set region', value: BERLIN.id, startAt: 9_000_000, macs: [FIRST, SECOND] })
  expect(await jobs.begin(later, 'bert')).toMatchObject({ kind: 'saved' })
  expect(await jobs.begin(draft({ kind: 'set region', value: MITTE.id }), 'carl')).toEqual({
    kind: 'refused',
    errors: [
      {
        field: 'kind',
        message:
          '2 phones are still to be done by the job “set region” that bert began (both set region, and not to the same). Let it end, or cancel it.',
      },
    ],
  })
  expect(await jobs.begin(draft({ kind: 'delete' }), 'carl')).toMatchObject({ kind: 'refused' })
  expect(await jobs.begin(draft({ kind: 'delete', macs: [THIRD] }), 'carl')).toMatchObject({ kind: 'saved' })
})

// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { expect, onTestFinished } from 'vitest'
import type { Firmware } from '#daemon/domain/firmware'
import { newPhone } from '#daemon/domain/phone'
import { Alarms } from '#daemon/services/alarms/alarms'
import { AtHome } from '#daemon/services/at-home'
import { Commands } from '#daemon/services/commands/commands'
import { SipWay } from '#daemon/services/commands/sip-way'
import { Choices } from '#daemon/services/firmware/choices'
import { Fleet } from '#daemon/services/fleet'
import { Jobs } from '#daemon/services/jobs/jobs'
import type { ImageShelf } from '#daemon/services/rollouts/around'
import { Rollouts } from '#daemon/services/rollouts/rollouts'
import { Scopes } from '#daemon/services/scopes/scopes'
import { put, type Table } from '#daemon/store/store'
import { firmwares, phones, scopes as scopesTable } from '#daemon/store/tables'
import type { Exchange } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'
import { report } from '#test/protocols/keepalive/support'
import { BERLIN, MITTE } from '#test/support/people'
import { freshStore } from '#test/support/store'
import type { RolloutDraft } from '#web/ports/rollouts'

export const MINUTE = 60_000
const SETTLED: Table<number> = { name: 'settled' }
const HOUSE_PEER = { address: '10.0.0.1', port: 1 }
export const OLD = 'a'.repeat(64)
export const NEW = 'b'.repeat(64)
const VERSIONS: Readonly<Record<string, string>> = { [OLD]: '2.2.12.1', [NEW]: '2.2.16.7' }

/** How a phone fails once it was told to update. */
export type Fault =
  | 'none'
  | 'never returns'
  | 'wrong version'
  | 'keeps the old one'
  | 'loses registration'
  | 'flaps'
  | 'falls silent'

function image(id: string): Firmware {
  return {
    ...{ id, size: 1, models: ['440HD'], modelsFrom: 'header', version: VERSIONS[id] ?? '', versionFrom: 'header' },
    ...{ built: '', checksum: 'none', doubts: [], fileName: 'x.img', description: '', uploadedAt: 0, by: 'anna' },
  }
}

/**
 * Real services upon a real store, a clock of the test, and phones that report once a minute, do what they are told,
 * and boot what `<MODEL>.img` would give them.
 */
export async function virtualFleet(size: number, faults: (n: number) => Fault = () => 'none') {
  const store = await freshStore()
  const clock = { now: 1_795_000_000_000 }
  const now = () => clock.now
  const announce = () => {}
  const wrong: unknown[] = []
  const onFault = (error: unknown) => void wrong.push(error)
  onTestFinished(() => expect(wrong).toEqual([]))
  const macs = Array.from({ length: size }, (_, n) => `00908f${n.toString(16).padStart(6, '0')}` as Mac)
  await store.commit([put(scopesTable, 'tree', { scopes: [BERLIN, MITTE] })], { durable: false })
  await store.commit(
    [
      ...[OLD, NEW].map((id) => put(firmwares, id, image(id))),
      ...macs.map((mac, n) => {
        const facts = {
          model: '440HD',
          firmware: VERSIONS[OLD] ?? '',
          approval: 'approved',
          status: 'registered',
        } as const
        const reported = {
          reportedAt: clock.now,
          scope: n % 2 === 0 ? MITTE.id : BERLIN.id,
          address: '10.0.0.1',
          externalAddress: '10.0.0.1',
        }
        return put(phones, mac, { ...newPhone(mac, 0), ...facts, ...reported })
      }),
    ],
    { durable: false },
  )
  const scopes = new Scopes({ store, now, random: randomBytes, announce, networks: [] })
  await scopes.start()
  onTestFinished(() => scopes.stop())
  const choices = new Choices({ store, now, announce })
  choices.start()
  onTestFinished(() => choices.stop())
  await choices.set({ model: '440HD', where: 'system', image: OLD }, undefined, 'anna')
  const alarms = new Alarms(store, now, announce)
  const settings = { zeroTouch: false, keepAliveMinutes: 1, maxPending: 100 }
  const fleet = new Fleet({ store, now, identify: () => undefined, settings, announce })
  fleet.load()
  onTestFinished(() => fleet.flush())
  const shelf: ImageShelf = {
    images: () => [...store.entries(firmwares)].map(({ value }) => value),
    get: (id) => store.get(firmwares, id)?.value,
    choices: () => choices.index(),
    choose: (choice, by) => choices.set(choice, undefined, by),
  }
  const chosen = () => choices.index().get('440HD system')?.image ?? ''
  /** Version of the image that the phone would be given now. */
  const served = (mac: Mac, rollouts: Rollouts) => VERSIONS[rollouts.pinOf(mac, '440HD') ?? chosen()] ?? ''

  /** A daemon upon the store: made anew, it is one that was killed and started again. */
  const make = async () => {
    const commands = new Commands({
      ...{ store, fleet, now, random: randomBytes, announce, onFault, home: new AtHome(store, now) },
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
    let rollouts: Rollouts | undefined
    const versionFor = (mac: Mac) => (rollouts ? served(mac, rollouts) : '')
    const jobs = new Jobs({ store, teller: commands, now, random: randomBytes, announce, onFault, versionFor })
    await jobs.start()
    rollouts = new Rollouts({
      ...{ store, now, random: randomBytes, announce, onFault, jobs, alarms, heard: fleet, scopes, shelf },
      ...{ commandsOf: (mac: Mac) => commands.of(mac), siteOf: (phone) => scopes.placementOf(phone).scope.id },
    })
    await rollouts.start()
    const close = async () => {
      await rollouts.stop()
      await jobs.stop()
      await commands.stop()
    }
    onTestFinished(close)
    return { commands, jobs, rollouts, close }
  }
  let daemon = await make()
  /** How often each phone was told. */
  const told = new Map<Mac, number>()
  const phonesNow = macs.map((mac, n) => ({
    mac,
    firmware: VERSIONS[OLD] ?? '',
    fault: faults(n),
    gone: false,
    flaps: false,
    lost: false,
  }))

  const hear = async (mac: Mac, status: string, firmware: string) => {
    const said = { ...report({ mac, status, firmware, model: '440HD', ip: '10.0.0.1' }), peer: HOUSE_PEER }
    const answer = await daemon.commands.report(said)
    const exchange: Exchange = {
      ...{ protocol: 'keepalive', operation: 'POST', peer: HOUSE_PEER, ending: 'reply', micros: 1 },
      evidence: { mac, status, firmware },
    }
    daemon.commands.heard(exchange)
    daemon.rollouts.heard(exchange)
    return answer.kind === 'accepted' ? answer.requests : []
  }
  const restart = async (phone: (typeof phonesNow)[number]) => {
    told.set(phone.mac, (told.get(phone.mac) ?? 0) + 1)
    const next = served(phone.mac, daemon.rollouts)
    const isNew = next !== phone.firmware && next === VERSIONS[NEW]
    if (isNew && phone.fault === 'never returns') phone.gone = true
    if (isNew && phone.fault === 'loses registration') phone.lost = true
    if (isNew && phone.fault === 'flaps') phone.flaps = true
    if (phone.gone) return
    if (!(isNew && phone.fault === 'keeps the old one'))
      phone.firmware = isNew && phone.fault === 'wrong version' ? '9.9' : next
    await hear(phone.mac, 'started', phone.firmware)
    if (isNew && phone.fault === 'falls silent') phone.gone = true
  }

  /** What was written before is on disk then, and was told to who watches; what they write for it, too. */
  const settle = async () => {
    for (let i = 0; i < 3; i++) await store.commit([put(SETTLED, 'now', clock.now)], { durable: true })
  }
  /** One minute of the fleet: everybody reports, and does what the answer says; then the daemon looks. */
  const minute = async () => {
    clock.now += MINUTE
    for (const phone of phonesNow) {
      if (phone.gone) continue
      if (phone.flaps) await hear(phone.mac, 'started', phone.firmware)
      const requests = await hear(phone.mac, phone.lost ? 'unregistered' : 'registered', phone.firmware)
      for (const _ of requests) await restart(phone)
    }
    await settle()
    for (const part of [daemon.commands, daemon.jobs, daemon.rollouts, daemon.jobs]) {
      await part.tick()
      await settle()
    }
  }
  const minutes = async (count: number, until: () => boolean = () => false) => {
    for (let i = 0; i < count && !until(); i++) await minute()
  }
  const draft = (more: Partial<RolloutDraft> = {}): RolloutDraft => ({
    ...{ images: [NEW], where: 'system', shares: [10, 100], batch: 1_000, delaySeconds: 0, restart: true },
    limits: { soakMinutes: 5, patienceMinutes: 10, tolerancePercent: 2 },
    ...more,
  })
  const begin = async (more: Partial<RolloutDraft> = {}) => {
    const saved = await daemon.rollouts.begin(draft(more), 'anna')
    if (saved.kind !== 'saved') throw new Error(JSON.stringify(saved))
    await daemon.rollouts.tick()
    await daemon.jobs.tick()
    return saved.value.id
  }
  const row = (id: string) => {
    const found = daemon.rollouts.get(id)
    if (!found) throw new Error('no such rollout')
    return found
  }
  return {
    ...{
      store,
      clock,
      macs,
      phones: phonesNow,
      told,
      alarms,
      choices,
      chosen,
      make,
      draft,
      begin,
      row,
      minute,
      minutes,
    },
    served: (mac: Mac) => served(mac, daemon.rollouts),
    count: (version: string) => phonesNow.filter(({ firmware }) => firmware === VERSIONS[version]).length,
    get daemon() {
      return daemon
    },
    /** As after kill -9 and a new start. */
    async again() {
      await daemon.close()
      daemon = await make()
    },
  }
}

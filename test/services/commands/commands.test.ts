// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CONFIRM_WITHIN, type Command } from '#daemon/domain/command'
import type { Lease } from '#daemon/domain/lease'
import { newPhone, type Phone } from '#daemon/domain/phone'
import { AtHome } from '#daemon/services/at-home'
import { type CommandSettings, Commands } from '#daemon/services/commands/commands'
import { SipWay } from '#daemon/services/commands/sip-way'
import { put } from '#daemon/store/store'
import { leases, phones } from '#daemon/store/tables'
import type { StatusReport } from '#protocols/keepalive/port'
import type { Exchange } from '#protocols/lib/exchange'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { header } from '#protocols/sip/codec'
import type { SipCaller } from '#protocols/sip/port'
import { subnet } from '#test/domain/subnets'
import { report as reportOf } from '#test/protocols/keepalive/support'
import { PhoneSide, serving } from '#test/protocols/sip/serving'
import { freshStore } from '#test/support/store'

const MAC = '00908f000001' as Mac
const NO_SIP: SipCaller = { call: async () => ({ kind: 'not sent', reason: 'the SIP server is not running' }) }

interface Given {
  readonly caller?: SipCaller
  readonly settings?: Partial<CommandSettings>
  readonly phone?: Partial<Phone>
  /** Where the phone listens for SIP. */
  readonly port?: number
  readonly credentials?: { readonly user: string; readonly password: string }
}

async function office({ caller = NO_SIP, settings = {}, phone = {}, port = 5060, credentials }: Given = {}) {
  const store = await freshStore()
  const clock = { now: 1_000_000 }
  const address = '127.0.0.1' as Ipv4
  const known: Phone = { ...newPhone(MAC, 0), approval: 'approved', address, externalAddress: address, ...phone }
  await store.commit([put(phones, MAC, known)], { durable: false })
  const subnets = [subnet('127.0.0.0/8', '127.0.0.10', '127.0.0.19')]
  const faults: unknown[] = []
  const make = () => {
    const commands = new Commands({
      ...{ store, home: new AtHome(store, () => clock.now) },
      now: () => clock.now,
      random: randomBytes,
      announce: () => {},
      onFault: (error) => void faults.push(error),
      fleet: { report: async () => ({ kind: 'accepted', requests: [] }) },
      sip: new SipWay({
        home: new AtHome(store, () => clock.now),
        caller,
        subnets: () => subnets,
        settings: () => ({ port, credentials }),
      }),
      settings: () => ({ ways: ['sip', 'keep-alive'], words: { restart: 'reset' }, expirySeconds: 3_600, ...settings }),
    })
    commands.start()
    onTestFinished(() => commands.stop())
    return commands
  }
  const commands = make()
  /** Resolves when the newest command is as wanted. */
  const comes = async (...states: Command['state'][]): Promise<Command> => {
    const signal = AbortSignal.timeout(5_000)
    for (;;) {
      const [newest] = commands.of(MAC)
      if (newest && states.includes(newest.state) && (newest.attempts.length > 0 || newest.state !== 'waiting'))
        return newest
      signal.throwIfAborted()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { store, clock, commands, comes, faults, again: make }
}

function report(): StatusReport {
  return { ...reportOf({ mac: MAC, status: 'registered' }), peer: { address: '127.0.0.1', port: 1 } }
}

function seen(evidence: Exchange['evidence'], protocol = 'keepalive'): Exchange {
  const peer = { address: '127.0.0.1', port: 1 }
  return { protocol, operation: 'POST', peer, ending: 'reply', micros: 1, evidence: { mac: MAC, ...evidence } }
}

describe('by keep-alive', () => {
  it('a restart is told once, in the next answer, and confirmed by the phone’s start', async () => {
    const { commands, comes } = await office()
    expect(await commands.submit(MAC, { kind: 'restart' }, 'anna')).toMatchObject({ kind: 'saved' })
    expect((await comes('waiting')).attempts).toMatchObject([{ way: 'sip', outcome: 'not accepted' }])
    expect(await commands.report(report())).toEqual({ kind: 'accepted', requests: ['{"cmd":"reset"}'] })
    expect(await commands.report(report())).toEqual({ kind: 'accepted', requests: [] })
    expect(commands.of(MAC)[0]).toMatchObject({ state: 'accepted', by: 'anna' })
    commands.heard(seen({ status: 'started' }))
    expect((await comes('confirmed')).reason).toBe('')
  })

  it('what another daemon told, this one does not tell again, and waits for the proof', async () => {
    const { commands, comes, again } = await office()
    await commands.submit(MAC, { kind: 'restart' }, 'anna')
    await comes('waiting')
    await commands.report(report())
    const next = again()
    expect(await next.report(report())).toEqual({ kind: 'accepted', requests: [] })
    next.heard(seen({ status: 'started' }))
    await comes('confirmed')
  })

  it('a command without a word waits, and expires', async () => {
    const { commands, comes, clock } = await office()
    await commands.submit(MAC, { kind: 'check' }, 'anna')
    await comes('waiting')
    expect(await commands.report(report())).toMatchObject({ requests: [] })
    clock.now += 3_600_000
    await commands.tick()
    expect(await comes('expired')).toMatchObject({ reason: 'no way to the phone was open' })
  })

  it('silence after it was told is failure', async () => {
    const { commands, comes, clock } = await office()
    await commands.submit(MAC, { kind: 'restart' }, 'anna')
    await comes('waiting')
    await commands.report(report())
    clock.now += CONFIRM_WITHIN
    await commands.tick()
    expect(await comes('failed')).toMatchObject({ reason: 'in ten minutes it was not seen that the phone starts' })
  })
})

describe('by SIP', () => {
  it('NOTIFY check-sync, accepted: the keep-alive does not say it as well', async () => {
    const { server, endpoint } = await serving()
    const side = await PhoneSide.open()
    const { commands, comes } = await office({ caller: server, port: side.port })
    await commands.submit(MAC, { kind: 'restart' }, 'anna')
    const notify = await side.receive()
    expect(header(notify, 'event')).toBe('check-sync;reboot=true')
    expect(await commands.report(report())).toMatchObject({ requests: [] })
    side.reply(notify, 200, endpoint)
    expect((await comes('accepted')).attempts).toMatchObject([{ way: 'sip', outcome: 'accepted' }])
    expect(await commands.report(report())).toMatchObject({ requests: [] })
  })

  it.each([481, 489, 405])('a phone that answers %i is told by keep-alive instead', async (status) => {
    const { server, endpoint } = await serving()
    const side = await PhoneSide.open()
    const { commands, comes } = await office({ caller: server, port: side.port })
    await commands.submit(MAC, { kind: 'restart' }, 'anna')
    side.reply(await side.receive(), status, endpoint)
    expect((await comes('waiting')).attempts).toMatchObject([
      { outcome: 'not accepted', detail: `it answered ${status} Answer` },
    ])
    expect(await commands.report(report())).toMatchObject({ requests: ['{"cmd":"reset"}'] })
  })

  it('a message is done when it is taken', async () => {
    const { server, endpoint } = await serving()
    const side = await PhoneSide.open()
    const { commands, comes } = await office({ caller: server, port: side.port })
    await commands.submit(MAC, { kind: 'message', text: ' Lunch is ready ' }, 'anna')
    const message = await side.receive()
    expect(Buffer.from(message.body).toString()).toBe('Lunch is ready')
    side.reply(message, 202, endpoint)
    await comes('confirmed')
  })

  it('a check is confirmed when the phone fetches its configuration', async () => {
    const { server, endpoint } = await serving()
    const side = await PhoneSide.open()
    const { commands, comes } = await office({ caller: server, port: side.port })
    await commands.submit(MAC, { kind: 'check' }, 'anna')
    side.reply(await side.receive(), 200, endpoint)
    await comes('accepted')
    commands.heard(seen({ fileKind: 'device-config' }, 'http'))
    await comes('confirmed')
  })

  it.each<[string, Partial<Phone>]>([
    ['is behind a NAT', { externalAddress: '127.0.0.77' }],
    ['names an address of no subnet of ours', { address: '192.0.2.1', externalAddress: '192.0.2.1' }],
    ['names no address', { address: 'http://manager', externalAddress: '127.0.0.1' }],
  ])('a phone that %s is not called', async (_, phone) => {
    const calls: unknown[] = []
    const caller: SipCaller = {
      async call(call) {
        calls.push(call)
        return { kind: 'answered', status: 200, reason: '' }
      },
    }
    const { commands, comes } = await office({ caller, phone })
    await commands.submit(MAC, { kind: 'restart' }, 'anna')
    await comes('waiting')
    expect(calls).toEqual([])
  })

  it('credentials go to approved phones only, and only where a lease or its reports prove the address', async () => {
    const calls: { credentials?: unknown }[] = []
    const caller: SipCaller = {
      async call(call) {
        calls.push(call)
        return { kind: 'answered', status: 200, reason: '' }
      },
    }
    const credentials = { user: 'admin', password: 'secret' }
    const pending = await office({ caller, credentials, phone: { approval: 'pending' } })
    await pending.commands.submit(MAC, { kind: 'restart' }, 'anna')
    await pending.comes('accepted')
    expect(calls[0]).not.toHaveProperty('credentials')

    const leased = await office({ caller, credentials, phone: { externalAddress: '' } })
    const lease = { address: '127.0.0.1' as Ipv4, state: 'leased', clientKey: MAC, mac: MAC, hostname: '' } as const
    await leased.store.commit([put(leases, lease.address, { ...lease, expiresAt: 9e12, updatedAt: 0 })], {
      durable: false,
    })
    await leased.commands.submit(MAC, { kind: 'restart' }, 'anna')
    await leased.comes('accepted')
    expect(calls[1]).toMatchObject({ credentials })
  })
})

describe('in the queue', () => {
  it('a twin, a fourth and an empty message are refused, an unknown phone is told as such', async () => {
    const { commands, comes } = await office()
    await commands.submit(MAC, { kind: 'restart' }, 'anna')
    await comes('waiting')
    expect(await commands.submit(MAC, { kind: 'restart' }, 'bert')).toMatchObject({ kind: 'refused' })
    expect(await commands.submit(MAC, { kind: 'message', text: ' ' }, 'bert')).toMatchObject({ kind: 'refused' })
    expect(await commands.submit(MAC, { kind: 'message', text: 'x'.repeat(501) }, 'bert')).toMatchObject({
      kind: 'refused',
    })
    await commands.submit(MAC, { kind: 'message', text: 'one' }, 'anna')
    await commands.submit(MAC, { kind: 'message', text: 'two' }, 'anna')
    expect(await commands.submit(MAC, { kind: 'message', text: 'three' }, 'anna')).toMatchObject({
      errors: [{ message: '3 commands wait for this phone already.' }],
    })
    expect(await commands.submit('00908f999999' as Mac, { kind: 'restart' }, 'anna')).toEqual({ kind: 'conflict' })
  })

  it('what waits can be taken back, what was told cannot', async () => {
    const { commands, comes } = await office()
    await commands.submit(MAC, { kind: 'restart' }, 'anna')
    const { id } = await comes('waiting')
    expect(await commands.cancel(MAC, id, 'anna')).toMatchObject({ kind: 'saved' })
    expect(await commands.report(report())).toMatchObject({ requests: [] })
    await commands.submit(MAC, { kind: 'restart' }, 'anna')
    const second = await comes('waiting')
    await commands.report(report())
    expect(await commands.cancel(MAC, second.id, 'anna')).toEqual({ kind: 'conflict' })
  })

  it('two reports at the same moment do not both carry it', async () => {
    const { commands, comes } = await office()
    await commands.submit(MAC, { kind: 'restart' }, 'anna')
    await comes('waiting')
    const answers = await Promise.all([commands.report(report()), commands.report(report()), commands.report(report())])
    const told = answers.flatMap((answer) => (answer.kind === 'accepted' ? answer.requests : []))
    expect(told).toEqual(['{"cmd":"reset"}'])
  })

  it('ended ones are bounded', async () => {
    const { commands, comes } = await office()
    for (let i = 0; i < 15; i++) {
      await commands.submit(MAC, { kind: 'restart' }, `admin ${i}`)
      const { id } = await comes('waiting')
      await commands.cancel(MAC, id, 'anna')
    }
    expect(commands.of(MAC).map(({ by }) => by)).toEqual(Array.from({ length: 10 }, (_, i) => `admin ${14 - i}`))
  })
})

it.each<[string, Partial<Phone>, string]>([
  ['another address than the phone reported from', {}, '127.0.0.66'],
  ['a phone that was not let in', { approval: 'pending' }, '127.0.0.1'],
  ['an IPv6 address', {}, '2001:db8::1'],
])('a forged report, from %s, takes no command', async (_, phone, address) => {
  const { commands } = await office({ settings: { ways: ['keep-alive'] }, phone })
  await commands.submit(MAC, { kind: 'restart' }, 'anna')
  const forged = { ...reportOf({ mac: MAC, status: 'registered' }), peer: { address, port: 1 } }
  expect(await commands.report(forged)).toEqual({ kind: 'accepted', requests: [] })
  expect(commands.of(MAC)[0]).toMatchObject({ state: 'waiting', attempts: [] })
})

it('a lease of ours says who is at an address, whatever was reported from there', async () => {
  const { commands, store, clock } = await office({ settings: { ways: ['keep-alive'] } })
  const lease: Lease = {
    ...{ address: '127.0.0.1' as Ipv4, mac: '00908fffffff' as Mac, state: 'leased', expiresAt: clock.now + 60_000 },
    ...{ clientKey: '', hostname: '', updatedAt: 0 },
  }
  await store.commit([put(leases, '127.0.0.1', lease)], { durable: false })
  await commands.submit(MAC, { kind: 'restart' }, 'anna')
  const report = { ...reportOf({ mac: MAC, status: 'registered' }), peer: { address: '127.0.0.1', port: 1 } }
  expect(await commands.report(report)).toEqual({ kind: 'accepted', requests: [] })
  await store.commit([put(leases, '127.0.0.1', { ...lease, mac: MAC })], { durable: false })
  expect(await commands.report(report)).toEqual({ kind: 'accepted', requests: ['{"cmd":"reset"}'] })
})

it('an update to another version takes the place of the one before', async () => {
  const { commands } = await office({ settings: { ways: ['keep-alive'] } })
  await commands.submit(MAC, { kind: 'update firmware', expects: '2', restart: true }, 'anna')
  await commands.submit(MAC, { kind: 'update firmware', expects: '1', restart: true }, 'anna')
  expect(commands.of(MAC)).toMatchObject([
    { expects: '1', state: 'waiting' },
    { expects: '2', state: 'cancelled', reason: 'another version is wanted by now' },
  ])
  expect(await commands.submit(MAC, { kind: 'update firmware', expects: '1' }, 'anna')).toMatchObject({
    kind: 'refused',
  })
})

// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Subnet } from '#daemon/domain/dhcp/model'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import { Addressing } from '#daemon/services/addressing/addressing'
import { leases } from '#daemon/store/tables'
import { identify } from '#daemon/vendors/audiocodes/identify'
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { ip, subnet } from '#test/domain/subnets'
import { freshStore } from '#test/support/store'

const SERVER = ip('10.99.0.1')

function voice(first = '10.99.0.10', last = '10.99.0.19', change: Partial<Subnet> = {}): Subnet {
  return subnet('10.99.0.0/24', first, last, change)
}

function planOf(...subnets: readonly Subnet[]) {
  return completePlan({ subnets })
}

async function officeOf(...subnets: readonly Subnet[]) {
  const store = await freshStore()
  const clock = { now: 1_000_000 }
  const addressing = new Addressing({ store, plan: planOf(...subnets), identify, now: () => clock.now })
  addressing.start()
  const ask = (n: number, kind: LeaseQuery['kind'], change: Partial<LeaseQuery> = {}) => {
    const mac = `020000${n.toString(16).padStart(6, '0')}` as Mac
    return addressing.leaseFor({
      ...{ kind, mac, clientKey: mac, link: ip('10.99.0.254'), address: undefined, leaseSeconds: undefined },
      ...{ server: undefined, wanted: [], vendorClass: undefined, userClass: undefined, hostname: undefined },
      ...{ circuitId: undefined, remoteId: undefined, peer: { address: '10.99.0.254', port: 67 } },
      ...change,
    })
  }
  const bind = async (n: number): Promise<Ipv4 | undefined> => {
    const address = addressIn(await ask(n, 'discover'))
    return addressIn(await ask(n, 'selecting', { address, server: SERVER }))
  }
  return { store, clock, addressing, ask, bind }
}

function addressIn(answer: LeaseAnswer): Ipv4 | undefined {
  return answer.kind === 'lease' ? answer.address : undefined
}

test('an offer made before a reload is taken after it, also where the subnet changed', async () => {
  const { addressing, ask } = await officeOf(voice())
  const address = addressIn(await ask(1, 'discover'))
  addressing.apply(planOf(voice('10.99.0.10', '10.99.0.30', { leaseSeconds: 600 })))
  expect(addressIn(await ask(2, 'discover')), 'held for the first client').not.toBe(address)
  const ack = await ask(1, 'selecting', { address, server: SERVER })
  expect(ack).toMatchObject({ kind: 'lease', address, leaseSeconds: 600 })
})

test('[RFC2131 §4.3.2] a lease outside the new pools stays its client’s until it is over; renewing it moves the client', async () => {
  const { addressing, ask, bind, store } = await officeOf(voice())
  const address = await bind(1)
  addressing.apply(planOf(voice('10.99.0.50', '10.99.0.59')))
  expect(store.get(leases, String(address))?.value).toMatchObject({ state: 'leased', address })
  const renewal = await ask(1, 'renewing', { address })
  expect(renewal).toMatchObject({ kind: 'nak', reason: `${address} is in no pool of subnet voice` })
  expect(await bind(1)).toBe('10.99.0.50')
})

test('[RFC2131 §4.3.2] in a subnet that was removed, our own clients are told to ask anew and others hear nothing', async () => {
  const branch = subnet('10.99.1.0/24', '10.99.1.10', '10.99.1.19', { name: 'branch' })
  const { addressing, ask, bind } = await officeOf(voice(), branch)
  const address = await bind(1)
  addressing.apply(planOf(branch))
  const link = address
  expect(await ask(1, 'renewing', { address, link })).toMatchObject({ kind: 'nak' })
  expect(await ask(2, 'renewing', { address, link })).toMatchObject({ kind: 'silent' })
  expect(await ask(1, 'rebinding', { address, link })).toMatchObject({ kind: 'silent' })
})

test('a lease comes back to its client when its subnet does', async () => {
  const { addressing, bind, ask } = await officeOf(voice())
  const address = await bind(1)
  addressing.apply(planOf())
  expect(await ask(1, 'discover')).toMatchObject({ kind: 'silent' })
  addressing.apply(planOf(voice()))
  expect(addressIn(await ask(2, 'discover')), 'not given to another').not.toBe(address)
  expect(addressIn(await ask(1, 'renewing', { address }))).toBe(address)
})

test('the mode changes between two messages', async () => {
  const { addressing, ask } = await officeOf(voice())
  const kinds = async () => [
    (await ask(1, 'discover')).kind,
    (await ask(1, 'inform', { address: ip('10.99.0.99') })).kind,
  ]
  expect(await kinds()).toEqual(['lease', 'lease'])
  addressing.apply(planOf(voice()), 'options-only')
  expect(await kinds()).toEqual(['silent', 'lease'])
  addressing.apply(planOf(voice()), 'off')
  expect(await kinds()).toEqual(['silent', 'silent'])
  addressing.apply(planOf(voice()), 'server')
  expect(await kinds()).toEqual(['lease', 'lease'])
})

test('a lease that is being written while the configuration is read again is known afterwards', async () => {
  const { addressing, ask } = await officeOf(voice())
  const address = addressIn(await ask(1, 'discover'))
  const ack = ask(1, 'selecting', { address, server: SERVER })
  addressing.apply(planOf(voice('10.99.0.10', '10.99.0.11')))
  expect(addressIn(await ack)).toBe(address)
  expect(addressing.use().get('voice')).toMatchObject({ leased: 1, offered: 0, size: 2 })
  expect(addressIn(await ask(2, 'discover'))).not.toBe(address)
})

test('property: applying the same plan again, at any moment, changes no answer', async () => {
  const message = fc.record({
    client: fc.integer({ min: 1, max: 4 }),
    kind: fc.constantFrom<LeaseQuery['kind'][]>(
      'discover',
      'selecting',
      'init-reboot',
      'renewing',
      'release',
      'decline',
    ),
    last: fc.integer({ min: 10, max: 14 }),
    reload: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (messages) => {
      const place = () => voice('10.99.0.10', '10.99.0.13')
      const [steady, reloaded] = [await officeOf(place()), await officeOf(place())]
      for (const { client, kind, last, reload } of messages) {
        const change = kind === 'discover' ? {} : { address: ip(`10.99.0.${last}`) }
        if (reload) reloaded.addressing.apply(planOf(place()))
        expect(await reloaded.ask(client, kind, change)).toEqual(await steady.ask(client, kind, change))
        expect(reloaded.addressing.use()).toEqual(steady.addressing.use())
      }
    }),
    { numRuns: 25 },
  )
})

// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ClientClass, Condition, OptionSetting } from '#daemon/domain/dhcp/model'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import { sentences } from '#daemon/domain/dhcp/sentences'
import { Addressing } from '#daemon/services/addressing/addressing'
import { Explain, explainRehearsal } from '#daemon/services/explain'
import { leases } from '#daemon/store/tables'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { decode, encode } from '#protocols/dhcp/codec'
import { encodeOption } from '#protocols/dhcp/options'
import type { LeaseQuery } from '#protocols/dhcp/port'
import { readAgain, readRequest } from '#protocols/dhcp/query'
import { messageLimit, respond } from '#protocols/dhcp/reply'
import { type Ipv4, UNSPECIFIED } from '#protocols/lib/ipv4'
import { type Mac, macToBytes } from '#protocols/lib/mac'
import { ip, subnet } from '#test/domain/subnets'
import { freshStore } from '#test/support/store'

const RELAY = ip('10.99.0.254')
const PEER = { address: RELAY, port: 67 }

interface Asker {
  readonly mac: Mac
  readonly type: number
  readonly vendorClass?: string
  readonly wanted?: readonly number[]
  readonly ciaddr?: Ipv4
  readonly more?: readonly [number, Uint8Array][]
}

/** A client's message as it comes through the relay. */
function packet({ mac, type, vendorClass, wanted = [], ciaddr = UNSPECIFIED, more = [] }: Asker): Uint8Array {
  const options = new Map<number, Uint8Array>([[53, Uint8Array.of(type)], ...more])
  if (vendorClass !== undefined) options.set(60, encodeOption({ type: 'text', value: vendorClass }))
  if (wanted.length > 0) options.set(55, Uint8Array.from(wanted))
  const chaddr = new Uint8Array(16)
  chaddr.set(macToBytes(mac))
  return encode({
    ...{ op: 1, htype: 1, hlen: 6, hops: 1, xid: 7, secs: 0, flags: 0, chaddr, sname: '', file: '', options },
    ...{ ciaddr, yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED, giaddr: RELAY },
  })
}

function request(bytes: Uint8Array) {
  const reading = readRequest(decode(bytes), PEER, 'unicast', undefined, bytes)
  if (reading.kind !== 'request') throw new Error(reading.reason)
  return reading.request
}

async function officeWith(
  parts: { options?: OptionSetting[]; classes?: ClientClass[] } = {},
  limits?: { each: number; clients: number },
) {
  const store = await freshStore()
  const explain = new Explain(() => 1_000, readAgain, limits)
  const subnets = [subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.19')]
  const plan = completePlan({ subnets, ...parts })
  const addressing = new Addressing({ store, plan, identify, now: () => 1_000, explain })
  addressing.start()
  /** Through the wire, as the server does it; undefined when there is no answer. */
  const ask = async (bytes: Uint8Array) => {
    const asked = request(bytes)
    const outcome = respond(asked, await addressing.leaseFor(asked.query))
    if (outcome.kind !== 'reply') return undefined
    addressing.answered(asked.query, outcome.reply.options)
    return decode(encode(outcome.reply, messageLimit(asked.message)))
  }
  return { store, explain, addressing, ask }
}

const condition: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition; leaf: Condition }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ kind: fc.constant('vendorClass' as const), text: fc.constantFrom('440', 'y'), prefix: fc.boolean() }),
    fc.constant({ kind: 'phone' as const }),
    fc.record({ kind: fc.constant('oui' as const), oui: fc.constantFrom('00908f', '001565') }),
  ),
  tree: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.record({
      kind: fc.constantFrom('all' as const, 'any' as const),
      of: fc.array(tie('tree'), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('tree') }),
  ),
})).tree

const setting: fc.Arbitrary<OptionSetting> = fc.record(
  {
    code: fc.constantFrom(4, 15, 43, 66, 160, 200, 201),
    value: fc.record({ type: fc.constant('text' as const), value: fc.string({ minLength: 1, maxLength: 8 }) }),
    always: fc.boolean(),
  },
  { requiredKeys: ['code', 'value'] },
)
const settings = fc.uniqueArray(setting, { maxLength: 4, selector: ({ code }) => code })
const asker = fc.record(
  {
    mac: fc.constantFrom('00908f000001', '001565000001').map((mac) => mac as Mac),
    type: fc.constantFrom(1, 8),
    vendorClass: fc.constantFrom('440HD', 'yealink', 'MS-UC-Client'),
    wanted: fc.uniqueArray(fc.constantFrom(1, 3, 4, 6, 15, 42, 43, 51, 66, 67, 120, 160, 200), { maxLength: 9 }),
  },
  { requiredKeys: ['mac', 'type'] },
)

test('explain predicts the reply: before it is asked, and as it is recorded', async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(fc.tuple(condition, settings), { maxLength: 3 }),
      asker,
      async (options, list, who) => {
        const classes = list.map(([when, own], index) => ({ name: `c${index}`, when, options: own }))
        const { explain, addressing, ask } = await officeWith({ options, classes })
        const bytes = packet({ ...who, ...(who.type === 8 && { ciaddr: ip('10.99.0.77') }) })
        const { query } = request(bytes)
        const foretold = explainRehearsal(query, addressing.rehearse(query))
        const reply = await ask(bytes)
        const [told] = explain.of(who.mac)
        const byServer = [51, 53, 54, 58, 59]
        const onWire = [...(reply?.options.keys() ?? [])].filter((code) => !byServer.includes(code)).sort()
        const codes = (of: readonly { code: number }[] = []) => of.map(({ code }) => code).sort()
        expect(codes(foretold.sent)).toEqual(onWire)
        expect(codes(told?.sent)).toEqual(onWire)
        expect(codes(told?.missing)).toEqual((who.wanted ?? []).filter((code) => !reply?.options.has(code)).sort())
        expect(told?.missing).toEqual(foretold.missing)
        expect(told?.classes).toEqual(foretold.classes)
        expect(foretold.verdict).toMatchObject({ kind: 'lease', ...(who.type === 1 && { address: reply?.yiaddr }) })
      },
    ),
    { numRuns: 150 },
  )
})

test('what found no room is told as such', async () => {
  const options: OptionSetting[] = [{ code: 200, value: { type: 'text', value: 'x'.repeat(600) } }]
  const { explain, ask } = await officeWith({ options })
  const mac = '001565000001' as Mac
  expect((await ask(packet({ mac, type: 1, wanted: [200] })))?.options.has(200)).toBe(false)
  expect(explain.of(mac)[0]?.missing).toEqual([
    { code: 200, name: 'option 200', reason: 'the answer had no room left for it' },
  ])
})

test('plain sentences say why a client is what it is and got what it got', async () => {
  const { explain, ask } = await officeWith()
  const mac = '001565000001' as Mac
  const bytes = packet({ mac, type: 1, vendorClass: 'yealink', wanted: [3, 160, 51, 200] })
  await ask(bytes)
  const [told] = explain.of(mac)
  if (!told) throw new Error('nothing recorded')
  expect(told.packet).toBe(Buffer.from(bytes).toString('hex'))
  expect(sentences(told)).toEqual([
    'At 1970-01-01T00:00:01.000Z: 001565000001 sent DISCOVER (option 60 "yealink", option 77 (none)).',
    'It is in subnet voice, because of 10.99.0.254.',
    'It is not in class phone: it is a phone of ours: no, it is (none).',
    'It is not in class ms-uc-client: option 60 is "MS-UC-Client": no, it is "yealink".',
    'It is not in class cpe-ocphone: option 60 is "CPE-OCPHONE": no, it is "yealink".',
    'It got 10.99.0.10 for 3600 seconds.',
    'The address is of pool 10.99.0.10-10.99.0.19.',
    'Sent: 3 routers = 10.99.0.254, from subnet voice.',
    'Asked for and not sent: 160 provisioning URL: only clients of class phone may have it.',
    'Asked for and not sent: 200 option 200: no layer sets it for this client.',
    'Not asked for, so not sent: 1 subnet mask of subnet voice.',
    'Not asked for, so not sent: 6 DNS servers of subnet voice.',
    'Not asked for, so not sent: 15 domain name of subnet voice.',
    'Not asked for, so not sent: 42 NTP servers of subnet voice.',
  ])
})

test('the last exchanges are kept, of the last clients: neither grows without bound', async () => {
  const { explain, ask } = await officeWith({}, { each: 2, clients: 3 })
  const macs = Array.from({ length: 5 }, (_, n) => `00156500000${n}` as Mac)
  for (const mac of macs) for (let n = 0; n < 3; n++) await ask(packet({ mac, type: 1 }))
  expect(macs.map((mac) => explain.of(mac).length)).toEqual([0, 0, 2, 2, 2])
})

test('a rehearsal holds no address and writes no lease', async () => {
  const { store, addressing, explain, ask } = await officeWith()
  const { query } = request(packet({ mac: '00908f000001' as Mac, type: 1 }))
  for (let n = 0; n < 30; n++) {
    const other: LeaseQuery = { ...query, mac: `00908f0000${n + 10}` as Mac, clientKey: `${n}` }
    expect(explainRehearsal(other, addressing.rehearse(other)).verdict).toMatchObject({ address: '10.99.0.10' })
  }
  expect(store.count(leases)).toBe(0)
  expect((await ask(packet({ mac: '00908f000001' as Mac, type: 1 })))?.yiaddr).toBe('10.99.0.10')
  expect(explain.of('00908f000010' as Mac)).toEqual([])
})

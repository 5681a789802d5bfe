// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import type { ClientFacts, KnownPhone } from '#daemon/domain/dhcp/classify'
import { Evaluator, mayUse } from '#daemon/domain/dhcp/evaluate'
import type { ClientClass, Condition, DhcpPlan, OptionSetting, Subnet } from '#daemon/domain/dhcp/model'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import { ipv4ToNumber } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { ip, subnet } from '#test/domain/subnets'

const MAC = '001565aabbcc' as Mac

function facts(change: Partial<ClientFacts> = {}): ClientFacts {
  return {
    ...{ mac: MAC, clientKey: MAC, vendorClass: undefined, userClass: undefined },
    ...{ circuitId: undefined, remoteId: undefined, wanted: [] },
    ...change,
  }
}

const text = (code: number, value: string): OptionSetting => ({ code, value: { type: 'text', value } })

function evaluate(plan: DhcpPlan, who: ClientFacts, phone?: KnownPhone, address = '10.99.0.10') {
  const [first] = plan.subnets
  if (!first) throw new Error('no subnet')
  const evaluator = new Evaluator(plan)
  return evaluator.evaluate(evaluator.standing(first, who, phone), who, ip(address))
}

function voice(change: Partial<Subnet> = {}): Subnet {
  return subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.19', change)
}

describe('a condition', () => {
  const cases: [string, Condition, Partial<ClientFacts>, KnownPhone | undefined, boolean][] = [
    [
      'whole vendor class',
      { kind: 'vendorClass', text: '440hd', prefix: false },
      { vendorClass: '440HD' },
      undefined,
      true,
    ],
    [
      'not a longer one',
      { kind: 'vendorClass', text: '440HD', prefix: false },
      { vendorClass: '440HDG' },
      undefined,
      false,
    ],
    ['prefix', { kind: 'vendorClass', text: '440', prefix: true }, { vendorClass: '440HDG' }, undefined, true],
    ['no vendor class', { kind: 'vendorClass', text: '', prefix: true }, {}, undefined, false],
    [
      'one of several user classes',
      { kind: 'userClass', text: 'b', prefix: false },
      { userClass: 'a,b' },
      undefined,
      true,
    ],
    ['OUI', { kind: 'oui', oui: '001565' }, {}, undefined, true],
    ['MAC prefix', { kind: 'mac', prefix: '001565aab' }, {}, undefined, true],
    ['other MAC', { kind: 'mac', prefix: '001565aac' }, {}, undefined, false],
    ['model', { kind: 'model', text: 'C4', prefix: true }, {}, { model: 'C450HD' }, true],
    ['model of no phone', { kind: 'model', text: 'C4', prefix: true }, {}, undefined, false],
    ['circuit', { kind: 'circuitId', hex: '0a' }, { circuitId: '0a' }, undefined, true],
    ['remote id of another', { kind: 'remoteId', hex: '0a' }, { circuitId: '0a' }, undefined, false],
    ['subnet', { kind: 'subnet', name: 'voice' }, {}, undefined, true],
    ['phone', { kind: 'phone' }, {}, { model: '' }, true],
    ['not', { kind: 'not', of: { kind: 'phone' } }, {}, undefined, true],
    ['all', { kind: 'all', of: [{ kind: 'oui', oui: '001565' }, { kind: 'phone' }] }, {}, undefined, false],
    ['any', { kind: 'any', of: [{ kind: 'oui', oui: '001565' }, { kind: 'phone' }] }, {}, undefined, true],
  ]
  test.each(cases)('%s', (_, when, change, phone, member) => {
    const classes: ClientClass[] = [{ name: 'it', when, options: [] }]
    const { classes: verdicts } = evaluate(
      { options: [], classes, subnets: [voice()], devices: [] },
      facts(change),
      phone,
    )
    expect(verdicts).toEqual([
      { name: 'it', member, because: expect.objectContaining({ condition: when, holds: member }) },
    ])
  })

  test('tells the value that it saw, part by part', () => {
    const when: Condition = { kind: 'all', of: [{ kind: 'vendorClass', text: 'x', prefix: false }, { kind: 'phone' }] }
    const plan = { options: [], classes: [{ name: 'it', when, options: [] }], subnets: [voice()], devices: [] }
    const [verdict] = evaluate(plan, facts({ vendorClass: 'y' })).classes
    expect(verdict?.because.parts).toMatchObject([
      { holds: false, saw: 'y' },
      { holds: false, saw: undefined },
    ])
  })
})

test('each layer wins over the one before, and the record tells which it was', () => {
  const everyone: Condition = { kind: 'oui', oui: '001565' }
  const layers = (values: Record<number, string>) =>
    Object.entries(values).map(([code, value]) => text(Number(code), value))
  const pools = [
    {
      first: ipv4ToNumber(ip('10.99.0.10')),
      last: ipv4ToNumber(ip('10.99.0.19')),
      options: layers({ 202: 'pool', 203: 'pool', 204: 'pool', 205: 'pool', 206: 'pool' }),
    },
  ]
  const plan: DhcpPlan = {
    options: layers({
      200: 'global',
      201: 'global',
      202: 'global',
      203: 'global',
      204: 'global',
      205: 'global',
      206: 'global',
    }),
    classes: [
      { name: 'a', when: everyone, options: layers({ 203: 'a', 204: 'a', 205: 'a', 206: 'a' }) },
      { name: 'b', when: everyone, options: layers({ 204: 'b', 205: 'b', 206: 'b' }) },
    ],
    subnets: [
      voice({
        pools,
        options: layers({ 201: 'subnet', 202: 'subnet', 206: 'subnet' }),
        reservations: [{ by: { kind: 'mac', mac: MAC }, options: layers({ 205: 'reservation', 206: 'reservation' }) }],
      }),
    ],
    devices: [{ mac: MAC, options: layers({ 206: 'device' }) }],
  }
  const record = evaluate(plan, facts())
  const found = Object.fromEntries(record.options.map(({ code, value, source }) => [code, [value.value, source]]))
  expect(found).toMatchObject({
    200: ['global', 'global'],
    201: ['subnet', 'subnet voice'],
    202: ['pool', 'pool 10.99.0.10-10.99.0.19'],
    203: ['a', 'class a'],
    204: ['b', 'class b'],
    205: ['reservation', 'reservation mac 001565aabbcc'],
    206: ['device', 'device 001565aabbcc'],
  })
  expect(record.overridden).toContainEqual({ code: 204, source: 'class a', by: 'class b' })
  const stranger = facts({ mac: '020000000001' as Mac, clientKey: '020000000001' })
  expect(evaluate(plan, stranger).options.find(({ code }) => code === 206)).toMatchObject({
    source: 'pool 10.99.0.10-10.99.0.19',
  })
})

test.each([
  [{ mac: MAC }, 'mac'],
  [{ mac: '020000000001' as Mac, clientKey: '0102' }, 'clientId'],
  [{ mac: '020000000001' as Mac, circuitId: '0a' }, 'circuitId'],
])('a reservation knows its client by %o', (change, kind) => {
  const reservations: Subnet['reservations'] = [
    { by: { kind: 'circuitId', hex: '0a' }, options: [] },
    { by: { kind: 'clientId', hex: '0102' }, options: [] },
    { by: { kind: 'mac', mac: MAC }, options: [] },
  ]
  const evaluator = new Evaluator(completePlan({ subnets: [] }))
  const place = voice({ reservations })
  const plan = completePlan({ subnets: [place] })
  const own = new Evaluator(plan)
  const [first = place] = plan.subnets
  expect(own.reservationFor(first, facts(change))?.by.kind).toBe(kind)
  expect(evaluator.reservationFor(place, facts(change))).toBeUndefined()
})

describe('ready-made classes', () => {
  const uc = { webServer: 'pool.contoso.com', sipServers: [], certificatePath: '/CertProv/CertProvisioningService.svc' }
  const plan = completePlan({ subnets: [voice({ voiceVlan: 100 })], uc })
  const codes = (who: Partial<ClientFacts>, phone?: KnownPhone) =>
    Object.fromEntries(evaluate(plan, facts(who), phone).options.map((option) => [option.code, option]))

  test('a phone gets its own, and its model in option 67', () => {
    const got = codes({}, { model: 'C450HD' })
    expect(got[67]?.value.value).toBe('C450HD.img')
    expect(got[160]).toMatchObject({ source: 'class phone', always: true })
    expect(got[43]).toBeUndefined()
  })

  test('another maker’s phone never gets 160, even if the whole network were to', () => {
    const shared = completePlan({ subnets: [voice({ options: [text(160, 'http://x')] })] })
    const record = evaluate(shared, facts({ wanted: [160] }))
    expect(record.options.map(({ code }) => code)).not.toContain(160)
    expect(record.withheld).toEqual([{ code: 160, reason: 'only clients of class phone may have it' }])
  })

  test('MS-UC-Client and CPE-OCPHONE each see their own option 43 only', () => {
    const ms = codes({ vendorClass: 'MS-UC-Client' })
    expect(ms[43]?.value).toEqual({
      type: 'tlv',
      value: [
        [1, 'MS-UC-Client'],
        [2, 'https'],
        [3, 'pool.contoso.com'],
        [4, '443'],
        [5, '/CertProv/CertProvisioningService.svc'],
        [10, '100'],
      ].map(([code, value]) => ({ code, value: { type: 'text', value } })),
    })
    expect(ms[120]?.value).toEqual({ type: 'sip', value: ['pool.contoso.com'] })
    const oc = codes({ vendorClass: 'CPE-OCPHONE' })
    expect(oc[43]?.value).toEqual({ type: 'tlv', value: [{ code: 10, value: { type: 'uint16', value: 100 } }] })
    expect(oc[120]).toBeUndefined()
    expect(codes({ vendorClass: 'yealink' })[43]).toBeUndefined()
  })
})

test('a pool for classes is closed to clients outside them', () => {
  const plan = completePlan({ subnets: [voice()] })
  const evaluator = new Evaluator(plan)
  const [first = voice()] = plan.subnets
  const pool = { first: 1, last: 2, classes: ['phone'] }
  expect(mayUse(evaluator.standing(first, facts(), undefined), pool)).toBe(false)
  expect(mayUse(evaluator.standing(first, facts(), { model: '' }), pool)).toBe(true)
  expect(mayUse(evaluator.standing(first, facts(), undefined), { first: 1, last: 2 })).toBe(true)
})

test('clients that look alike share one record, others do not', () => {
  const classes: ClientClass[] = [
    { name: 'lobby', when: { kind: 'circuitId', hex: '0a' }, options: [text(15, 'lobby')] },
  ]
  const plan = completePlan({ subnets: [voice()], classes })
  const [first = voice()] = plan.subnets
  const evaluator = new Evaluator(plan)
  const of = (change: Partial<ClientFacts>) => {
    const who = facts(change)
    return evaluator.evaluate(evaluator.standing(first, who, { model: '440HD' }), who, ip('10.99.0.10'))
  }
  expect(of({ mac: '00908f000001' as Mac })).toBe(of({ mac: '00908f000002' as Mac }))
  expect(of({ circuitId: '0a' }).options).not.toEqual(of({}).options)
})

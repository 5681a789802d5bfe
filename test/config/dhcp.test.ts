// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { ConfigError, loadConfig } from '#config/load'
import { READY_MADE } from '#daemon/domain/dhcp/ready-made'
import { planOf } from '#daemon/settings'

const NOW = Date.parse('2026-07-01T12:00:00Z')

function load(dhcp: string) {
  return loadConfig(`server: { address: 10.1.0.2 }\ndhcp:\n${dhcp}`, 'offhook.yaml', {})
}

function complaints(dhcp: string): readonly string[] {
  try {
    load(dhcp)
  } catch (error) {
    if (error instanceof ConfigError) return error.complaints
    throw error
  }
  return []
}

const VOICE = '  subnets:\n    - name: voice\n      cidr: 10.1.0.0/24\n'

test('options are typed by their name, or as they say', () => {
  const { options } = load(`  options:
    - { option: dns-servers, value: [10.1.0.3, 10.1.0.4] }
    - { option: 15, value: voice.example, always: true }
    - { option: 224, type: uint16, value: 513 }
    - { option: domain-search, value: [voice.example] }
    - { option: sip-servers, value: sip.example }
    - { option: 121, value: { to: 10.0.0.0/8, via: 10.1.0.1 } }
    - { option: 43, value: [{ code: 1, value: abc }, { code: 10, type: uint16, value: 100 }] }
    - { option: 125, enterprise: 5003, value: [{ code: 1, type: hex, value: "0x0a0b" }] }
`).dhcp
  expect(options).toEqual([
    { code: 6, value: { type: 'ipv4', value: ['10.1.0.3', '10.1.0.4'] } },
    { code: 15, value: { type: 'text', value: 'voice.example' }, always: true },
    { code: 224, value: { type: 'uint16', value: 513 } },
    { code: 119, value: { type: 'fqdn', value: ['voice.example'] } },
    { code: 120, value: { type: 'sip', value: ['sip.example'] } },
    { code: 121, value: { type: 'routes', value: [{ to: expect.objectContaining({ prefix: 8 }), via: '10.1.0.1' }] } },
    {
      code: 43,
      value: {
        type: 'tlv',
        value: [
          { code: 1, value: { type: 'text', value: 'abc' } },
          { code: 10, value: { type: 'uint16', value: 100 } },
        ],
      },
    },
    {
      code: 125,
      value: { type: 'tlv', enterprise: 5003, value: [{ code: 1, value: { type: 'hex', value: '0a0b' } }] },
    },
  ])
})

test('conditions: several keys must all hold, * is a prefix, circuits are text or hex', () => {
  const { classes } = load(`  classes:
    - name: one
      when: { vendorClass: 440HD*, not: { any: [{ oui: "00:90:8F" }, { circuitId: lobby }, { phone: false }] } }
`).dhcp
  expect(classes[0]?.when).toEqual({
    kind: 'all',
    of: [
      { kind: 'vendorClass', text: '440HD', prefix: true },
      {
        kind: 'not',
        of: {
          kind: 'any',
          of: [
            { kind: 'oui', oui: '00908f' },
            { kind: 'circuitId', hex: '6c6f626279' },
            { kind: 'not', of: { kind: 'phone' } },
          ],
        },
      },
    ],
  })
})

test('pools, reservations, classes of a subnet and its time zone become the plan', () => {
  const config = load(`  uc: { webServer: pool.contoso.com }
${VOICE}      timeZone: Europe/Berlin
      ntpServers: [10.1.0.9]
      voiceVlan: 100
      pools:
        - 10.1.0.10-10.1.0.19
        - { range: 10.1.0.20-10.1.0.29, exclude: [10.1.0.22, 10.1.0.24-10.1.0.25], classes: [phone] }
      reservations:
        - { mac: 00-90-8F-00-00-01, address: 10.1.0.99, hostname: lobby }
`)
  const [subnet] = planOf(config, NOW).subnets
  expect(subnet?.pools[1]).toMatchObject({ classes: ['phone'], exclude: [{ first: 167837718 }, { last: 167837721 }] })
  expect(subnet?.reservations).toEqual([
    {
      by: { kind: 'mac', mac: '00908f000001' },
      address: '10.1.0.99',
      hostname: 'lobby',
      options: [{ code: 12, value: { type: 'text', value: 'lobby' } }],
    },
  ])
  // Standard time in July too: the phone adds daylight saving itself.
  expect(subnet?.options).toEqual([
    { code: 2, value: { type: 'int32', value: 3_600 } },
    { code: 4, value: { type: 'ipv4', value: ['10.1.0.9'] } },
  ])
  expect(subnet?.classOptions?.map(({ name }) => name)).toEqual(['phone', 'ms-uc-client', 'cpe-ocphone'])
})

test.each([
  ['Europe/Berlin', 3_600],
  ['America/St_Johns', -12_600],
  ['Australia/Sydney', 36_000],
  ['Asia/Kathmandu', 20_700],
  ['UTC', 0],
])('%s is %i seconds east of UTC in standard time', (zone, seconds) => {
  const plan = planOf(load(`${VOICE}      timeZone: ${zone}\n`), NOW)
  expect(plan.subnets[0]?.options?.[0]?.value.value).toBe(seconds)
})

const one = (when: string, value: string) =>
  `    - { name: ${value}, when: ${when}, options: [{ option: 15, value: ${value} }] }\n`

test.each([
  [
    'an inverted pool',
    `${VOICE}      pools: [{ range: 10.1.0.9-10.1.0.2 }]\n`,
    'offhook.yaml:6: dhcp.subnets.0.pools.0.range: "10.1.0.9-10.1.0.2" ends before',
  ],
  [
    'an exclusion outside',
    `${VOICE}      pools: [{ range: 10.1.0.5-10.1.0.9, exclude: [10.1.0.4] }]\n`,
    'dhcp.subnets.0.pools.0.exclude.0: the excluded addresses are not inside',
  ],
  [
    'overlapping pools',
    `${VOICE}      pools: [10.1.0.1-10.1.0.9, { range: 10.1.0.9-10.1.0.12 }]\n`,
    'dhcp.subnets.0.pools.1: the pool overlaps pool 1',
  ],
  [
    'a pool of an unknown class',
    `${VOICE}      pools: [{ range: 10.1.0.5-10.1.0.9, classes: [phones] }]\n`,
    'offhook.yaml:6: dhcp.subnets.0.pools.0.classes: there is no class "phones"',
  ],
  [
    'a reservation outside its subnet',
    `${VOICE}      reservations:\n        - mac: 00908f000001\n          address: 10.2.0.1\n`,
    'offhook.yaml:8: dhcp.subnets.0.reservations.0.address: 10.2.0.1 is not inside 10.1.0.0/24',
  ],
  [
    'an address reserved twice',
    `${VOICE}      reservations: [{ mac: 00908f000001, address: 10.1.0.7 }, { circuitId: x, address: 10.1.0.7 }]\n`,
    'reservations.1.address: 10.1.0.7 is reserved for reservation 1',
  ],
  [
    'a client reserved twice',
    `${VOICE}      reservations: [{ mac: 00908f000001 }, { mac: "00:90:8f:00:00:01" }]\n`,
    'reservations.1: reservation 1 is for the same client',
  ],
  [
    'a reservation of nobody',
    `${VOICE}      reservations: [{ address: 10.1.0.7 }]\n`,
    'reservations.0: one of mac, clientId (hex) and circuitId',
  ],
  [
    'an unknown option',
    '  options: [{ option: colour, value: 1 }]\n',
    'dhcp.options.0.option: there is no option "colour"',
  ],
  [
    'an unknown option type',
    '  options: [{ option: 224, type: float, value: 1 }]\n',
    'offhook.yaml:3: dhcp.options.0.type: Invalid option',
  ],
  [
    'an option without a type',
    '  options: [{ option: 224, value: 1 }]\n',
    'dhcp.options.0.option: option 224 has no type of its own',
  ],
  [
    'an option of the server',
    '  options: [{ option: lease-time, value: 1 }]\n',
    'option 51 is worked out by the server',
  ],
  [
    'an option set twice',
    '  options: [{ option: 15, value: a }, { option: domain-name, value: b }]\n',
    'dhcp.options.1.option: option 15 is set twice',
  ],
  [
    'a value of the wrong type',
    '  options: [{ option: routers, value: [here] }]\n',
    'dhcp.options.0.value: "here" is not an IPv4 address',
  ],
  [
    'a number too large',
    '  options: [{ option: interface-mtu, value: 65536 }]\n',
    'a whole number from 0 to 65535 is needed',
  ],
  ['a label too long', `  options: [{ option: 119, value: ${'a'.repeat(64)}.example }]\n`, 'is not a domain name'],
  [
    'names beside addresses',
    '  options: [{ option: 120, value: [10.1.0.1, sip.example] }]\n',
    'names or addresses, not both',
  ],
  [
    'a provisioning URL for everybody',
    '  options: [{ option: 160, value: http://x }]\n',
    'option 160 is for phones of ours only',
  ],
  [
    'classes that contradict',
    `  classes:\n${one('{ oui: "001565", model: X }', 'a')}${one('{ model: x, oui: "00:15:65" }', 'b')}`,
    'offhook.yaml:5: dhcp.classes.1.options.0: contradicts class "a"',
  ],
  [
    'two classes of one name',
    `  classes:\n${one('{ oui: "001565" }', 'a')}${one('{ phone: true }', 'a')}`,
    'dhcp.classes.1.name: "a" is taken',
  ],
  [
    'a class named like a ready-made one',
    `  classes:\n${one('{ oui: "001565" }', 'phone')}`,
    '"phone" comes with Offhook',
  ],
  [
    'an unknown condition',
    `  classes:\n${one('{ colour: red }', 'a')}`,
    'dhcp.classes.0.when.colour: there is no condition "colour"',
  ],
  [
    'a condition on an unknown subnet',
    `  classes:\n${one('{ subnet: attic }', 'a')}`,
    'dhcp.classes.0.when: there is no subnet "attic"',
  ],
  ['an empty condition', `  classes:\n${one('{}', 'a')}`, 'dhcp.classes.0.when: a condition is needed'],
  ['a time zone that is none', `${VOICE}      timeZone: Mars/Olympus\n`, 'not an IANA time zone'],
])('%s is refused with its path and line', (_, dhcp, expected) => {
  expect(complaints(dhcp)).toEqual([expect.stringContaining(expected)])
})

test('conditions nested without end are refused, not followed', () => {
  const when = `${'{ not: '.repeat(40)}{ phone: true }${' }'.repeat(40)}`
  expect(complaints(`  classes:\n${one(when, 'a')}`)).toEqual([expect.stringContaining('levels deep at most')])
})

test.each(READY_MADE)('the name of the ready-made class %s is taken', (name) => {
  expect(complaints(`  classes: [{ name: ${name}, when: { phone: true } }]\n`)).toEqual([
    expect.stringContaining(`"${name}" comes with Offhook`),
  ])
})

test('a path that no sub-option could hold is refused', () => {
  const uc = `  uc: { webServer: pool.contoso.com, certificatePath: /${'ü'.repeat(199)} }\n`
  expect(complaints(uc)).toEqual([expect.stringContaining('dhcp.uc.certificatePath: a path of up to 200 ASCII')])
})

test('the VLAN is encoded as the phones at hand read it, and 160 goes out unasked unless switched off', () => {
  const vlan = (phones: string) => {
    const text = `  subnets: [{ name: voice, cidr: 10.1.0.0/24, voiceVlan: 100 }]\n  uc: { webServer: uc.example }\n`
    const plan = planOf(load(`${text}  phones: ${phones}\n`), NOW)
    const of = (name: string) => plan.subnets[0]?.classOptions?.find((one) => one.name === name)?.options ?? []
    const sub10 = (name: string) => {
      const value = of(name).find(({ code }) => code === 43)?.value
      return value?.type === 'tlv' ? value.value.find(({ code }) => code === 10)?.value : undefined
    }
    const of132 = of('phone').find(({ code }) => code === 132)?.value
    return { uc: sub10('ms-uc-client'), oc: sub10('cpe-ocphone'), of132, url: of('phone')[0]?.always === true }
  }
  const [text, bytes] = [
    { type: 'text', value: '100' },
    { type: 'uint16', value: 100 },
  ]
  expect(vlan('{}')).toEqual({ uc: text, oc: bytes, of132: undefined, url: true })
  expect(vlan('{ ucVlan: uint16, ocPhoneVlan: text, vlanOption: text, urlUnasked: false }')).toEqual({
    ...{ uc: bytes, oc: text, of132: text, url: false },
  })
  expect(vlan('{ vlanOption: uint16 }').of132).toEqual(bytes)
  expect(complaints('  phones: { ucVlan: bcd }\n')[0]).toMatch(/offhook\.yaml:3: dhcp\.phones\.ucVlan: /)
})

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { encodeOption } from '#protocols/dhcp/options'
import { respond } from '#protocols/dhcp/reply'
import { OPTION_KINDS, optionCode, optionKey, showOptionValue } from '#protocols/lib/dhcp-option'
import { parseCidr } from '#protocols/lib/ipv4'
import { DISCOVER, ip, LEASE, message, requestOf } from './messages.ts'

function hex(value: Parameters<typeof encodeOption>[0]): string {
  return Buffer.from(encodeOption(value)).toString('hex')
}

function cidr(text: string) {
  const parsed = parseCidr(text)
  if (!parsed) throw new Error(text)
  return parsed
}

describe('an option on the wire', () => {
  test('[RFC1035 §3.1] domain names are labels behind their lengths, ended by the root', () => {
    const value = { type: 'fqdn', value: ['a.example', 'bc'] } as const
    expect(hex(value)).toBe(`0161 07${Buffer.from('example').toString('hex')} 00 026263 00`.replaceAll(' ', ''))
  })

  test('[RFC3361 §3] SIP servers: 0 and names, or 1 and addresses', () => {
    expect(hex({ type: 'sip', value: ['a.bc'] })).toBe('00016102626300')
    expect(hex({ type: 'sip', value: ['10.1.0.1', '10.1.0.2'] })).toBe('010a0100010a010002')
  })

  test('[RFC3442] a route: prefix length, the significant bytes of the network, router', () => {
    const via = ip('10.0.0.1')
    const to = ['0.0.0.0/0', '10.0.0.0/8', '10.17.0.0/16', '10.27.129.0/24', '10.198.122.47/32', '10.128.0.0/9']
    const bytes = to.map((text) => hex({ type: 'routes', value: [{ to: cidr(text), via }] }).slice(0, -8))
    expect(bytes).toEqual(['00', '080a', '100a11', '180a1b81', '200ac67a2f', '090a80'])
  })

  test('[RFC2132 §8.4] option 43 for MS-UC-Client, as its vendor prints it', () => {
    const texts: [number, string][] = [
      [1, 'MS-UC-Client'],
      [2, 'https'],
      [3, 'pool.contoso.com'],
      [4, '443'],
    ]
    const value = texts.map(([code, value]) => ({ code, value: { type: 'text', value } as const }))
    expect(hex({ type: 'tlv', value })).toBe(
      '010c4d532d55432d436c69656e740205687474707303 10706f6f6c2e636f6e746f736f2e636f6d0403343433'.replace(' ', ''),
    )
  })

  test('[RFC3925 §4] option 125: enterprise number, length, sub-options', () => {
    const value = [{ code: 1, value: { type: 'uint16', value: 100 } as const }]
    expect(hex({ type: 'tlv', enterprise: 5003, value })).toBe('0000138b0401020064')
  })

  test('what one length octet cannot tell is refused', () => {
    const value = [{ code: 1, value: { type: 'text', value: 'x'.repeat(256) } as const }]
    expect(() => encodeOption({ type: 'tlv', value })).toThrow(RangeError)
  })
})

test('every option’s name leads back to its code', () => {
  for (const code of OPTION_KINDS.keys()) expect(optionCode(optionKey(code))).toBe(code)
  expect([optionCode('DNS-Servers'), optionCode('224'), optionCode('0'), optionCode('255'), optionCode('x')]).toEqual([
    ...[6, 224, undefined, undefined, undefined],
  ])
  expect(optionKey(224)).toBe('224')
})

test('values are shown as people write them', () => {
  expect(showOptionValue({ type: 'routes', value: [{ to: cidr('192.0.2.0/24'), via: ip('10.0.0.1') }] })).toBe(
    '192.0.2.0/24 via 10.0.0.1',
  )
  const inside = { code: 1, value: { type: 'text', value: 'a"b' } as const }
  expect(showOptionValue({ type: 'tlv', enterprise: 9, value: [inside] })).toBe('enterprise 9: 1 = "a\\"b"')
  expect(showOptionValue({ type: 'int32', value: -3600 })).toBe('-3600')
})

test('[RFC4039 §3.1] a committed lease is an ACK with option 80 to the DISCOVER', () => {
  const outcome = respond(requestOf(message({}, [DISCOVER, [80, 'hex', '']])), { ...LEASE, committed: true })
  if (outcome.kind !== 'reply') throw new Error(outcome.reason)
  expect([...(outcome.reply.options.get(53) ?? [])]).toEqual([5])
  expect(outcome.reply.options.get(80)).toHaveLength(0)
  const offer = respond(requestOf(message({}, [DISCOVER, [80, 'hex', '']])), LEASE)
  expect(offer).toMatchObject({ kind: 'reply' })
  expect(offer.kind === 'reply' && offer.reply.options.has(80)).toBe(false)
})

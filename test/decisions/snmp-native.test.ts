// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'

/*
 * Why docs/decisions/0006-net-snmp-instead-of-snmp-native.md. What the product needs of SNMP is to forward alarms to
 * the company's own management (traps and informs, v2c and v3) and to answer its questions (an agent).
 */
interface VarBind {
  oid: readonly number[]
  type: number
  value: unknown
}

interface Packet {
  version: number
  pdu: { type: number; varbinds: VarBind[] }
}

interface SnmpNative {
  readonly Packet: new () => Packet
  readonly Session: { readonly prototype: object }
  readonly PduTypes: Readonly<Record<string, number>>
  readonly DataTypes: Readonly<Record<string, number>>
  readonly Versions: Readonly<Record<string, number>>
  encode(packet: Packet): Buffer
}

const snmp = createRequire(import.meta.url)('snmp-native') as SnmpNative
const SYS_UP_TIME = [1, 3, 6, 1, 2, 1, 1, 3, 0]

function packet(change: (packet: Packet) => void): Packet {
  const made = new snmp.Packet()
  made.pdu.varbinds = [{ oid: SYS_UP_TIME, type: snmp.DataTypes.TimeTicks ?? 0, value: 1 }]
  change(made)
  return made
}

describe('snmp-native 1.2.0', () => {
  it('encodes a v2c request (so the failures below are its own)', () => {
    expect(snmp.encode(packet(() => {})).toString('hex')).toMatch(/^30270201010406(7075626c6963)a01a/)
  })

  it('must speak SNMPv3 [RFC 3412]: refuses every version but 1 and 2c', () => {
    const v3 = packet((made) => {
      made.version = 3
    })
    expect(() => snmp.encode(v3)).toThrow('Only SNMPv1 and SNMPv2c are supported.')
    expect(Object.keys(snmp.Versions)).toEqual(['SNMPv1', 'SNMPv2c'])
  })

  it('must send traps and informs [RFC 3416 §4.2.6, §4.2.7]: knows get, getNext, response and set only', () => {
    expect(Object.keys(snmp.PduTypes)).toEqual([
      'GetRequestPDU',
      'GetNextRequestPDU',
      'GetResponsePDU',
      'SetRequestPDU',
    ])
    const methods = Object.getOwnPropertyNames(snmp.Session.prototype)
    expect(methods.filter((name) => /trap|inform|notif/i.test(name))).toEqual([])
  })

  it('must send SNMPv1 traps with their own header [RFC 1157 §4.1.6]: writes the header of a request', () => {
    const trap = packet((made) => {
      made.version = 0
      made.pdu.type = 4
    })
    const bytes = snmp.encode(trap)
    const pdu = bytes.subarray(bytes.indexOf(0xa4))
    const OBJECT_IDENTIFIER = 0x06
    expect(pdu[2], 'a trap begins with the enterprise OID').not.toBe(OBJECT_IDENTIFIER)
  })

  it('must carry 64-bit counters [RFC 2578 §7.1.10]: cannot encode one', () => {
    const counter = packet((made) => {
      made.pdu.varbinds = [{ oid: SYS_UP_TIME, type: snmp.DataTypes.Counter64 ?? 0, value: 1 }]
    })
    expect(() => snmp.encode(counter)).toThrow('Unknown varbind type')
  })

  it('must answer questions as an agent: has no server of any kind', () => {
    const offered = Object.keys(snmp).filter((name) => /agent|server|listen|respond/i.test(name))
    expect(offered).toEqual([])
  })
})

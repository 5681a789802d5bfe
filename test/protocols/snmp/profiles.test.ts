// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import type { SnmpProfile, Tidings, ToldAlarm, Varbind } from '#protocols/snmp/port'
import { profiles } from '#protocols/snmp/profiles'
import { dateAndTime, text } from '#protocols/snmp/values'
import { ARC } from './support.ts'

const RAISED_AT = Date.UTC(2026, 10, 20, 21, 5, 9, 870)
/** 2026-11-20, 21:05:09.8, +0:0 */
const RAISED_AT_HEX = '07ea0b141505 09 08 2b 00 00'.replaceAll(' ', '')

const alarm: ToldAlarm = {
  ...{ index: 4711, id: 'IPPHONE REGISTRATION FAILURE@IPPhone/00908f123456', name: 'IPPhone Registration Failure' },
  ...{
    source: 'IPPhone/00908f123456',
    severity: 'critical',
    description: 'SIP server is silent',
    remedy: 'Look at it',
  },
  ...{ eventType: 'communications', probableCause: 5, additionalInfo: ['one', 'two'], remoteHost: '10.1.2.3' },
  ...{ raisedAt: RAISED_AT, lastAt: RAISED_AT + 1000, count: 3 },
}
const worded = profiles()

function told(profile: SnmpProfile, kind: 'raised' | 'changed' | 'cleared', more: Partial<ToldAlarm> = {}) {
  const { oid, varbinds, uptime } = worded[profile]({ kind, at: RAISED_AT + 60_000, alarm: { ...alarm, ...more } }, 99)
  expect(uptime).toBe(99)
  return { oid, varbinds: varbinds.map(short) }
}

function short(varbind: Varbind): string {
  if (varbind.type === 'null') return varbind.oid
  const { value } = varbind
  return `${varbind.oid} ${varbind.type} ${value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value}`
}

describe('the profile of AudioCodes’ manager', () => {
  const OBJECTS = '1.3.6.1.4.1.5003.9.20.3.1'

  test('has eleven varbinds in the order of the vendor’s boards', () => {
    expect(told('ovoc', 'raised')).toEqual({
      oid: '1.3.6.1.4.1.5003.9.20.3.2.0.39',
      varbinds: [
        `${OBJECTS}.1.0 octets IPPhone Registration Failure`,
        `${OBJECTS}.2.0 octets SIP server is silent`,
        `${OBJECTS}.3.0 octets IPPhone/00908f123456`,
        `${OBJECTS}.4.0 integer 5`,
        `${OBJECTS}.5.0 integer 4711`,
        `${OBJECTS}.6.0 integer 1`,
        `${OBJECTS}.7.0 integer 5`,
        `${OBJECTS}.8.0 octets one`,
        `${OBJECTS}.9.0 octets two`,
        `${OBJECTS}.10.0 octets `,
        `${OBJECTS}.11.0 octets ${RAISED_AT_HEX}`,
      ],
    })
  })

  test('clears with the same trap and severity 0', () => {
    const { oid, varbinds } = told('ovoc', 'cleared')
    expect(oid).toBe('1.3.6.1.4.1.5003.9.20.3.2.0.39')
    expect(varbinds[3]).toBe(`${OBJECTS}.4.0 integer 0`)
  })

  test.each([
    ['IPPHONE REGISTRATION FAILURE', 39, 1, 5],
    ['ipphone survivable mode start', 40, 0, 0],
    ['SURVIVABLE_MODE_START', 40, 0, 0],
    ['IPPhone Lync Login Failure', 41, 1, 5],
  ])('knows %s as number %i, of event type %i and cause %i', (name, number, eventType, cause) => {
    const { oid, varbinds } = told('ovoc', 'raised', { name, eventType: 'other', probableCause: 0 })
    expect(oid).toBe(`1.3.6.1.4.1.5003.9.20.3.2.0.${number}`)
    expect(varbinds.slice(5, 7)).toEqual([`${OBJECTS}.6.0 integer ${eventType}`, `${OBJECTS}.7.0 integer ${cause}`])
  })

  test('an alarm without a public number is told below the own arc', () => {
    expect(told('ovoc', 'raised', { name: 'server.lost' }).oid).toBe(`${ARC}.0.1`)
    expect(told('ovoc', 'cleared', { name: 'server.lost' }).oid).toBe(`${ARC}.0.3`)
  })

  test('has arcs that can be configured', () => {
    const tidings: Tidings = { kind: 'raised', at: 0, alarm }
    const { oid, varbinds } = profiles({ ovocTraps: '1.3.9', ovocObjects: '1.3.8' }).ovoc(tidings, 0)
    expect([oid, varbinds[0]?.oid]).toEqual(['1.3.9.0.39', '1.3.8.1.0'])
  })
})

describe('the profile of RFC 3877', () => {
  const row = '0.11.7.234.11.20.21.5.9.8.43.0.0.4711'

  test('tells an active state with its model and its resource [RFC3877 §5 alarmActiveState]', () => {
    const { oid, varbinds } = told('rfc3877', 'raised')
    expect(oid).toBe('1.3.6.1.2.1.118.0.2')
    expect(varbinds.slice(0, 5)).toEqual([
      `1.3.6.1.2.1.118.1.2.2.1.13.${row} oid 1.3.6.1.2.1.118.1.1.2.1.3.0.2.6`,
      `1.3.6.1.2.1.118.1.2.2.1.10.${row} oid ${ARC}.1.2.2.1.3.4711`,
      `1.3.6.1.2.1.118.1.2.2.1.11.${row} octets SIP server is silent`,
      // critical is 3 there, and communications 2 [RFC3877 §6.1].
      '1.3.6.1.2.1.121.1.1.1.1.2.0.2.3 integer 2',
      '1.3.6.1.2.1.121.1.1.1.1.3.0.2.3 integer 5',
    ])
  })

  test('tells a clear state of the same model [RFC3877 §5 alarmClearState]', () => {
    const { oid, varbinds } = told('rfc3877', 'cleared')
    expect(oid).toBe('1.3.6.1.2.1.118.0.3')
    expect(varbinds[0]).toBe(`1.3.6.1.2.1.118.1.2.2.1.13.${row} oid 1.3.6.1.2.1.118.1.1.2.1.3.0.2.1`)
  })
})

describe('the profile of OFFHOOK-MIB', () => {
  test('names its row and has every column', () => {
    const { oid, varbinds } = told('offhook', 'raised', { acknowledged: { by: 'anna' }, blast: 300 })
    expect(oid).toBe(`${ARC}.0.1`)
    expect(varbinds).toEqual([
      `${ARC}.1.2.2.1.2.4711 octets IPPhone Registration Failure`,
      `${ARC}.1.2.2.1.3.4711 octets IPPhone/00908f123456`,
      `${ARC}.1.2.2.1.4.4711 integer 5`,
      `${ARC}.1.2.2.1.5.4711 octets SIP server is silent`,
      `${ARC}.1.2.2.1.6.4711 octets Look at it`,
      `${ARC}.1.2.2.1.7.4711 integer 1`,
      `${ARC}.1.2.2.1.8.4711 integer 5`,
      `${ARC}.1.2.2.1.9.4711 octets one`,
      `${ARC}.1.2.2.1.10.4711 octets two`,
      `${ARC}.1.2.2.1.11.4711 octets `,
      `${ARC}.1.2.2.1.12.4711 octets 10.1.2.3`,
      `${ARC}.1.2.2.1.13.4711 octets ${RAISED_AT_HEX}`,
      `${ARC}.1.2.2.1.14.4711 octets ${Buffer.from(dateAndTime(RAISED_AT + 1000)).toString('hex')}`,
      `${ARC}.1.2.2.1.15.4711 gauge32 3`,
      `${ARC}.1.2.2.1.16.4711 gauge32 300`,
      `${ARC}.1.2.2.1.17.4711 octets anna`,
      `${ARC}.1.2.2.1.18.4711 octets IPPHONE REGISTRATION FAILURE@IPPhone/00908f123456`,
    ])
  })

  test('tells changes and ends', () => {
    expect(told('offhook', 'changed').oid).toBe(`${ARC}.0.2`)
    expect(told('offhook', 'cleared').oid).toBe(`${ARC}.0.3`)
    expect(told('offhook', 'cleared').varbinds[2]).toBe(`${ARC}.1.2.2.1.4.4711 integer 0`)
  })
})

test.each(['ovoc', 'rfc3877', 'offhook'] as const)('a heartbeat of %s is that of OFFHOOK-MIB', (profile) => {
  expect(worded[profile]({ kind: 'heartbeat', at: 0, activeAlarms: 12 }, 1)).toEqual({
    ...{ oid: `${ARC}.0.4`, uptime: 1 },
    varbinds: [{ oid: `${ARC}.1.2.1.0`, type: 'gauge32', value: 12 }],
  })
})

describe('text', () => {
  test.each([
    ['Grüße', 'Grüße'],
    ['a\r\nb\0\u009bc', 'a b c'],
    ['\ud800', '\ufffd'],
    ['x'.repeat(255), 'x'.repeat(255)],
    ['x'.repeat(256), `${'x'.repeat(252)}…`],
    ['ü'.repeat(200), `${'ü'.repeat(126)}…`],
    ['😀'.repeat(1_000_000), `${'😀'.repeat(63)}…`],
    ['\0'.repeat(1000), ' …'],
  ])('%# holds no control character and at most 255 bytes', (given, expected) => {
    expect(text(given)).toBe(expected)
    expect(Buffer.byteLength(text(given))).toBeLessThanOrEqual(255)
  })
})

test('numbers that do not fit stay at their limits', () => {
  const { varbinds } = told('offhook', 'raised', { probableCause: 1e12, count: Number.NaN, blast: -5 })
  expect(varbinds[6]).toMatch(/ integer 2147483647$/)
  expect(varbinds[13]).toMatch(/ gauge32 0$/)
  expect(varbinds[14]).toMatch(/ gauge32 0$/)
})

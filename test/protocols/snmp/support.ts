// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { LocalEngine, newEngineId } from '#protocols/snmp/engine'
import type { EngineState, Notification, SnmpTarget, SnmpUser } from '#protocols/snmp/port'
import { SnmpSender, type SnmpSenderOptions } from '#protocols/snmp/sender'

export const ENGINE: EngineState = { id: newEngineId(Buffer.from('000102030405060708090a0b', 'hex')), boots: 7 }

export const ARC = '1.3.6.1.4.1.8072.9999.9999'

/** One of every type, with what is hard to carry. */
export const EVERYTHING: Notification = {
  oid: `${ARC}.0.1`,
  uptime: 123_456,
  varbinds: [
    { oid: `${ARC}.9.1`, type: 'octets', value: 'Grüße aus München "<b>"' },
    { oid: `${ARC}.9.2`, type: 'octets', value: '' },
    { oid: `${ARC}.9.3`, type: 'octets', value: Uint8Array.of(0, 1, 10, 13, 127, 128, 255) },
    { oid: `${ARC}.9.4`, type: 'octets', value: 'x'.repeat(1000) },
    { oid: `${ARC}.9.5`, type: 'integer', value: -2_147_483_648 },
    { oid: `${ARC}.9.6`, type: 'integer', value: 2_147_483_647 },
    { oid: `${ARC}.9.7`, type: 'oid', value: '2.999.4294967295.0.128' },
    { oid: `${ARC}.9.8`, type: 'ipAddress', value: '192.168.0.255' },
    { oid: `${ARC}.9.9`, type: 'counter32', value: 4_294_967_295 },
    { oid: `${ARC}.9.10`, type: 'gauge32', value: 128 },
    { oid: `${ARC}.9.11`, type: 'timeTicks', value: 0 },
    { oid: '0.0', type: 'null' },
  ],
}

/** The same as snmptrapd prints it with -On -Ox -Oe. */
export const EVERYTHING_PRINTED = [
  `.${ARC}.9.1 = Hex-STRING: ${hex(Buffer.from('Grüße aus München "<b>"'))}`,
  `.${ARC}.9.2 = ""`,
  `.${ARC}.9.3 = Hex-STRING: 00 01 0A 0D 7F 80 FF`,
  `.${ARC}.9.4 = Hex-STRING: ${Array(1000).fill('78').join(' ')}`,
  `.${ARC}.9.5 = INTEGER: -2147483648`,
  `.${ARC}.9.6 = INTEGER: 2147483647`,
  `.${ARC}.9.7 = OID: .2.999.4294967295.0.128`,
  `.${ARC}.9.8 = IpAddress: 192.168.0.255`,
  `.${ARC}.9.9 = Counter32: 4294967295`,
  `.${ARC}.9.10 = Gauge32: 128`,
  `.${ARC}.9.11 = Timeticks: (0) 0:00:00.00`,
  '.0.0 = NULL',
]

export const V2_PREFIX = [
  '.1.3.6.1.2.1.1.3.0 = Timeticks: (123456) 0:20:34.56',
  `.1.3.6.1.6.3.1.1.4.1.0 = OID: .${ARC}.0.1`,
]

export function hex(bytes: Uint8Array): string {
  return (Buffer.from(bytes).toString('hex').toUpperCase().match(/../g) ?? []).join(' ')
}

export const PRIVATE: SnmpUser = {
  ...{ name: 'private', level: 'authPriv', authProtocol: 'sha256', authKey: 'authentication' },
  ...{ privProtocol: 'aes128', privKey: 'confidential' },
}

/** Every level and every pair of protocols. */
export function everyUser(): SnmpUser[] {
  const auths = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const
  const privs = ['aes128', 'aes256', 'aes256c'] as const
  return [
    { name: 'open', level: 'noAuthNoPriv' },
    ...auths.flatMap((authProtocol): SnmpUser[] => [
      { name: authProtocol, level: 'authNoPriv', authProtocol, authKey: 'authentication' },
      ...privs.map((privProtocol) => ({
        ...{ name: `${authProtocol}-${privProtocol}`, level: 'authPriv' as const },
        ...{ authProtocol, authKey: 'authentication', privProtocol, privKey: 'confidential' },
      })),
    ]),
  ]
}

export function target(port: number, more: Partial<SnmpTarget> = {}): SnmpTarget {
  const version = more.user ? '3' : '2c'
  return {
    ...{ address: '127.0.0.1', port, version, inform: true, timeoutMillis: 5000, retries: 0 },
    ...(more.user ? {} : { community: 'public' }),
    ...more,
  }
}

export function localEngine(): LocalEngine {
  return new LocalEngine(ENGINE, () => performance.now())
}

export function sender(more: Partial<SnmpSenderOptions> = {}): SnmpSender {
  return new SnmpSender({ engine: localEngine(), now: () => performance.now(), random: randomBytes, ...more })
}

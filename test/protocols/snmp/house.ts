// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import type { Endpoint, Exchange } from '#protocols/lib/exchange'
import { decode, encodeCommunity } from '#protocols/snmp/codec-message'
import type { CommunityMessage, Pdu, PduKind, WireVarbind } from '#protocols/snmp/messages'
import type { AgentAccess, AgentPicture, AgentPort, ToldAlarm } from '#protocols/snmp/port'
import { type AgentLimits, SnmpServer } from '#protocols/snmp/server'
import { localEngine, PRIVATE } from './support.ts'

const SEVERITIES = ['indeterminate', 'warning', 'minor', 'major', 'critical'] as const
export const RAISED_AT = Date.UTC(2026, 10, 20, 21, 5, 9, 800)

export function someAlarm(index: number): ToldAlarm {
  return {
    ...{ index, id: `a${index}@IPPhone/${index}`, name: `Grün ${index}`, source: `IPPhone/${index}` },
    severity: SEVERITIES[index % SEVERITIES.length] ?? 'major',
    ...{ description: `Alarm ${index}`, remedy: 'Look', eventType: 'communications', probableCause: index },
    ...{ additionalInfo: [], remoteHost: '10.0.0.1', raisedAt: RAISED_AT, lastAt: RAISED_AT, count: 1 },
  }
}

/** An appliance whose alarms a test may change. */
export class House implements AgentPort {
  alarms: readonly ToldAlarm[] = [someAlarm(1_000_000), someAlarm(3), someAlarm(200)]
  asked = 0

  async picture(): Promise<AgentPicture> {
    this.asked++
    const fleet = {
      ...{ known: 12, registered: 9, starting: 1, notRegistered: 0, disconnected: 2, seen: 0, pendingApproval: 0 },
      leasesActive: 4_000_000,
    }
    return { name: 'phones.example', contact: 'noc@example', location: 'Berlin', fleet, alarms: this.alarms }
  }
}

export const ACCESS: AgentAccess = {
  communities: ['public', 'other one'],
  users: [
    PRIVATE,
    { name: 'signed', level: 'authNoPriv', authProtocol: 'sha1', authKey: 'authentication' },
    { name: 'open', level: 'noAuthNoPriv' },
    {
      ...{ name: 'strong', level: 'authPriv', authProtocol: 'sha512', authKey: 'authentication' },
      ...{ privProtocol: 'aes256', privKey: 'confidential' },
    },
  ],
  sources: ['127.0.0.0/8'],
}

export interface AgentOptions {
  readonly access?: Partial<AgentAccess>
  readonly limits?: Partial<AgentLimits>
  readonly listen?: Endpoint
}

export function agent(port: AgentPort, told: Exchange[], { access, limits, listen }: AgentOptions = {}): SnmpServer {
  return new SnmpServer({
    ...{ listen: listen ?? { address: '127.0.0.1', port: 0 }, port, engine: localEngine },
    access: { ...ACCESS, ...access },
    ...{ description: 'Offhook 1.2.3', observe: (exchange) => told.push(exchange), random: randomBytes },
    ...(limits ? { limits } : {}),
  })
}

export function request(kind: Exclude<PduKind, 'trapV1'>, oids: readonly string[], more: Partial<Pdu> = {}): Buffer {
  const varbinds = oids.map((oid): WireVarbind => ({ oid, type: 'null' }))
  const pdu: Pdu = { kind, requestId: 4711, errorStatus: 0, errorIndex: 0, varbinds, ...more }
  return encodeCommunity({ version: '2c', community: Buffer.from('public'), pdu })
}

/** Sends one datagram; the answer, or undefined when none came in time. */
export function exchange(
  { address, port }: Endpoint,
  bytes: Uint8Array,
  patience = 1_000,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      socket.close()
      settle()
    }
    const timer = setTimeout(() => finish(() => resolve(undefined)), patience)
    socket.once('error', (error) => finish(() => reject(error)))
    socket.once('message', (answer) => finish(() => resolve(answer)))
    socket.send(bytes, port, address)
  })
}

/** The response to a request of version 2c. */
export async function ask(endpoint: Endpoint, bytes: Uint8Array, patience?: number): Promise<Pdu> {
  const answer = await exchange(endpoint, bytes, patience)
  if (!answer) throw new Error('no answer')
  const { pdu } = decode(answer) as CommunityMessage
  if (pdu.kind === 'trapV1') throw new Error('a trap')
  return pdu
}

// SPDX-License-Identifier: Apache-2.0
import type { TrapV1 } from './messages.ts'
import { type Notification, type Oid, SnmpError } from './port.ts'

/** snmpTraps: coldStart .1 to egpNeighborLoss .6 [RFC3418 §2, RFC3584 §3.2]. */
const SNMP_TRAPS: Oid = '1.3.6.1.6.3.1.1.5'
const SNMP_TRAP_ENTERPRISE: Oid = '1.3.6.1.6.3.1.1.4.3.0'
const ENTERPRISE_SPECIFIC = 6

/** A notification as a version 1 trap [RFC3584 §3.2]; throws SnmpError `invalid` for one that version 1 cannot say. */
export function asTrapV1({ oid, varbinds, uptime }: Notification, agentAddress: string): TrapV1 {
  // Version 1 has no 64-bit counters, and translating them away is not allowed.
  const large = varbinds.find((varbind) => varbind.type === 'counter64')
  if (large) throw new SnmpError('invalid', `version 1 has no Counter64, the type of ${large.oid}`)
  const about = { agentAddress, timestamp: uptime, varbinds }
  const standard = /^1\.3\.6\.1\.6\.3\.1\.1\.5\.([1-6])$/.exec(oid)
  if (standard) {
    const named = varbinds.find((varbind) => varbind.oid === SNMP_TRAP_ENTERPRISE)
    const enterprise = named?.type === 'oid' ? named.value : SNMP_TRAPS
    return { kind: 'trapV1', enterprise, generic: Number(standard[1]) - 1, specific: 0, ...about }
  }
  const arcs = oid.split('.')
  const specific = Number(arcs.at(-1))
  if (specific > 0x7fff_ffff) throw new SnmpError('invalid', `the last number of ${oid} is too large for version 1`)
  const enterprise = arcs.slice(0, arcs.at(-2) === '0' ? -2 : -1).join('.')
  return { kind: 'trapV1', enterprise, generic: ENTERPRISE_SPECIFIC, specific, ...about }
}

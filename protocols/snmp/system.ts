// SPDX-License-Identifier: Apache-2.0
import type { LocalEngine } from './engine.ts'
import type { AgentPicture, Oid } from './port.ts'
import { MAX_SIZE } from './usm.ts'
import { text } from './values.ts'
import type { OtherScalar } from './view.ts'

const SYSTEM: Oid = '1.3.6.1.2.1.1'
const SNMP_ENGINE: Oid = '1.3.6.1.6.3.10.2.1'
const ENABLE_AUTHEN_TRAPS: Oid = '1.3.6.1.2.1.11.30'
/** An end-to-end host (layer 4) with applications (layer 7) [RFC3418 §2 sysServices]. */
const SERVICES = 2 ** 3 + 2 ** 6
const DISABLED = 2

/** The system group [RFC3418 §2] and our engine [RFC3411 §5 snmpEngine]. */
export function systemScalars(
  { name, contact, location }: AgentPicture,
  engine: LocalEngine,
  arc: Oid,
  description: string,
): OtherScalar[] {
  return [
    { oid: `${SYSTEM}.1`, value: () => ({ type: 'octets', value: text(description) }) },
    { oid: `${SYSTEM}.2`, value: () => ({ type: 'oid', value: arc }) },
    { oid: `${SYSTEM}.3`, value: () => ({ type: 'timeTicks', value: engine.uptime }) },
    { oid: `${SYSTEM}.4`, value: () => ({ type: 'octets', value: text(contact) }) },
    { oid: `${SYSTEM}.5`, value: () => ({ type: 'octets', value: text(name) }) },
    { oid: `${SYSTEM}.6`, value: () => ({ type: 'octets', value: text(location) }) },
    { oid: `${SYSTEM}.7`, value: () => ({ type: 'integer', value: SERVICES }) },
    { oid: ENABLE_AUTHEN_TRAPS, value: () => ({ type: 'integer', value: DISABLED }) },
    { oid: `${SNMP_ENGINE}.1`, value: () => ({ type: 'octets', value: engine.id }) },
    { oid: `${SNMP_ENGINE}.2`, value: () => ({ type: 'integer', value: engine.boots }) },
    { oid: `${SNMP_ENGINE}.3`, value: () => ({ type: 'integer', value: engine.time }) },
    { oid: `${SNMP_ENGINE}.4`, value: () => ({ type: 'integer', value: MAX_SIZE }) },
  ]
}

// SPDX-License-Identifier: Apache-2.0
import type { Oid } from './port.ts'
import type { OtherScalar } from './view.ts'

/** Counters of the agent that anybody may read, by their places in the MIB. */
export const COUNTERS = {
  // [RFC3418 §2 snmp]
  snmpInPkts: '1.3.6.1.2.1.11.1',
  snmpInBadVersions: '1.3.6.1.2.1.11.3',
  snmpInBadCommunityNames: '1.3.6.1.2.1.11.4',
  snmpInBadCommunityUses: '1.3.6.1.2.1.11.5',
  snmpInASNParseErrs: '1.3.6.1.2.1.11.6',
  snmpSilentDrops: '1.3.6.1.2.1.11.31',
  snmpProxyDrops: '1.3.6.1.2.1.11.32',
  // [RFC3412 §5 snmpMPDStats]
  snmpUnknownSecurityModels: '1.3.6.1.6.3.11.2.1.1',
  snmpInvalidMsgs: '1.3.6.1.6.3.11.2.1.2',
  snmpUnknownPDUHandlers: '1.3.6.1.6.3.11.2.1.3',
  // [RFC3413 §4.1 snmpTargetObjects]
  snmpUnavailableContexts: '1.3.6.1.6.3.12.1.4',
  snmpUnknownContexts: '1.3.6.1.6.3.12.1.5',
  // [RFC3414 §5 usmStats]
  usmStatsUnsupportedSecLevels: '1.3.6.1.6.3.15.1.1.1',
  usmStatsNotInTimeWindows: '1.3.6.1.6.3.15.1.1.2',
  usmStatsUnknownUserNames: '1.3.6.1.6.3.15.1.1.3',
  usmStatsUnknownEngineIDs: '1.3.6.1.6.3.15.1.1.4',
  usmStatsWrongDigests: '1.3.6.1.6.3.15.1.1.5',
  usmStatsDecryptionErrors: '1.3.6.1.6.3.15.1.1.6',
} as const satisfies Record<string, Oid>
export type Counter = keyof typeof COUNTERS

/** Counter32: it wraps at 2^32 [RFC2578 §7.1.6]. */
export class Counters {
  readonly #counts = new Map<Counter, number>()

  /** Counts one more and gives the sum. */
  add(counter: Counter): number {
    const sum = (this.read(counter) + 1) % 2 ** 32
    this.#counts.set(counter, sum)
    return sum
  }

  read(counter: Counter): number {
    return this.#counts.get(counter) ?? 0
  }

  scalars(): OtherScalar[] {
    return (Object.keys(COUNTERS) as Counter[]).map((counter) => ({
      oid: COUNTERS[counter],
      value: () => ({ type: 'counter32', value: this.read(counter) }),
    }))
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Attributes } from './filter.ts'
import type { Attribute } from './messages.ts'
import type { OwnEntry } from './own-entry.ts'
import type { LdapEntry } from './port.ts'
import { describedTypes } from './schema.ts'
import { SUBSCHEMA_DN } from './subschema.ts'

const NO_VALUES: readonly string[] = []

/**
 * What to send of each entry [RFC4511 §4.5.1.8]: nothing named or `*` is all user attributes, `+` all operational ones
 * [RFC3673], `1.1` alone none; names that nobody knows are passed over.
 */
export function selector(wanted: readonly string[], typesOnly: boolean): (entry: LdapEntry) => Attribute[] {
  const allUser = wanted.length === 0 || wanted.includes('*')
  const allOperational = wanted.includes('+')
  const names = new Set(wanted.flatMap((name) => describedTypes(name) ?? []).map((type) => type.names[0]))

  function select(attributes: Attributes, all: boolean, chosen: Attribute[]): void {
    if (!all && names.size === 0) return
    for (const type in attributes) {
      const values = attributes[type]
      if (values === undefined || !(all || names.has(type))) continue
      chosen.push({ type, values: typesOnly ? NO_VALUES : values })
    }
  }

  return (entry) => {
    const chosen: Attribute[] = []
    select(entry.attributes, allUser, chosen)
    if (allOperational || names.size > 0) select(operationalOf(entry), allOperational, chosen)
    return chosen
  }
}

function operationalOf(entry: LdapEntry | OwnEntry): Attributes {
  if ('operational' in entry) return entry.operational
  return { entryDN: entry.dn, subschemaSubentry: SUBSCHEMA_DN }
}

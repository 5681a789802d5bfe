// SPDX-License-Identifier: Apache-2.0
import type { LdapEntry } from '#protocols/ldap/port'

/** Entries as LDIF [RFC 2849], for a rival that is to hold the same. */
export function toLdif(entries: Iterable<LdapEntry>): string {
  const lines: string[] = []
  for (const { dn, attributes } of entries) {
    lines.push(line('dn', dn))
    for (const [name, values] of Object.entries(attributes)) {
      for (const value of typeof values === 'string' ? [values] : (values ?? [])) lines.push(line(name, value))
    }
    lines.push('')
  }
  return lines.join('\n')
}

function line(name: string, value: string): string {
  const plain = /^[\x21-\x39\x3b\x3d-\x7e][\x20-\x7e]*$/.test(value) && !value.endsWith(' ')
  return plain ? `${name}: ${value}` : `${name}:: ${Buffer.from(value).toString('base64')}`
}

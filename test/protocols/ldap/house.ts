// SPDX-License-Identifier: Apache-2.0
import { onTestFinished } from 'vitest'
import { completePerson, type PersonAttributes } from '#daemon/domain/directory'
import { Entries } from '#daemon/services/directory/entries'
import { Tree } from '#daemon/services/directory/tree'
import { View } from '#daemon/services/directory/view'
import type { LdapPort } from '#protocols/ldap/port'
import { LdapServer, type LdapServerOptions } from '#protocols/ldap/server'
import type { Exchange } from '#protocols/lib/exchange'

export const SUFFIX = 'dc=example,dc=com'
/** The one name that may bind, with the password `secret`. */
export const PHONES = `cn=phones,${SUFFIX}`

/** A real index over some people, by id; anybody may see all of it. */
export function shelf(people: Readonly<Record<string, PersonAttributes>>): Entries {
  const tree = new Tree(SUFFIX)
  const entries = new Entries()
  for (const [id, given] of Object.entries(people)) {
    const attributes = completePerson(given)
    if (!attributes) throw new Error(`${id} has no name`)
    const entry = tree.entry('contacts', id, attributes)
    entries.put(id, { branch: 'contacts', entry, region: '', owner: '' })
  }
  return entries
}

export function portOf(entries: Entries): LdapPort {
  const tree = new Tree(SUFFIX)
  return {
    async bind(credentials) {
      if (credentials.kind === 'anonymous') return { kind: 'view', view: new View(tree, entries, { identity: '' }) }
      const right = credentials.name[0] === 'cn=phones' && Buffer.from(credentials.password).toString() === 'secret'
      if (!right) return { kind: 'refuse', code: 49, reason: '' }
      return { kind: 'view', view: new View(tree, entries, { identity: PHONES }) }
    },
  }
}

export interface House {
  readonly port: number
  readonly tlsPort: number
  readonly server: LdapServer
  /** Every exchange that was observed. */
  readonly exchanges: Exchange[]
}

/** A server on a free port of the loopback, until the test ends. */
export async function serve(options: Partial<LdapServerOptions> & Pick<LdapServerOptions, 'port'>): Promise<House> {
  const exchanges: Exchange[] = []
  const listen = { address: '127.0.0.1', port: 0 }
  const server = new LdapServer({ listen, observe: (exchange) => exchanges.push(exchange), ...options })
  await server.start(new AbortController().signal)
  onTestFinished(() => server.stop())
  const [port = 0, tlsPort = 0] = server.health().endpoints.map((endpoint) => endpoint.port)
  return { port, tlsPort, server, exchanges }
}

/** A few people for tests that count them. */
export const STAFF: Readonly<Record<string, PersonAttributes>> = {
  ann: { cn: 'Ann Lee', sn: 'Lee', givenName: 'Ann', telephoneNumber: '+49 (30) 123-45', mail: 'ann@example.com' },
  joerg: { cn: 'Jörg Lehmann', sn: 'Lehmann', telephoneNumber: ['+49 30 123-46', '+49 30 123-47'] },
  mia: { cn: 'Mia Leone', sn: 'Leone', mobile: '+44 20 7946 0958', title: 'Director' },
  zoe: { cn: 'Zoë Abel', sn: 'Abel', ipPhone: 'sip:100@example.com', company: '<script>alert(1)</script>' },
}

/** Four kilobytes about each of three thousand people: more than a kernel keeps for a client that does not read. */
export const BULKY: Readonly<Record<string, PersonAttributes>> = Object.fromEntries(
  Array.from({ length: 3_000 }, (_, i) => {
    const description = Array.from({ length: 16 }, (_, line) => `${line} `.padEnd(256, '.'))
    return [`b${i}`, { cn: `Bulky ${i}`, description }]
  }),
)

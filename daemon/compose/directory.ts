// SPDX-License-Identifier: Apache-2.0
import { partOf } from '#daemon/lifecycle'
import { Directory } from '#daemon/services/directory/directory'
import { LdapServer } from '#protocols/ldap/server'
import type { Foundation } from './foundation.ts'

/** The phonebook that phones search by LDAP. */
export function composeDirectory({ config, store, alarms, announce, now, observe }: Foundation) {
  const directory = new Directory({ store, alarms, announce, now, settings: config.ldap })
  const server = new LdapServer({ listen: config.ldap.listen, port: directory, observe })
  return { parts: [partOf('directory', directory)], servers: config.ldap.enabled ? [server] : [] }
}

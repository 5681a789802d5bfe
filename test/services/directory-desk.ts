// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { Alarms } from '#daemon/services/alarms/alarms'
import { BindAccounts } from '#daemon/services/directory/bind-accounts'
import { Contacts } from '#daemon/services/directory/contacts'
import { DirectoryDesk } from '#daemon/services/directory/desk'
import { Directory } from '#daemon/services/directory/directory'
import { Imports } from '#daemon/services/directory/imports'
import { PhoneSettings } from '#daemon/services/directory/phone-settings'
import { RegionNames } from '#daemon/services/directory/region-names'
import { Regions } from '#daemon/services/directory/regions'
import { type UpstreamSettings, Upstreams } from '#daemon/services/directory/upstreams'
import { Scopes } from '#daemon/services/scopes/scopes'
import { Vault } from '#daemon/services/vault'
import { parseIpv4 } from '#protocols/lib/ipv4'
import { freshStore } from '#test/support/store'

export const BASE = 'dc=example,dc=com'

export interface DeskSetting {
  readonly anonymous?: boolean
  readonly upstreams?: readonly UpstreamSettings[]
  readonly timeZone?: string
}

/** The whole phonebook over a real store, as `compose` wires it, without its LDAP server. */
export async function freshDesk({ anonymous = true, upstreams: sources = [], timeZone = 'UTC' }: DeskSetting = {}) {
  const store = await freshStore()
  const now = () => 1_700_000_000_000
  const announce = () => {}
  const alarms = new Alarms(store, now, announce)
  const vault = new Vault()
  vault.unlock(randomBytes(32))
  const scopes = new Scopes({ store, now, random: randomBytes, announce, networks: [] })
  await scopes.start()
  const regions = new Regions(() => scopes.tree())
  const directory = new Directory({
    ...{ store, alarms, announce, now, regions, settings: { baseDn: BASE, anonymous, anonymousByRegion: true } },
    regionOf: ({ address }) => {
      const ipv4 = parseIpv4(address)
      return (ipv4 && scopes.ofAddress(ipv4)?.id) ?? ''
    },
  })
  directory.start()
  const contacts = new Contacts({ store, now, baseDn: BASE, regions })
  contacts.start()
  const reseal = (sealed: string, from: string, to: string) => vault.seal(vault.open(sealed, from), to)
  const names = new RegionNames({ store, announce, reseal })
  names.start()
  const upstreams = new Upstreams({ store, alarms, announce, now, timeZone, regions, upstreams: sources })
  upstreams.start()
  const own = { active: anonymous, port: 389, baseDn: BASE }
  const desk = new DirectoryDesk({
    ...{ store, directory, contacts, upstreams, regions, baseDn: BASE, enabled: true, addresses: ['10.1.0.2'] },
    phones: new PhoneSettings({ store, vault, regions, serverAddress: '10.1.0.2', own }),
    imports: new Imports({ store, now, regions, reserved: new Set(['manual', ...sources.map(({ name }) => name)]) }),
    accounts: new BindAccounts({ store, baseDn: BASE, regions }),
  })
  onTestFinished(async () => {
    await upstreams.stop()
    await names.stop()
    contacts.stop()
    directory.stop()
    scopes.stop()
  })
  return { desk, store, directory, scopes, alarms, upstreams }
}

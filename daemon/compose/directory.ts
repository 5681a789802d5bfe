// SPDX-License-Identifier: Apache-2.0
import { PERSON_ATTRIBUTES } from '#daemon/domain/directory'
import { partOf } from '#daemon/lifecycle'
import { readSecret } from '#daemon/secrets'
import { CertificateFiles } from '#daemon/services/certificate-files'
import { BindAccounts } from '#daemon/services/directory/bind-accounts'
import { Contacts } from '#daemon/services/directory/contacts'
import { DirectoryDesk } from '#daemon/services/directory/desk'
import { Directory } from '#daemon/services/directory/directory'
import { Imports } from '#daemon/services/directory/imports'
import { PhoneSettings } from '#daemon/services/directory/phone-settings'
import { RegionNames } from '#daemon/services/directory/region-names'
import { Regions } from '#daemon/services/directory/regions'
import { type UpstreamSettings, Upstreams } from '#daemon/services/directory/upstreams'
import type { ChangeLog } from '#daemon/services/provisioning/changes/history'
import type { Scopes } from '#daemon/services/scopes/scopes'
import { localTimeZone } from '#daemon/settings'
import { LdapServer } from '#protocols/ldap/server'
import { parseIpv4 } from '#protocols/lib/ipv4'
import type { Foundation } from './foundation.ts'

/** The phonebook: what phones search by LDAP, and what people do with it. `credentials` is systemd's folder of secrets. */
export function composeDirectory(
  base: Foundation,
  scopes: Scopes,
  history: ChangeLog,
  credentials: string | undefined,
) {
  const { config, configuration, store, vault, alarms, announce, now, observe } = base
  const { ldap } = config
  const { baseDn } = ldap
  const regions = new Regions(() => scopes.tree())
  const regionOf = ({ address }: { readonly address: string }) => {
    const ipv4 = parseIpv4(address)
    return (ipv4 && scopes.ofAddress(ipv4)?.id) ?? '' // whoever is nowhere sees what everybody sees
  }
  const limits = { ...ldap.limits, idleMs: ldap.limits.idleSeconds * 1_000 }
  const directory = new Directory({
    ...{ store, alarms, announce, now, settings: ldap, regions, regionOf },
    triesPerMinute: ldap.wrongPasswordsPerMinute,
  })
  const server: LdapServer = new LdapServer({
    ...{ listen: ldap.listen, port: directory, observe, limits },
    ...(ldap.tlsListen && { tlsListen: ldap.tlsListen }),
    ...(ldap.tls && { tls: () => certificate?.read() ?? {} }),
  })
  const renew = () => server.renewTls()
  const certificate = ldap.tls && new CertificateFiles({ name: 'ldap.tls', ...ldap.tls, alarms, renew })
  if (certificate && ldap.enabled) configuration.onReload('ldap.tls', () => certificate.reread())

  const timeZone = config.web.timeZone ?? localTimeZone()
  const sources = upstreamsOf(base, credentials)
  const upstreams = new Upstreams({ store, alarms, announce, now, timeZone, regions, upstreams: sources })
  const contacts = new Contacts({ store, now, baseDn, regions })
  const reserved = new Set(['manual', ...sources.map(({ name }) => name)])
  const phones = new PhoneSettings({
    ...{ store, vault, regions, history, serverAddress: config.server.address ?? '' },
    own: { active: ldap.enabled && ldap.anonymous, port: ldap.listen.port, baseDn },
  })
  const desk = new DirectoryDesk({
    ...{ store, directory, contacts, phones, upstreams, regions, baseDn, enabled: ldap.enabled },
    imports: new Imports({ store, now, regions, reserved }),
    accounts: new BindAccounts({ store, baseDn, regions }),
    get addresses() {
      const { dhcp, server } = configuration.current
      return dhcp.subnets.map(({ serverAddress }) => serverAddress ?? server.address ?? '')
    },
  })
  const reseal = (sealed: string, from: string, to: string) => {
    try {
      return vault.seal(vault.open(sealed, from), to)
    } catch {
      return undefined
    }
  }
  const parts = [
    partOf('region names', new RegionNames({ store, announce, reseal })),
    ...[partOf('directory', directory), partOf('contacts', contacts), partOf('upstreams', upstreams)],
    ...(certificate && ldap.enabled ? [partOf('ldap certificate', certificate)] : []),
  ]
  return { reseal, parts, servers: ldap.enabled ? [server] : [], desk, phoneLdap: phones }
}

function upstreamsOf({ config }: Foundation, credentials: string | undefined): UpstreamSettings[] {
  return config.ldap.upstreams.map((upstream, index) => {
    const { bindDn, password, caFile, keepWhenEmpty, keepShare, attributes, ...rest } = upstream
    const environment = { CREDENTIALS_DIRECTORY: credentials }
    const text = password === undefined ? '' : readSecret(password, `ldap.upstreams.${index}.password`, environment)
    return {
      ...rest,
      ...(caFile !== undefined && { caFile }),
      ...(bindDn !== undefined && { account: { dn: bindDn, password: text } }),
      attributes: { ...SAME_NAMES, ...attributes },
      keepShare: keepWhenEmpty ? keepShare : 0,
    }
  })
}

/** What most directories call our attributes. */
const SAME_NAMES = Object.fromEntries(PERSON_ATTRIBUTES.map((name) => [name, name]))

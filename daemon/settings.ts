// SPDX-License-Identifier: Apache-2.0

import type { SubnetConfig } from '#config/dhcp'
import { ConfigError } from '#config/load'
import type { Config } from '#config/schema'
import type { DhcpPlan, OptionSetting, Reservation, Subnet } from '#daemon/domain/dhcp/model'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import { standardOffset } from '#daemon/domain/dhcp/time-zone'
import type { FoldSettings } from '#daemon/domain/folding'
import type { AlarmSettings } from '#daemon/services/alarms/alarms'
import type { NamedNetwork } from '#daemon/services/scopes/subnet-scopes'
import { type PhonePorts, phoneUrls } from '#daemon/vendors/audiocodes/urls'

/**
 * Phones fetch files from the first listener; keep-alives go to port 8081, where old firmware sends them, or the last.
 * With https both go to the one listener that has TLS.
 */
export function phonePorts(config: Config): PhonePorts {
  const { scheme, tlsListen } = config.http
  if (scheme === 'https' && tlsListen) return { scheme, files: tlsListen.port, keepAlive: tlsListen.port }
  const ports = config.http.listen.map(({ port }) => port)
  const [files = 80] = ports
  return { files, keepAlive: ports.includes(8081) ? 8081 : (ports.at(-1) ?? files) }
}

/** What is kept of alarms, and when one is held for coming and going. */
export function alarmSettings({ alarms }: Config): AlarmSettings {
  const { maxActive, historyEvents, historyDays, flapping } = alarms
  const { times, minutes, quietMinutes } = flapping
  const flaps = { times, windowMs: minutes * 60_000, quietMs: quietMinutes * 60_000 }
  return { maxActive, historyEvents, historyDays, flapping: flaps }
}

/** The certificate files that the configuration names. */
export function certificatesOf({ ldap, http }: Config): string[] {
  return [ldap.tls, http.tls].flatMap((tls) => (tls ? [tls.cert] : []))
}

/** When silent phones of one place are one alarm. */
export function foldSettings({ alarms: { folding } }: Config): FoldSettings {
  const { phones, share, many, seconds } = folding
  return { least: phones, share, many, windowMs: seconds * 1_000 }
}

/** The subnets with everything filled in that follows from other settings. */
export function subnetsOf(config: Config): Subnet[] {
  return config.dhcp.subnets.map((subnet, index) => withServer(subnet, index, config))
}

/** The subnets that name the region of their phones. */
export function namedNetworks(config: Config): NamedNetwork[] {
  return config.dhcp.subnets.flatMap(({ name, cidr, region }) => (region === undefined ? [] : [{ name, cidr, region }]))
}

/** All that the DHCP service does, ready-made classes included. `now` picks the year of the time zones' offsets. */
export function planOf(config: Config, now: number): DhcpPlan {
  const { options, classes, devices, uc, phones } = config.dhcp
  const subnets = subnetsOf(config).map((subnet) => withTimeZone(subnet, now))
  return completePlan({ subnets, options, classes, devices, uc, phones })
}

function withServer(subnet: SubnetConfig, index: number, config: Config): Subnet {
  const serverAddress = subnet.serverAddress ?? config.server.address
  if (!serverAddress) {
    throw new ConfigError([`dhcp.subnets.${index}.serverAddress: set it, or server.address for all subnets`])
  }
  const { timeZone, voiceVlan, reservations, region: _, ...rest } = subnet
  return {
    ...rest,
    ...(timeZone !== undefined && { timeZone }),
    ...(voiceVlan !== undefined && { voiceVlan }),
    serverAddress,
    provisioningUrl: subnet.provisioningUrl ?? phoneUrls(serverAddress, phonePorts(config)).provisioning,
    tftpServer: subnet.tftpServer ?? serverAddress,
    reservations: reservations.map(withHostname),
  }
}

/** The machine's own time zone, as an IANA name. */
export function localTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** The reserved name goes to the client as option 12 [RFC 2132 §3.14]. */
function withHostname(reservation: Reservation): Reservation {
  const { hostname, options } = reservation
  if (hostname === undefined) return reservation
  return { ...reservation, options: [{ code: 12, value: { type: 'text', value: hostname } }, ...options] }
}

/** The region's clock: its offset, and who tells the time by either protocol (42 wins over 4 in phones). */
function withTimeZone(subnet: Subnet, now: number): Subnet {
  const { timeZone, ntpServers, options = [] } = subnet
  if (timeZone === undefined) return subnet
  const zone: OptionSetting[] = [{ code: 2, value: { type: 'int32', value: standardOffset(timeZone, now) } }]
  if (ntpServers.length > 0) zone.push({ code: 4, value: { type: 'ipv4', value: ntpServers } })
  return { ...subnet, options: [...zone, ...options] }
}

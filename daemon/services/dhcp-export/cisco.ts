// SPDX-License-Identifier: Apache-2.0

import { ipv4FromNumber } from '#protocols/lib/ipv4'
import { MODELS } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import type { ExportOption } from './export-option.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { commentText, networkOf, printableText, subnetTitle, toHex } from './text.ts'

/**
 * For Cisco IOS and IOS XE. A pool gives the same options to all its clients, but with a class it serves only the
 * members of that class: so other makers' phones never see option 160, and need a server or network of their own.
 */
export function ciscoExport(plan: ExportPlan, cannot: CannotSay): string {
  const { groups, gates } = plan
  for (const { says } of groups.flatMap(({ own }) => own)) for (const one of says) cannot.add(one)
  for (const { pool } of gates) cannot.add(pool)
  const lines = [
    '! Written by Offhook for Cisco IOS: paste it in configuration mode.',
    '! IOS cannot give options by class. The class keeps these pools for phones of ours; other clients of these networks',
    '! are not served by them. Phones that name no model in option 60 or 77 are not, either.',
    'ip dhcp class OFFHOOK-PHONE',
    ...MODELS.flatMap(patterns),
    'exit',
    ...groups.flatMap((group, index) => pools(group, index + 1)),
    ...hosts(plan, cannot),
  ]
  return `${lines.join('\n')}\n`
}

/** A class begins like this, whatever follows; option 77 may begin with its length [RFC 3004 §4]. */
function patterns(model: string): string[] {
  const hex = toHex(model)
  const withLength = model.length.toString(16).padStart(2, '0') + hex
  return [` option 60 hex ${hex} *`, ` option 77 hex ${hex} *`, ` option 77 hex ${withLength} *`]
}

function pools({ subnets, phone, bootFile, vendorClasses, nextServer }: ExportGroup, group: number): string[] {
  return subnets.flatMap((subnet, index) => {
    const { network, mask } = networkOf(subnet)
    const lines = ['!', `! ${subnetTitle(subnet)}`, `ip dhcp pool OFFHOOK-${group}-${index + 1}`]
    lines.push(` network ${network} ${mask}`)
    if (subnet.routers.length > 0) lines.push(` default-router ${subnet.routers.join(' ')}`)
    if (subnet.dnsServers.length > 0) lines.push(` dns-server ${subnet.dnsServers.join(' ')}`)
    lines.push(` next-server ${nextServer}`, ...phone.map(option))
    if (bootFile !== undefined) lines.push(` option 67 ${text(bootFile)}`)
    for (const { vendorClass, options } of vendorClasses) {
      lines.push(` ! Only where all phones are clients of class ${vendorClass}:`)
      lines.push(...options.map((one) => ` !${option(one)}`))
    }
    lines.push(' class OFFHOOK-PHONE')
    const ranges = subnet.pools.map(({ first, last }) => `${ipv4FromNumber(first)} ${ipv4FromNumber(last)}`)
    lines.push(...ranges.map((range) => `  address range ${range}`), '  exit', ' exit')
    return lines
  })
}

/**
 * IOS knows a client by option 61, which for most is 01 and the hardware address; a pool has one client only. What the
 * host's pool does not say comes from that of its network.
 */
function hosts({ hosts }: ExportPlan, cannot: CannotSay): string[] {
  return hosts.flatMap(({ label, subnet, reservation, options }) => {
    const { by, address } = reservation
    if (by.kind === 'circuitId' || address === undefined) {
      cannot.add(reservation)
      return []
    }
    const mac = by.kind === 'mac' ? [` ! Without option 61: hardware-address ${dots(by.mac)}`] : []
    return [
      ...['!', `! ${commentText(subnetTitle(subnet))}`, `ip dhcp pool OFFHOOK-${label.toUpperCase()}`],
      ` host ${address} ${networkOf(subnet).mask}`,
      ...mac,
      ` client-identifier ${dots(by.kind === 'mac' ? `01${by.mac}` : by.hex)}`,
      ...options.map(option),
      ' exit',
    ]
  })
}

/** `01000f` → `0100.0f`. */
function dots(hex: string): string {
  return hex.replaceAll(/(....)(?=.)/g, '$1.')
}

function option(one: ExportOption): string {
  if (one.value.type === 'ipv4') return ` option ${one.code} ip ${one.value.value.join(' ')}`
  const plain = printableText(one)
  return ` option ${one.code} ${plain === undefined ? `hex ${one.hex}` : text(plain)}`
}

/** The command line acts on a question mark at once, and knows no escape within quotes. */
function text(value: string): string {
  return /^[!#->@-~ ]+$/.test(value) && !value.includes('\\') ? `ascii "${value}"` : `hex ${toHex(value)}`
}

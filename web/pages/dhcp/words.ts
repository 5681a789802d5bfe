// SPDX-License-Identifier: Apache-2.0
import type { OptionSetting, ReservationKey } from '#daemon/domain/dhcp/model'
import { optionName, showOptionValue } from '#protocols/lib/dhcp-option'
import { ipv4FromNumber } from '#protocols/lib/ipv4'
import { formatMac } from '#protocols/lib/mac'
import type { Badge, Tab } from '#web/kit/cell'
import type { Row } from '#web/kit/table'
import type { DhcpMode, LeaseState } from '#web/ports/dhcp'

const TABS = [
  { label: 'Overview', href: '/dhcp' },
  { label: 'Leases', href: '/dhcp/leases' },
  { label: 'Classes', href: '/dhcp/classes' },
  { label: 'Explain', href: '/dhcp/explain' },
  { label: 'Tester', href: '/dhcp/test' },
  { label: 'Other servers', href: '/dhcp/servers' },
] as const

/** For `views/kit/tabs`, with the current one marked. */
export function dhcpTabs(current: (typeof TABS)[number]['href']): { label: string; tabs: Tab[] } {
  return { label: 'DHCP', tabs: TABS.map((tab) => ({ ...tab, current: tab.href === current })) }
}

export const TRAIL = [{ label: 'DHCP', href: '/dhcp' }] as const

export const MODES: Readonly<Record<DhcpMode, Badge & { readonly sentence: string }>> = {
  server: { badge: 'Leases addresses', tone: 'ok', sentence: 'This server leases addresses and gives boot options.' },
  'options-only': {
    badge: 'Options only',
    tone: 'info',
    sentence: 'Another server leases the addresses; this one answers clients that ask for options (INFORM).',
  },
  off: {
    badge: 'Off',
    tone: 'idle',
    sentence:
      'DHCP is switched off (dhcp.mode): nobody gets an answer. What you see is what the configuration would do.',
  },
}

export const LEASE_WORDS: Readonly<Record<LeaseState, Badge>> = {
  leased: { badge: 'Leased', tone: 'ok' },
  expired: { badge: 'Over', tone: 'idle' },
  released: { badge: 'Given back', tone: 'idle' },
  quarantined: { badge: 'In quarantine', tone: 'warn' },
}

/** A name may hold anything, so it is a parameter and never a part of the path. */
export function subnetHref(name: string): string {
  return `/dhcp/subnet?${new URLSearchParams({ name })}`
}

export function rangeText({ first, last }: { readonly first: number; readonly last: number }): string {
  return first === last ? ipv4FromNumber(first) : `${ipv4FromNumber(first)} – ${ipv4FromNumber(last)}`
}

export const OPTION_COLUMNS = [{ label: 'Option' }, { label: 'Value' }, { label: 'From' }] as const

export function optionRow({ code, value, always }: OptionSetting, source: string): Row {
  const name = { text: `${code} ${optionName(code)}`, ...(always && { note: 'also when not asked for' }) }
  return { cells: [name, { code: showOptionValue(value) }, source] }
}

/** How a reservation knows its client. */
export function reservedFor(by: ReservationKey): string {
  if (by.kind === 'mac') return formatMac(by.mac)
  return `${by.kind === 'clientId' ? 'Client identifier' : 'Relay circuit'} 0x${by.hex}`
}

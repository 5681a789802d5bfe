// SPDX-License-Identifier: Apache-2.0
import { handLines } from './by-hand.ts'
import { ciscoExport } from './cisco.ts'
import { dnsmasqExport } from './dnsmasq.ts'
import { iscExport } from './isc.ts'
import { keaExport } from './kea.ts'
import { mikrotikExport } from './mikrotik.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { windowsExport } from './windows.ts'

export const EXPORT_TARGETS = ['kea', 'isc', 'dnsmasq', 'windows', 'cisco', 'mikrotik'] as const
export type ExportTarget = (typeof EXPORT_TARGETS)[number]

const WRITERS: Readonly<Record<ExportTarget, (plan: ExportPlan, cannot: CannotSay) => string>> = {
  kea: keaExport,
  isc: iscExport,
  dnsmasq: dnsmasqExport,
  windows: windowsExport,
  cisco: ciscoExport,
  mikrotik: mikrotikExport,
}

const COMMENT: Readonly<Record<ExportTarget, string>> = {
  kea: '//',
  isc: '#',
  dnsmasq: '#',
  windows: '#',
  cisco: '!',
  mikrotik: '#',
}

/** The text to paste into another DHCP server's configuration; it begins with what that server cannot be told so. */
export function exportFor(target: ExportTarget, plan: ExportPlan): string {
  const cannot: CannotSay = new Set()
  const text = WRITERS[target](plan, cannot)
  const left = plan.byHand.filter(({ of }) => of === undefined || cannot.has(of))
  return `${leftToPeople(handLines(left), COMMENT[target], target === 'windows' ? '\r\n' : '\n')}${text}`
}

function leftToPeople(lines: readonly string[], mark: string, end: string): string {
  if (lines.length === 0) return ''
  const head = 'Not in here: options for all clients of your server, and what it cannot be told. Add what you want:'
  return [head, ...lines.map((line) => `  ${line}`), ''].map((line) => `${mark} ${line}`.trimEnd() + end).join('')
}

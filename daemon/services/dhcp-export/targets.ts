// SPDX-License-Identifier: Apache-2.0
import { ciscoExport } from './cisco.ts'
import { dnsmasqExport } from './dnsmasq.ts'
import { iscExport } from './isc.ts'
import { keaExport } from './kea.ts'
import { mikrotikExport } from './mikrotik.ts'
import type { ExportPlan } from './plan.ts'
import { windowsExport } from './windows.ts'

export const EXPORT_TARGETS = ['kea', 'isc', 'dnsmasq', 'windows', 'cisco', 'mikrotik'] as const
export type ExportTarget = (typeof EXPORT_TARGETS)[number]

const WRITERS: Readonly<Record<ExportTarget, (plan: ExportPlan) => string>> = {
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

/** The text to paste into another DHCP server's configuration; it begins with what it leaves to people. */
export function exportFor(target: ExportTarget, plan: ExportPlan): string {
  return `${leftToPeople(plan, COMMENT[target], target === 'windows' ? '\r\n' : '\n')}${WRITERS[target](plan)}`
}

function leftToPeople({ byHand }: ExportPlan, mark: string, end: string): string {
  if (byHand.length === 0) return ''
  const head = 'Not in here, as each server has its own way to say it. Add by hand what you want there as well:'
  return [head, ...byHand.map((line) => `  ${line}`), ''].map((line) => `${mark} ${line}`.trimEnd() + end).join('')
}

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

/** The text to paste into another DHCP server's configuration. */
export function exportFor(target: ExportTarget, plan: ExportPlan): string {
  return WRITERS[target](plan)
}

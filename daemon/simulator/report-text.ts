// SPDX-License-Identifier: Apache-2.0
import type { FleetReport, Latency } from './report.ts'

const HEADINGS = ['step', 'count', 'ok', 'warned', 'failed', 'retries', 'p50 ms', 'p90 ms', 'p99 ms', 'max ms']

const ANOMALIES: Readonly<Record<keyof FleetReport['anomalies'], string>> = {
  addressConflicts: 'addresses given to two phones at once',
  malformed: 'DHCP replies that no client can read',
  unechoed: 'DHCP replies without the option 82 that was sent',
  unexpected: 'DHCP replies that no phone had a use for',
}

/** The report for people: one line of result, a table, then whatever went wrong. */
export function formatReport(report: FleetReport): string {
  const { phones, booted, failed, unfinished, seconds, mode, seed } = report
  const counts = [`${booted} booted`, `${failed} failed`, ...(unfinished > 0 ? [`${unfinished} stopped before`] : [])]
  const rows = Object.entries(report.steps).map(([name, step]) => [
    name,
    ...[step.count, step.ok, step.warnings, step.failed, step.retries].map(String),
    ...latencyCells(step),
  ])
  const boot = ['whole boot', String(report.boot.count), '', '', '', '', ...latencyCells(report.boot)]
  return [
    `${phones} virtual phones (${mode}, seed ${seed}): ${counts.join(', ')} in ${seconds.toFixed(1)} s`,
    '',
    ...table([HEADINGS, ...rows, boot]),
    ...section('Failures', reasons(report, 'failures')),
    ...section('Warnings', reasons(report, 'notes')),
    ...section('Also seen', anomalies(report)),
    '',
  ].join('\n')
}

function latencyCells({ p50, p90, p99, max }: Latency): string[] {
  return [p50, p90, p99, max].map((ms) => ms.toFixed(1))
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines]
}

function reasons(report: FleetReport, kind: 'failures' | 'notes'): string[] {
  return Object.entries(report.steps).flatMap(([name, step]) =>
    Object.entries(step[kind]).map(([reason, count]) => `  ${String(count).padStart(6)}  ${name}: ${reason}`),
  )
}

function anomalies(report: FleetReport): string[] {
  return Object.entries(report.anomalies)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `  ${String(count).padStart(6)}  ${ANOMALIES[name as keyof FleetReport['anomalies']]}`)
}

// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second (USER_HZ), whatever its own clock [proc(5)]. */
const TICK_MICROS = 10_000

/** The CPU time of a process and all its threads so far, in microseconds. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name, in brackets, may hold anything: fields are counted from behind it (state is the third).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS
}

/** What the process holds in memory now, in megabytes. */
export function residentMegabytes(pid: number): number {
  return statusMegabytes(pid, 'VmRSS')
}

/** The most that it ever held, in megabytes. */
export function peakMegabytes(pid: number): number {
  return statusMegabytes(pid, 'VmHWM')
}

function statusMegabytes(pid: number, field: string): number {
  const [, kilobytes = 'NaN'] =
    new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}

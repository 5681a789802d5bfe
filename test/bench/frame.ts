// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs'

/** For `env`: the heap that systemd/offhook.service gives the daemon. */
export const HEAP = 'NODE_OPTIONS=--max-old-space-size=512 --max-semi-space-size=4'

/** One figure beside another's. `ratio` is ours over theirs where more is better; 1 means alike, `aim` is wanted. */
export interface Metric {
  readonly name: string
  readonly ours: number
  readonly peer: number
  readonly peerName: string
  readonly ratio: number
  readonly aim: number
}

/** A figure of which more is better, e.g. a rate. */
export function rate(name: string, ours: number, peerName: string, peer: number, aim: number): Metric {
  return metric(name, ours, peerName, peer, ours / peer, aim)
}

/** A figure of which less is better, e.g. CPU time: the ratio is theirs over ours. */
export function cost(name: string, ours: number, peerName: string, peer: number, aim: number): Metric {
  return metric(name, ours, peerName, peer, peer / ours, aim)
}

/** A figure that may not exceed a limit: limit over measured, aim 1. */
export function limit(name: string, measured: number, most: number): Metric {
  return metric(name, measured, 'limit', most, most / measured, 1)
}

function metric(name: string, ours: number, peerName: string, peer: number, ratio: number, aim: number): Metric {
  return { name, ours: round(ours), peer: round(peer), peerName, ratio: round(ratio), aim }
}

/** Tells the figures: a table for people unless `--json` is given, and one line of JSON at the end. */
export function report(bench: string, metrics: readonly Metric[]): void {
  if (!process.argv.includes('--json')) {
    for (const { name, ours, peer, peerName, ratio, aim } of metrics) {
      const verdict = ratio >= aim ? 'reached' : 'missed'
      process.stdout.write(
        `${name.padEnd(42)} ${ours} against ${peer} (${peerName}): ratio ${ratio}, aim ${aim}, ${verdict}\n`,
      )
    }
  }
  process.stdout.write(`${JSON.stringify({ bench, metrics })}\n`)
}

/** What happens on the way, for whoever waits; never on standard output. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** The smallest value that `share` (0 to 1) of all values do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/**
 * Asks Linux to put us, and all that we start, before other work of the machine: every peer and the load alike. Without
 * scheduling groups by session there is nothing to ask.
 */
export function goFirst(): void {
  try {
    writeFileSync('/proc/self/autogroup', '-15')
  } catch {
    progress('this kernel has no scheduling groups by session: other work on the machine will show in the figures')
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

// SPDX-License-Identifier: Apache-2.0
import type { RelayCounters } from './relay.ts'
import { STEP_NAMES, type StepEvent, type StepName } from './step.ts'

/** Milliseconds by nearest rank; zeros when nothing was measured. */
export interface Latency {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export interface StepReport extends Latency {
  readonly count: number
  readonly ok: number
  readonly warnings: number
  readonly failed: number
  readonly retries: number
  /** How often each reason came up, of failures and of warnings. */
  readonly failures: Readonly<Record<string, number>>
  readonly notes: Readonly<Record<string, number>>
}

export interface FleetReport {
  readonly phones: number
  readonly seed: number
  readonly mode: string
  /** Phones that came up at least once; that tried and never did; that were stopped before either. */
  readonly booted: number
  readonly failed: number
  readonly unfinished: number
  readonly seconds: number
  /** Of the boots that succeeded, power on to the last report. */
  readonly boot: Latency & { readonly count: number }
  readonly steps: Readonly<Partial<Record<StepName, StepReport>>>
  /** What no step shows. On a network without loss, a faultless server leaves zeros here. */
  readonly anomalies: Readonly<RelayCounters & { readonly addressConflicts: number }>
}

/** Samples kept for one row; later ones replace the oldest, so that a fleet may stay for weeks. */
const MOST_SAMPLES = 100_000
/** Distinct reasons kept for one row; a peer can make up its own. */
const MOST_REASONS = 20
const OTHER_REASONS = 'other'

class Samples {
  readonly #values: number[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  add(ms: number): void {
    this.#values[this.#count++ % MOST_SAMPLES] = ms
  }

  latency(): Latency {
    const sorted = Float64Array.from(this.#values).sort()
    const rank = (share: number) => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0)
    return { p50: rank(0.5), p90: rank(0.9), p99: rank(0.99), max: rank(1) }
  }
}

class Row {
  readonly #samples = new Samples()
  readonly #outcomes = { ok: 0, warning: 0, failed: 0 }
  readonly #failures = new Map<string, number>()
  readonly #notes = new Map<string, number>()
  #retries = 0

  add(event: StepEvent): void {
    this.#samples.add(event.ms)
    this.#outcomes[event.outcome]++
    this.#retries += event.retries
    if (event.outcome === 'failed') countReason(this.#failures, event.reason)
    if (event.outcome === 'warning') countReason(this.#notes, event.reason)
  }

  report(): StepReport {
    const { ok, warning: warnings, failed } = this.#outcomes
    const failures = Object.fromEntries(this.#failures)
    const notes = Object.fromEntries(this.#notes)
    const counts = { count: this.#samples.count, ok, warnings, failed, retries: this.#retries }
    return { ...counts, ...this.#samples.latency(), failures, notes }
  }
}

/** Gathers what the phones tell, and reckons it up at the end. */
export class ReportBuilder {
  readonly #rows = new Map<StepName, Row>()
  readonly #boots = new Samples()

  step(event: StepEvent): void {
    const row = this.#rows.get(event.step) ?? new Row()
    this.#rows.set(event.step, row)
    row.add(event)
  }

  boot(ms: number): void {
    this.#boots.add(ms)
  }

  finish(facts: Omit<FleetReport, 'boot' | 'steps'>): FleetReport {
    const steps: Partial<Record<StepName, StepReport>> = {}
    for (const name of STEP_NAMES) {
      const row = this.#rows.get(name)
      if (row) steps[name] = row.report()
    }
    return {
      ...facts,
      seconds: round(facts.seconds),
      boot: { count: this.#boots.count, ...this.#boots.latency() },
      steps,
    }
  }
}

function countReason(reasons: Map<string, number>, reason: string): void {
  const key = reasons.has(reason) || reasons.size < MOST_REASONS ? reason : OTHER_REASONS
  reasons.set(key, (reasons.get(key) ?? 0) + 1)
}

/** To tenths: a report promises no more than its clock can keep. */
function round(value: number): number {
  return Math.round(value * 10) / 10
}

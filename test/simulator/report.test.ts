// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { identityOf } from '#daemon/simulator/identity'
import { ReportBuilder } from '#daemon/simulator/report'
import { formatReport } from '#daemon/simulator/report-text'
import type { StepEvent } from '#daemon/simulator/step'

const FACTS = {
  phones: 3,
  seed: 1,
  mode: 'storm',
  booted: 2,
  failed: 1,
  unfinished: 0,
  seconds: 1.2345,
  anomalies: { malformed: 0, unexpected: 2, unechoed: 0, addressConflicts: 0 },
}

function event(fields: Partial<StepEvent>): StepEvent {
  const whole = { phone: identityOf(1, 1), step: 'discover', outcome: 'ok', reason: '', ms: 1, retries: 0 } as const
  return { ...whole, ...fields }
}

describe('the report', () => {
  it('percentiles are by nearest rank, whatever order the steps came in', () => {
    const report = new ReportBuilder()
    for (const ms of [...Array(100).keys()].map((i) => ((i * 37) % 100) + 1)) report.step(event({ ms }))
    expect(report.finish(FACTS).steps.discover).toMatchObject({ count: 100, p50: 50, p90: 90, p99: 99, max: 100 })
  })

  it('one sample is every percentile; none are zeros', () => {
    const report = new ReportBuilder()
    report.step(event({ ms: 7.26 }))
    const { steps, boot } = report.finish(FACTS)
    expect(steps.discover).toMatchObject({ p50: 7.3, p90: 7.3, p99: 7.3, max: 7.3 })
    expect(boot).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, max: 0 })
    expect(steps.request).toBeUndefined()
  })

  it('counts outcomes, repeats and reasons', () => {
    const report = new ReportBuilder()
    report.step(event({ retries: 2 }))
    report.step(event({ outcome: 'failed', reason: 'no OFFER', retries: 3 }))
    report.step(event({ outcome: 'failed', reason: 'no OFFER' }))
    report.step(event({ outcome: 'warning', reason: 'HTTP 404' }))
    expect(report.finish(FACTS).steps.discover).toMatchObject({
      ...{ count: 4, ok: 1, warnings: 1, failed: 2, retries: 5 },
      ...{ failures: { 'no OFFER': 2 }, notes: { 'HTTP 404': 1 } },
    })
  })

  it('reasons that a peer makes up do not pile up', () => {
    const report = new ReportBuilder()
    for (let i = 0; i < 1000; i++) report.step(event({ outcome: 'failed', reason: `NAK ${i}` }))
    const failures = report.finish(FACTS).steps.discover?.failures ?? {}
    expect(Object.keys(failures)).toHaveLength(21)
    expect(failures.other).toBe(980)
  })

  it('a reason named like a property of every object is counted', () => {
    const report = new ReportBuilder()
    report.step(event({ outcome: 'failed', reason: 'constructor' }))
    expect(Object.entries(report.finish(FACTS).steps.discover?.failures ?? {})).toEqual([['constructor', 1]])
  })

  it('reads as a table, steps in their order, with what went wrong below', () => {
    const report = new ReportBuilder()
    report.step(event({ step: 'firmware', outcome: 'warning', reason: 'HTTP 404', ms: 3 }))
    report.step(event({ outcome: 'failed', reason: 'no OFFER', ms: 1234.5 }))
    report.boot(20)
    expect(formatReport(report.finish(FACTS))).toBe(`3 virtual phones (storm, seed 1): 2 booted, 1 failed in 1.2 s

step        count  ok  warned  failed  retries  p50 ms  p90 ms  p99 ms  max ms
discover        1   0       0       1        0  1234.5  1234.5  1234.5  1234.5
firmware        1   0       1       0        0     3.0     3.0     3.0     3.0
whole boot      1                                 20.0    20.0    20.0    20.0

Failures:
       1  discover: no OFFER

Warnings:
       1  firmware: HTTP 404

Also seen:
       2  DHCP replies that no phone had a use for
`)
  })
})

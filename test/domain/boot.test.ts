// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { type BootTimeline, bootStepOf, withStep } from '#daemon/domain/boot'
import type { Exchange } from '#protocols/lib/exchange'

const base: Exchange = {
  protocol: 'dhcp',
  operation: 'DISCOVER',
  peer: { address: '10.1.0.1', port: 67 },
  ending: 'reply',
  answer: 'OFFER',
  micros: 120,
  evidence: {},
}

test.each<[Partial<Exchange>, string | undefined]>([
  [{}, 'discover'],
  [{ operation: 'REQUEST', answer: 'ACK' }, 'lease'],
  [{ operation: 'RELEASE' }, undefined],
  [{ protocol: 'provisioning', operation: 'GET', evidence: { fileKind: 'bootstrap' } }, 'bootstrap'],
  [{ protocol: 'tftp', operation: 'RRQ', evidence: { fileKind: 'firmware' } }, 'firmware'],
  [{ protocol: 'tftp', operation: 'RRQ', evidence: { fileKind: 'constructor' } }, undefined],
  [{ protocol: 'keepalive', operation: 'POST', evidence: { status: 'registered' } }, 'registered'],
  [{ protocol: 'keepalive', operation: 'POST', evidence: { status: 'nonsense' } }, undefined],
])('%j is the step %s', (change, step) => {
  expect(bootStepOf({ ...base, ...change }, 5)?.step).toBe(step)
})

test('a step says what was asked, answered and why it was refused', () => {
  const step = bootStepOf(
    { ...base, operation: 'REQUEST', ending: 'refuse', answer: 'NAK', reason: 'wrong network' },
    5,
  )
  expect(step).toMatchObject({ ending: 'refuse', detail: 'REQUEST → NAK (wrong network)', at: 5, count: 1 })
})

test('repeats in a row are one step with a count; the timeline stays bounded', () => {
  let timeline: BootTimeline | undefined
  for (let at = 1; at <= 100; at++) {
    const step = bootStepOf(base, at)
    if (step) timeline = withStep(timeline, step)
  }
  expect(timeline?.steps).toEqual([expect.objectContaining({ count: 100, at: 1, lastAt: 100 })])
  for (let at = 1; at <= 100; at++) {
    const step = bootStepOf({ ...base, reason: `${at}` }, at)
    if (step) timeline = withStep(timeline, step)
  }
  expect(timeline?.steps.length).toBeLessThanOrEqual(16)
})

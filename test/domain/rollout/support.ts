// SPDX-License-Identifier: Apache-2.0
import type { Seen } from '#daemon/domain/rollout/judge'
import type { Member, Rollout } from '#daemon/domain/rollout/rollout'
import type { Mac } from '#protocols/lib/mac'

export const MINUTE = 60_000
export const START = 1_000_000_000
const OLD = { id: 'a'.repeat(64), version: '2.2.12.1' }
export const NEW = { id: 'b'.repeat(64), version: '2.2.16.7' }
export const LIMITS = { soakMinutes: 30, patienceMinutes: 20, tolerancePercent: 2 }

export function rolloutOf(more: Partial<Rollout> = {}): Rollout {
  return {
    ...{ id: 'r1', by: 'anna', at: START, state: 'running', models: [{ model: '440HD', from: OLD, to: NEW }] },
    ...{ where: 'system', place: 'System', stage: 0, stageAt: START, begun: true, limits: LIMITS },
    stages: [
      { name: 'Canary', size: 2 },
      { name: '10 %', size: 8 },
      { name: '100 %', size: 90 },
    ],
    ...{ batch: 5, delay: 0, restart: false, reason: '', decisions: [], endedAt: 0 },
    baseline: { phones: 100, unregistered: 0.05, silent: 0.02, alarmed: 0 },
    ...more,
  }
}

export function memberOf(more: Partial<Member> = {}): Member {
  return {
    ...{ rollout: 'r1', mac: '00908f000001' as Mac, model: '440HD', site: 'Berlin', stage: 0 },
    before: { firmware: OLD.version, registered: true, present: true },
    ...{ starts: 0, losses: 0, excused: false },
    ...more,
  }
}

/** A phone that was told at the start, and has not been heard of since. */
export function seenOf(more: Partial<Seen> = {}): Seen {
  return {
    ...{ firmware: OLD.version, registered: true, heardAt: START - MINUTE, silent: false, alarms: 0 },
    told: { state: 'sent', at: START, reason: '' },
    ...more,
  }
}

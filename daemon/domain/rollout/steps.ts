// SPDX-License-Identifier: Apache-2.0
import { gate } from './gate.ts'
import type { Verdicts } from './judge.ts'
import { type Rollout, withDecision } from './rollout.ts'

/** What the phones of the reached stages make of a running rollout; the same object while that is nothing new. */
export function looked(rollout: Rollout, verdicts: Verdicts, now: number): Rollout {
  if (rollout.state !== 'running' || !rollout.begun) return rollout
  const answer = gate(rollout, verdicts, now)
  if (answer.kind === 'wait') return rollout
  const why = answer.reasons.join('; ')
  const name = rollout.stages[rollout.stage]?.name ?? ''
  if (answer.kind === 'halt') {
    const halted = { ...rollout, state: 'halted' as const, reason: why }
    return withDecision(halted, now, `Halted in stage ${name}: ${why}.`)
  }
  const next = rollout.stage + 1
  const following = rollout.stages[next]
  if (!following) {
    const done = { ...rollout, state: 'done' as const, endedAt: now }
    return withDecision(done, now, `Stage ${name} passed: ${why}. All stages are passed; the new image is the default.`)
  }
  const advanced = { ...rollout, stage: next, stageAt: now, begun: false }
  return withDecision(advanced, now, `Stage ${name} passed: ${why}. Stage ${following.name} begins.`)
}

export const TURNS = ['halt', 'continue', 'cancel', 'go back'] as const
/** What people can do with a rollout. */
export type Turn = (typeof TURNS)[number]

/** Which of these there are now. */
export function turnsOf({ state, models }: Rollout): readonly Turn[] {
  const canReturn = models.some(({ from }) => from !== undefined)
  switch (state) {
    case 'running':
      return ['halt', 'cancel']
    case 'halted':
      return [...(canReturn ? (['go back'] as const) : []), 'continue', 'cancel']
    case 'returning':
      return ['cancel']
    default:
      return []
  }
}

/** A person's decision; undefined when it cannot be made in this state. */
export function turned(rollout: Rollout, turn: Turn, by: string, now: number): Rollout | undefined {
  if (!turnsOf(rollout).includes(turn)) return undefined
  switch (turn) {
    case 'halt': {
      const halted = { ...rollout, state: 'halted' as const, reason: `${by} halted it` }
      return withDecision(halted, now, 'Halted: no further phone gets the new image.', by)
    }
    case 'continue': {
      // It is watched anew from here on: those in trouble were looked at by a person, and count no more.
      const running = { ...rollout, state: 'running' as const, stageAt: now, reason: '' }
      return withDecision(running, now, 'Continued; phones that were in trouble count no more.', by)
    }
    case 'cancel': {
      const cancelled = { ...rollout, state: 'cancelled' as const, endedAt: now }
      return withDecision(
        cancelled,
        now,
        'Cancelled. What is chosen for the place decides again; the rollout never changed that.',
        by,
      )
    }
    case 'go back': {
      const returning = { ...rollout, state: 'returning' as const, begun: false, stageAt: now }
      return withDecision(returning, now, 'Phones that were updated are told to go back to the old image.', by)
    }
  }
}

/** All phones that had the new image are settled. */
export function returned(rollout: Rollout, now: number, text: string): Rollout {
  return withDecision({ ...rollout, state: 'returned', endedAt: now }, now, text)
}

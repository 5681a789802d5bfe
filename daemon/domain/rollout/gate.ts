// SPDX-License-Identifier: Apache-2.0
import { TROUBLES, type Trouble, type Verdicts } from './judge.ts'
import type { Baseline, Limits, Rollout } from './rollout.ts'

/** What the gate before the next stage says, and why. */
export interface GateAnswer {
  readonly kind: 'wait' | 'pass' | 'halt'
  readonly reasons: readonly string[]
}

const MINUTE = 60_000

/** How many phones of a trouble are too many, and against what that is measured. */
export interface Allowance {
  readonly trouble: Trouble
  readonly found: number
  readonly allowed: number
  /** The share before the start, from 0 to 1; new firmware has none of the wrong version and none that is unsteady. */
  readonly before: number
}

/** Phones that say something about the firmware: those that are away do not. */
export function counted(verdicts: Verdicts): number {
  return verdicts.updated + verdicts['under way'] + TROUBLES.reduce((sum, trouble) => sum + verdicts[trouble], 0)
}

export function allowances(verdicts: Verdicts, baseline: Baseline, limits: Limits): readonly Allowance[] {
  const whole = counted(verdicts)
  const usual: Partial<Record<Trouble, number>> = {
    ...{ unregistered: baseline.unregistered, silent: baseline.silent, alarmed: baseline.alarmed },
  }
  return TROUBLES.map((trouble) => {
    const before = usual[trouble] ?? 0
    const allowed = Math.floor(whole * Math.min(1, before + limits.tolerancePercent / 100))
    return { trouble, found: verdicts[trouble], allowed, before }
  })
}

/** Too much trouble halts at once; a stage is passed when it was watched long enough and everybody is back. */
export function gate(rollout: Rollout, verdicts: Verdicts, now: number): GateAnswer {
  const { baseline, limits, stageAt, stage, stages } = rollout
  const whole = counted(verdicts)
  const over = allowances(verdicts, baseline, limits).filter(({ found, allowed }) => found > allowed)
  if (over.length > 0) return { kind: 'halt', reasons: over.map((one) => sentenceOf(one, whole, limits)) }
  const left = stageAt + limits.soakMinutes * MINUTE - now
  const waits: string[] = []
  if (verdicts['under way'] > 0) waits.push(`${phonesText(verdicts['under way'])} under way`)
  if (left > 0) waits.push(`watched for ${Math.ceil(left / MINUTE)} more minutes`)
  if (whole === 0 && stage < stages.length - 1) waits.push('no phone of this stage is there')
  if (waits.length > 0) return { kind: 'wait', reasons: waits }
  const trouble = TROUBLES.filter((one) => verdicts[one] > 0).map((one) => `${verdicts[one]} ${one}`)
  const rest = trouble.length > 0 ? `, ${trouble.join(', ')}, which is no more than usual` : ''
  return { kind: 'pass', reasons: [`${verdicts.updated} of ${phonesText(whole)} updated${rest}`] }
}

const WORDS: Readonly<Record<Trouble, string>> = {
  'wrong version': 'with the wrong version',
  unregistered: 'no longer registered',
  silent: 'silent since they were told',
  alarmed: 'with new alarms',
  unsteady: 'starting or losing their registration over and over',
}

function sentenceOf({ trouble, found, allowed, before }: Allowance, whole: number, limits: Limits): string {
  const usual = before > 0 ? `${percent(before)} before the start` : 'none before the start'
  return `${found} of ${phonesText(whole)} ${WORDS[trouble]}; with ${usual} and ${limits.tolerancePercent} % tolerated, at most ${allowed}`
}

function phonesText(count: number): string {
  return count === 1 ? '1 phone' : `${count} phones`
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`
}

// SPDX-License-Identifier: Apache-2.0
import type { BootStep } from '#daemon/domain/boot'
import { count, duration, type Moment, type TimeFormat } from '#web/format'
import { isFailure, reachedRegistration, splitBoots, stepsToCome } from './boots.ts'
import { STEP_WORDS } from './diagnosis.ts'
import type { Tone } from './presence.ts'

interface StepView {
  readonly name: string
  readonly outcome: string
  readonly tone: Tone
  /** The step to look at: why the phone does not work. */
  readonly failing: boolean
  readonly at: Moment
  /** Time of day; with its date if that is not the day the boot began. */
  readonly when: string
  /** The last repeat; undefined when it happened once. */
  readonly last: { readonly iso: string; readonly when: string } | undefined
  readonly times: string
  /** Since the step before, as `+1.4 s`; empty for the first. */
  readonly gap: string
  readonly took: string
  readonly protocol: string
  readonly detail: string
}

interface BootView {
  readonly began: Moment
  readonly steps: readonly StepView[]
  /** Names of what should follow; empty when the boot is complete. */
  readonly toCome: readonly string[]
  readonly outcome: string
}

/** The latest boot and those before it, newest first. `failing` is an index into the latest. */
export function timelineView(
  steps: readonly BootStep[],
  failing: number,
  working: boolean,
  time: TimeFormat,
  now: number,
): { latest: BootView | undefined; earlier: readonly BootView[] } {
  const boots = splitBoots(steps).reverse()
  const views = boots.map((boot, index) => ({
    began: time.moment(boot[0]?.at ?? 0, now),
    steps: boot.map((step, at) =>
      stepView(step, boot, at, index === 0 && at === failing, (ms) => time.moment(ms, now)),
    ),
    toCome: index === 0 && !working ? stepsToCome(boot).map((step) => STEP_WORDS[step].name) : [],
    outcome: reachedRegistration(boot) ? 'reached registration' : 'did not reach registration',
  }))
  return { latest: views[0], earlier: views.slice(1) }
}

function stepView(
  step: BootStep,
  boot: readonly BootStep[],
  index: number,
  failing: boolean,
  moment: (ms: number) => Moment,
): StepView {
  const day = moment(boot[0]?.at ?? 0).exact.slice(0, 10)
  const when = ({ exact, precise, clock }: Moment) => (exact.startsWith(day) ? clock : precise)
  const previous = boot[index - 1]
  const at = moment(step.at)
  const last = moment(step.lastAt)
  return {
    name: STEP_WORDS[step.step].name,
    outcome: outcome(step),
    tone: isFailure(step) ? 'bad' : 'ok',
    failing,
    at,
    when: when(at),
    last: step.count > 1 ? { iso: last.iso, when: when(last) } : undefined,
    times: count(step.count),
    gap: previous ? `+${duration(Math.max(0, step.at - previous.lastAt) * 1000)}` : '',
    took: duration(step.micros),
    protocol: step.protocol,
    detail: step.detail,
  }
}

function outcome({ step, ending }: BootStep): string {
  switch (ending) {
    case 'reply':
      return step === 'unregistered' ? 'Not registered' : step === 'offline' ? 'Offline' : 'OK'
    case 'refuse':
      return 'Refused'
    case 'ignore':
      return 'Not answered'
    case 'malformed':
      return 'Not understood'
    case 'fault':
      return 'Server fault'
  }
}

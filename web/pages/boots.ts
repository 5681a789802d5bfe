// SPDX-License-Identifier: Apache-2.0
import type { BootStep, BootStepName } from '#daemon/domain/boot'

/** What a phone goes through from power to a working line. `firmware` and `bootstrap` may be left out. */
const PATH: readonly BootStepName[] = ['discover', 'lease', 'bootstrap', 'config', 'firmware', 'started', 'registered']

/** The steps split into boots, oldest first: a boot begins with DISCOVER, or with `started` if that came first. */
export function splitBoots(steps: readonly BootStep[]): BootStep[][] {
  const boots: BootStep[][] = []
  for (const step of steps) {
    const current = boots.at(-1)
    if (!current || beginsBoot(step, current)) boots.push([step])
    else current.push(step)
  }
  return boots
}

function beginsBoot({ step }: BootStep, current: readonly BootStep[]): boolean {
  if (step === 'discover') return current.some((earlier) => earlier.step !== 'discover')
  return step === 'started' && current.some((earlier) => earlier.step === 'started' || earlier.step === 'registered')
}

/** The necessary steps of a boot that have not happened yet, in order. */
export function stepsToCome(boot: readonly BootStep[]): BootStepName[] {
  const reached = Math.max(-1, ...boot.map(({ step }) => PATH.indexOf(step)))
  const word = boot.findLast(({ step }) => step === 'registered' || step === 'unregistered' || step === 'offline')
  if (word?.step === 'registered' && word.ending === 'reply') return []
  const from = word ? PATH.indexOf('registered') : reached + 1
  return PATH.slice(from).filter((step) => step !== 'firmware' && step !== 'bootstrap')
}

export function reachedRegistration(boot: readonly BootStep[]): boolean {
  return boot.some(({ step, ending }) => step === 'registered' && ending === 'reply')
}

/** Steps that show, by being answered later, that the phone got over a failure of the first. */
const HEALED_BY: Readonly<Record<BootStepName, readonly BootStepName[]>> = {
  discover: PATH,
  lease: PATH.slice(1),
  bootstrap: ['bootstrap', 'config'],
  config: ['config'],
  firmware: ['firmware', 'started', 'registered', 'unregistered'],
  started: ['started', 'registered', 'unregistered'],
  registered: ['registered'],
  unregistered: ['registered'],
  offline: ['started', 'registered', 'unregistered'],
}

/** True for a step that went wrong: not answered, refused, not understood, or the phone says that it has no line. */
export function isFailure({ step, ending }: BootStep): boolean {
  return ending !== 'reply' || step === 'unregistered' || step === 'offline'
}

/** The first step of a boot that went wrong and was not made good later; -1 if there is none. */
export function firstFailure(boot: readonly BootStep[]): number {
  return boot.findIndex((step, index) => {
    if (!isFailure(step)) return false
    const healers = HEALED_BY[step.step]
    return !boot.slice(index + 1).some((later) => later.ending === 'reply' && healers.includes(later.step))
  })
}

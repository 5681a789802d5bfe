// SPDX-License-Identifier: Apache-2.0
import type { Verdict } from '#daemon/domain/rollout/judge'
import type { Rollout, RolloutModel, RolloutState } from '#daemon/domain/rollout/rollout'
import type { Turn } from '#daemon/domain/rollout/steps'
import type { Badge } from '#web/kit/cell'

export const HOME = '/rollouts'

export const STATES: Readonly<Record<RolloutState, Badge>> = {
  running: { badge: 'Running', tone: 'info' },
  halted: { badge: 'Halted', tone: 'bad' },
  returning: { badge: 'Going back', tone: 'warn' },
  done: { badge: 'Done', tone: 'ok' },
  cancelled: { badge: 'Cancelled', tone: 'idle' },
  returned: { badge: 'Gone back', tone: 'idle' },
}

export const VERDICTS: Readonly<Record<Verdict, Badge>> = {
  updated: { badge: 'Updated', tone: 'ok' },
  'under way': { badge: 'Under way', tone: 'info' },
  absent: { badge: 'Away', tone: 'idle' },
  excused: { badge: 'Excused', tone: 'idle' },
  'wrong version': { badge: 'Wrong version', tone: 'bad' },
  unregistered: { badge: 'Not registered', tone: 'bad' },
  silent: { badge: 'Silent', tone: 'bad' },
  alarmed: { badge: 'New alarms', tone: 'bad' },
  unsteady: { badge: 'Unsteady', tone: 'bad' },
}

/** Buttons of each decision, and what it does. */
export const DECISIONS: Readonly<
  Record<Turn, { readonly label: string; readonly what: string; readonly done: string }>
> = {
  halt: {
    label: 'Halt',
    what: 'No further phone gets the new image. Those that have it keep it until you decide.',
    done: 'The rollout is halted.',
  },
  continue: {
    label: 'Continue',
    what: 'The stage goes on and is watched anew. Phones that are in trouble now count no more.',
    done: 'The rollout goes on.',
  },
  cancel: {
    label: 'Cancel',
    what: 'It ends here. What is chosen for the place decides again: phones that were updated go back to the old image when they next look for one. Go back instead to have that done now, and watched.',
    done: 'The rollout is cancelled.',
  },
  'go back': {
    label: 'Go back',
    what: 'Every phone that was updated is told to go back to the old image, also those that came back with a wrong one; how far that is, you see here.',
    done: 'Phones are told to go back.',
  },
}

export function turnPath(turn: Turn): string {
  return turn.replace(' ', '-')
}

export function modelsText(models: readonly RolloutModel[]): string {
  return models
    .map(({ model, from, to }) => `${model} ${from ? `${from.version || 'unknown'} → ` : ''}${to.version}`)
    .join(', ')
}

export function titleOf({ models, where, place }: Pick<Rollout, 'models' | 'where' | 'place'>): string {
  return where === 'system' ? modelsText(models) : `${modelsText(models)} in ${place}`
}

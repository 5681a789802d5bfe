// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.ts'

/** How a phone misbehaves, as phones in the field do. `--stay` shows the last two of them. */
export const MISBEHAVIOURS = [
  /** Signs nobody in: says `unregistered` where others say `registered`. */
  'never-registers',
  /** Reads the image's header, finds another version and does not take it. */
  'wrong-version',
  /** Is heard of once, and never again. */
  'silent-after-started',
  /** Is `unregistered` from its first keep-alive on. */
  'loses-registration',
  /** Changes between `registered` and `unregistered` with each keep-alive. */
  'flaps',
] as const

export type Habit = (typeof MISBEHAVIOURS)[number] | 'well-behaved'

/** Shares of the fleet, each in 0…1. */
export type HabitShares = Partial<Readonly<Record<(typeof MISBEHAVIOURS)[number], number>>>

/** A habit for each phone: as many of each as its share says (rounded), dealt out at random. */
export function dealHabits(phones: number, shares: HabitShares, random: Random): Habit[] {
  const habits = MISBEHAVIOURS.flatMap((habit) => Array<Habit>(Math.round(phones * (shares[habit] ?? 0))).fill(habit))
  const dealt = habits.slice(0, phones)
  while (dealt.length < phones) dealt.push('well-behaved')
  for (let i = phones - 1; i > 0; i--) {
    const other = random.below(i + 1)
    const [one, two] = [dealt[i], dealt[other]]
    if (one && two) [dealt[i], dealt[other]] = [two, one]
  }
  return dealt
}

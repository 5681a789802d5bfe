// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import type { Stage } from './rollout.ts'

/** A phone as the plan looks at it. */
export interface Candidate {
  readonly mac: Mac
  readonly model: string
  readonly site: string
  readonly registered: boolean
  /** Heard of lately. */
  readonly present: boolean
}

export interface Plan {
  readonly stages: readonly Stage[]
  /** The stage of each phone. */
  readonly stageOf: ReadonlyMap<Mac, number>
  /** Models at places where no phone is registered, so that none of them can be a canary. */
  readonly withoutCanary: readonly { readonly model: string; readonly site: string }[]
}

/**
 * One registered phone of each model at each site first; then so many that the given shares of all phones are reached,
 * in percent. Phones that are away come last: nothing can be learned from them. `seed` decides who is first.
 */
export function planned(candidates: readonly Candidate[], shares: readonly number[], seed: string): Plan {
  const ordered = candidates
    .map((candidate) => ({ candidate, rank: rankOf(candidate), turn: hash(`${seed} ${candidate.mac}`) }))
    .sort((a, b) => a.rank - b.rank || a.turn - b.turn || (a.candidate.mac < b.candidate.mac ? -1 : 1))
    .map(({ candidate }) => candidate)
  const canaries = new Map<string, Candidate>()
  const pairs = new Map<string, Candidate>()
  for (const candidate of ordered) {
    const pair = JSON.stringify([candidate.model, candidate.site])
    if (!pairs.has(pair)) pairs.set(pair, candidate)
    if (candidate.registered && !canaries.has(pair)) canaries.set(pair, candidate)
  }
  const chosen = new Set([...canaries.values()].map(({ mac }) => mac))
  const rest = ordered.filter(({ mac }) => !chosen.has(mac))
  const stages: { name: string; macs: readonly Mac[] }[] = [{ name: 'Canary', macs: [...chosen] }]
  let reached = chosen.size
  for (const share of shares) {
    const aim = Math.min(candidates.length, Math.ceil((candidates.length * share) / 100))
    if (aim <= reached) continue
    stages.push({
      name: `${share} %`,
      macs: rest.slice(reached - chosen.size, aim - chosen.size).map(({ mac }) => mac),
    })
    reached = aim
  }
  const filled = stages.filter(({ macs }) => macs.length > 0)
  return {
    stages: filled.map(({ name, macs }) => ({ name, size: macs.length })),
    stageOf: new Map(filled.flatMap(({ macs }, stage) => macs.map((mac) => [mac, stage] as const))),
    withoutCanary: [...pairs].filter(([pair]) => !canaries.has(pair)).map(([, { model, site }]) => ({ model, site })),
  }
}

/** The first thing wrong with the shares of stages; they grow, and the last is everybody. */
export function problemOfShares(shares: readonly number[], most: number): string | undefined {
  if (shares.length === 0 || shares.length > most) return `There are 1 to ${most} stages after the canary.`
  const wrong = shares.find((share) => !(share > 0 && share <= 100))
  if (wrong !== undefined) return 'Each stage is a share above 0 and up to 100 percent.'
  if (shares.some((share, i) => i > 0 && share <= (shares[i - 1] ?? 0)))
    return 'Each stage is larger than the one before.'
  return shares.at(-1) === 100 ? undefined : 'The last stage is 100 percent.'
}

function rankOf({ registered, present }: Candidate): number {
  return registered ? 0 : present ? 1 : 2
}

/** FNV-1a, 32 bits: spreads neighbours, and is the same after a restart. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return value >>> 0
}

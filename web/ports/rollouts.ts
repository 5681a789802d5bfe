// SPDX-License-Identifier: Apache-2.0
import type { DailyWindow } from '#daemon/domain/job'
import type { Phone } from '#daemon/domain/phone'
import type { Allowance } from '#daemon/domain/rollout/gate'
import type { Judgement, Verdict, Verdicts } from '#daemon/domain/rollout/judge'
import type { Baseline, Limits, Member, Rollout, RolloutModel, Stage } from '#daemon/domain/rollout/rollout'
import type { Turn } from '#daemon/domain/rollout/steps'
import type { Mac } from '#protocols/lib/mac'
import type { Saved } from './saved.ts'
import type { Actor } from './scopes.ts'

export interface RolloutDraft {
  /** SHA-256 of the images; of each model only one. */
  readonly images: readonly string[]
  /** `system` or the id of a scope. */
  readonly where: string
  /** Percent of all phones after each stage, the last 100; the canary comes before. */
  readonly shares: readonly number[]
  readonly limits: Limits
  readonly batch: number
  readonly delaySeconds: number
  /** Phones restart for it, and fetch their configuration on the way. */
  readonly restart: boolean
  readonly window?: DailyWindow
  /** Decides which phones come first: the same one plans the same. */
  readonly seed?: string
}

/** What a draft would do. */
export interface RolloutPlan {
  readonly models: readonly RolloutModel[]
  readonly place: string
  readonly stages: readonly Stage[]
  readonly size: number
  readonly canaries: readonly { readonly mac: Mac; readonly model: string; readonly site: string }[]
  /** Models at places where no phone is registered, so that none of them can be a canary. */
  readonly withoutCanary: readonly { readonly model: string; readonly site: string }[]
  /** Phones that run the new version already. */
  readonly already: number
  /** Phones for which a nearer choice was made: for themselves, or for a place within. */
  readonly chosenNearer: number
  readonly baseline: Baseline
}

export interface RolloutRow {
  readonly rollout: Rollout
  /** Of the phones that were reached. */
  readonly verdicts: Verdicts
  readonly reached: number
  readonly size: number
  /** What the gate before the next stage looks at. */
  readonly gates: readonly Allowance[]
  /** What it waits for, in words. */
  readonly waitsFor: readonly string[]
  readonly turns: readonly Turn[]
  /** Phones with the new version. */
  readonly flashed: number
}

export interface MemberRow {
  readonly member: Member
  readonly phone: Phone | undefined
  /** Undefined before its stage is reached. */
  readonly judgement: Judgement | undefined
}

export interface MemberPage {
  readonly rows: readonly MemberRow[]
  readonly page: number
  readonly pageCount: number
  readonly total: number
}

export interface RolloutImage {
  readonly id: string
  readonly version: string
  readonly models: readonly string[]
  readonly fileName: string
}

/** New firmware in stages, with a brake. */
export interface RolloutsPort {
  /** The newest first. */
  list(): readonly RolloutRow[]
  get(id: string): RolloutRow | undefined
  members(
    id: string,
    query: { readonly verdict?: Verdict; readonly page: number; readonly pageSize: number },
  ): MemberPage
  /** Images that can be rolled out, the newest first. */
  images(): readonly RolloutImage[]
  plan(draft: RolloutDraft): Saved<RolloutPlan>
  begin(draft: RolloutDraft, by: Actor): Promise<Saved<Rollout>>
  /** `conflict`: it is not in a state for that. */
  turn(id: string, turn: Turn, by: Actor): Promise<Saved<Rollout>>
  /** Calls back with the id of each rollout that moved on; returns the way to stop. */
  follow(listener: (id: string) => void): () => void
}

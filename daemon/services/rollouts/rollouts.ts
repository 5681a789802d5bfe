// SPDX-License-Identifier: Apache-2.0
import { allowances, gate } from '#daemon/domain/rollout/gate'
import { countVerdicts, type Judgement, type Verdicts } from '#daemon/domain/rollout/judge'
import {
  imageFor,
  isEndedRollout,
  isReached,
  type Member,
  modelOf,
  type Rollout,
  sameVersion,
  withDecision,
} from '#daemon/domain/rollout/rollout'
import { type Turn, turned, turnsOf } from '#daemon/domain/rollout/steps'
import { Conflict, put, remove } from '#daemon/store/store'
import { phones, rolloutMembers, rollouts as table } from '#daemon/store/tables'
import type { Exchange } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'
import type {
  MemberPage,
  MemberRow,
  RolloutDraft,
  RolloutImage,
  RolloutPlan,
  RolloutRow,
  RolloutsPort,
} from '#web/ports/rollouts'
import type { FieldError, Saved } from '#web/ports/saved'
import type { Actor } from '#web/ports/scopes'
import type { Around } from './around.ts'
import { Driver } from './driver.ts'
import { Members, memberKey } from './members.ts'
import { type Planned, planRollout } from './planning.ts'
import { judgementOf, stageJob } from './seeing.ts'

/** How often open rollouts are looked at, in milliseconds. */
const TICK = 5_000
const BATCH_OF_RECORDS = 500
const MOST_ROLLOUTS = 30
const MOST_OPEN = 5
/** Starts and losses beyond are not counted: the verdict is clear by then. */
const MOST_COUNTED = 10

/**
 * New firmware in stages, with a brake. A rollout is one record, and each of its phones another; what it does to them
 * is done by jobs under ids of its own, so that a crash in between tells no phone twice.
 */
export class Rollouts implements RolloutsPort {
  readonly #around: Around
  readonly #members = new Members()
  readonly #driver: Driver
  readonly #listeners = new Set<(id: string) => void>()
  /** The last status of phones that take part, to see which lose their registration. */
  readonly #status = new Map<Mac, string>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #last: Promise<unknown> = Promise.resolve()
  #unwatch = () => {}

  constructor(around: Around) {
    this.#around = around
    this.#driver = new Driver(around, this.#members)
  }

  /** Takes up what the opened store holds; phones of a rollout that a crash kept from being begun are forgotten. */
  async start(): Promise<void> {
    const { store, onFault } = this.#around
    const lost = [...store.entries(rolloutMembers)].filter(({ value }) => !store.get(table, value.rollout))
    await this.#removeAll(lost.map(({ key }) => key))
    const moved = (id: string) => {
      for (const listener of this.#listeners) listener(id)
    }
    this.#members.start(store, moved)
    this.#unwatch = store.watch(table, 'now', ({ key }) => moved(key))
    this.#timer = setInterval(() => void this.tick().catch(onFault), TICK).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#last
    this.#unwatch()
    this.#members.stop()
  }

  /** The image that a phone must have, whatever is chosen for it; undefined when no rollout has a say. */
  pinOf(mac: Mac, model: string): string | undefined {
    const open = this.#openOf(mac)
    if (!open || open.member.model !== model) return undefined
    return imageFor(open.rollout, open.member, this.#around.store.get(phones, mac)?.value.firmware ?? '')
  }

  /** Rollouts under way that bring an image, or may go back to it. */
  needs(image: string): string[] {
    const uses = ({ models }: Rollout) => models.some(({ from, to }) => to.id === image || from?.id === image)
    return this.#open()
      .filter(uses)
      .map(({ place, models }) => `the rollout of ${models.map(({ model }) => model).join(', ')} for ${place}`)
  }

  /** Counts starts and lost registrations of phones that were told. */
  heard({ protocol, ending, evidence: { mac, status } }: Exchange): void {
    if (protocol !== 'keepalive' || ending !== 'reply' || !mac || status === undefined) return
    const open = this.#openOf(mac)
    if (open?.rollout.state !== 'running' || !isReached(open.rollout, open.member)) return
    const before = this.#status.get(mac)
    this.#status.set(mac, status)
    const starts = status === 'started' ? 1 : 0
    const losses = before === 'registered' && (status === 'unregistered' || status === 'offline') ? 1 : 0
    if (starts + losses === 0) return
    this.#driver
      .edit(open.rollout.id, mac, (member) => ({
        ...member,
        starts: Math.min(MOST_COUNTED, member.starts + starts),
        losses: Math.min(MOST_COUNTED, member.losses + losses),
      }))
      .catch(this.#around.onFault)
  }

  list(): readonly RolloutRow[] {
    const all = [...this.#around.store.entries(table)].map(({ value }) => value)
    return all.sort((a, b) => b.at - a.at).map((rollout) => this.#row(rollout))
  }

  get(id: string): RolloutRow | undefined {
    const rollout = this.#around.store.get(table, id)?.value
    return rollout && this.#row(rollout)
  }

  members(id: string, { verdict, page, pageSize }: Parameters<RolloutsPort['members']>[1]): MemberPage {
    const { store } = this.#around
    const rollout = store.get(table, id)?.value
    const found: MemberRow[] = []
    for (const member of rollout ? this.#members.of(id) : []) {
      const judgement = rollout && this.#judged(rollout, member)
      if (verdict !== undefined && judgement?.verdict !== verdict) continue
      found.push({ member, judgement, phone: store.get(phones, member.mac)?.value })
    }
    found.sort((a, b) => a.member.stage - b.member.stage || (a.member.mac < b.member.mac ? -1 : 1))
    const pageCount = Math.max(1, Math.ceil(found.length / pageSize))
    const shown = Math.min(Math.max(1, page), pageCount)
    return { rows: found.slice((shown - 1) * pageSize, shown * pageSize), page: shown, pageCount, total: found.length }
  }

  images(): readonly RolloutImage[] {
    const known = this.#around.shelf.images().filter(({ version }) => version !== '')
    return known.map(({ id, version, models, fileName }) => ({ id, version, models, fileName }))
  }

  plan(draft: RolloutDraft): Saved<RolloutPlan> {
    const found = this.#planned(draft, draft.seed ?? '')
    return 'field' in found ? { kind: 'refused', errors: [found] } : { kind: 'saved', value: found.shown }
  }

  /** Every phone is on disk before the rollout is: one that is there is whole. */
  async begin(draft: RolloutDraft, by: Actor): Promise<Saved<Rollout>> {
    const { store, now, random, announce } = this.#around
    const id = Buffer.from(random(9)).toString('hex')
    const found = this.#planned(draft, draft.seed ?? id)
    if ('field' in found) return { kind: 'refused', errors: [found] }
    await this.#makeRoom()
    for (let i = 0; i < found.members.length; i += BATCH_OF_RECORDS) {
      const some = found.members.slice(i, i + BATCH_OF_RECORDS).map((one) => ({ ...one, rollout: id }))
      await store.commit(
        some.map((member) => put(rolloutMembers, memberKey(id, member.mac), member, 'absent')),
        { durable: true },
      )
    }
    const at = now()
    const { limits, batch, delaySeconds, restart, where, window } = draft
    const fresh: Rollout = {
      ...{ id, by, at, state: 'running', models: found.shown.models, where, place: found.shown.place },
      ...{ stages: found.shown.stages, stage: 0, stageAt: at, begun: false, limits, batch, restart },
      ...{ delay: delaySeconds * 1000, baseline: found.shown.baseline, reason: '', decisions: [], endedAt: 0 },
      ...(window && { window }),
    }
    const first = fresh.stages[0]
    const rollout = withDecision(fresh, at, `Begun. Stage ${first?.name ?? ''} begins.`, by)
    await store.commit([put(table, id, rollout, 'absent')], { durable: true })
    announce('rollout.changed', { rollout: id, state: rollout.state, stage: first?.name ?? '', by })
    void this.tick().catch(this.#around.onFault)
    return { kind: 'saved', value: rollout }
  }

  turn(id: string, turn: Turn, by: Actor): Promise<Saved<Rollout>> {
    return this.#exclusive(() => this.#turned(id, turn, by))
  }

  async #turned(id: string, turn: Turn, by: Actor): Promise<Saved<Rollout>> {
    const { jobs, store, now } = this.#around
    const known = store.get(table, id)?.value
    // First its job: stopped in between, it is halted still, and the next look holds the job again.
    if (turn === 'continue' && known?.state === 'halted') await jobs.continue(stageJob(id, known.stage), by)
    const troubled = turn === 'continue' ? this.#troubledOf(id) : []
    const rollout = await this.#driver.change(id, by, (before) => turned(before, turn, by, now()))
    if (!rollout) return { kind: 'conflict' }
    for (const mac of troubled) await this.#driver.edit(id, mac, (member) => ({ ...member, excused: true }))
    await this.#driver.enforce(rollout, (member) => judgementOf(this.#around, rollout, member))
    return { kind: 'saved', value: rollout }
  }

  follow(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Looks at each rollout and does what is due. */
  tick(): Promise<void> {
    this.#looking ??= this.#exclusive(() => this.#look()).finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** One after the other: a person's decision and a look must not cross. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }

  async #look(): Promise<void> {
    for (const { value } of [...this.#around.store.entries(table)]) {
      await this.#driver.enforce(value, (member) => judgementOf(this.#around, value, member))
    }
  }

  #planned(draft: RolloutDraft, seed: string): Planned | FieldError {
    const open = this.#open()
    if (open.length >= MOST_OPEN) {
      return { field: 'images', message: `${MOST_OPEN} rollouts are at work already. Let one end, or cancel it.` }
    }
    const found = planRollout(this.#around, draft, seed)
    if ('field' in found) return found
    for (const { model } of found.shown.models) {
      const other = open.find((rollout) => modelOf(rollout, model))
      if (other) return { field: 'images', message: `Another rollout for ${model}, by ${other.by}, has not ended yet.` }
    }
    return found
  }

  #open(): readonly Rollout[] {
    return [...this.#around.store.entries(table)].flatMap(({ value }) => (isEndedRollout(value) ? [] : value))
  }

  #openOf(mac: Mac): { readonly rollout: Rollout; readonly member: Member } | undefined {
    for (const id of this.#members.rolloutsOf(mac)) {
      const rollout = this.#around.store.get(table, id)?.value
      const member = this.#members.get(id, mac)
      if (rollout && member && !isEndedRollout(rollout)) return { rollout, member }
    }
    return undefined
  }

  /** Undefined for phones that were not reached. */
  #judged(rollout: Rollout, member: Member): Judgement | undefined {
    return isReached(rollout, member) ? judgementOf(this.#around, rollout, member) : undefined
  }

  #troubledOf(id: string): Mac[] {
    const rollout = this.#around.store.get(table, id)?.value
    if (!rollout) return []
    const fine = ['updated', 'under way', 'absent', 'excused']
    return [...this.#members.of(id)].flatMap((member) => {
      const judgement = this.#judged(rollout, member)
      return judgement && !fine.includes(judgement.verdict) ? [member.mac] : []
    })
  }

  #row(rollout: Rollout): RolloutRow {
    const judgements: Judgement[] = []
    let flashed = 0
    for (const member of this.#members.of(rollout.id)) {
      const judgement = this.#judged(rollout, member)
      if (judgement) judgements.push(judgement)
      const firmware = this.#around.store.get(phones, member.mac)?.value.firmware ?? ''
      if (sameVersion(firmware, modelOf(rollout, member.model)?.to.version ?? '')) flashed++
    }
    const verdicts: Verdicts = countVerdicts(judgements)
    const answer = gate(rollout, verdicts, this.#around.now())
    return {
      ...{ rollout, verdicts, flashed, reached: judgements.length, size: this.#members.count(rollout.id) },
      gates: allowances(verdicts, rollout.baseline, rollout.limits),
      waitsFor: rollout.state === 'running' && answer.kind === 'wait' ? answer.reasons : [],
      turns: turnsOf(rollout),
    }
  }

  /** The oldest that ended give way to new ones. */
  async #makeRoom(): Promise<void> {
    const { store } = this.#around
    const all = [...store.entries(table)].map(({ value }) => value).sort((a, b) => b.at - a.at)
    for (const { id } of all.slice(MOST_ROLLOUTS - 1).filter(isEndedRollout)) {
      await this.#removeAll([...this.#members.of(id)].map(({ mac }) => memberKey(id, mac)))
      await store.commit([remove(table, id)], { durable: true }).catch((error: unknown) => {
        if (!(error instanceof Conflict)) throw error
      })
    }
  }

  async #removeAll(keys: readonly string[]): Promise<void> {
    for (let i = 0; i < keys.length; i += BATCH_OF_RECORDS) {
      const some = keys.slice(i, i + BATCH_OF_RECORDS).map((key) => remove(rolloutMembers, key))
      await this.#around.store.commit(some, { durable: false })
    }
  }
}

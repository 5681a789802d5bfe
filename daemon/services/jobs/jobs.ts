// SPDX-License-Identifier: Apache-2.0
import { type Command, isCommandKind } from '#daemon/domain/command'
import {
  afterCommand,
  type ChangeKind,
  commandId,
  isChangeKind,
  isEnded,
  isSettled,
  type Job,
  type Target,
} from '#daemon/domain/job'
import { turnOf, type Whereabouts } from '#daemon/domain/job-order'
import type { Announce } from '#daemon/messages'
import { type Change, Conflict, put, remove, type Store } from '#daemon/store/store'
import { commands as commandsTable, jobTargets, phones, jobs as table } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { CommandDraft } from '#web/ports/commands'
import type { JobDraft, JobRow, JobsPort, PublicJob, TargetPage } from '#web/ports/jobs'
import type { FieldError, Saved } from '#web/ports/saved'
import type { Actor } from '#web/ports/scopes'
import type { Changed, Changes } from './changes.ts'
import { contradictionOf, jobOf, problemOf } from './drafts.ts'
import { Targets } from './targets.ts'

/** What jobs ask of the service that tells phones. */
export interface Teller {
  of(mac: Mac): readonly Command[]
  submitAs(
    mac: Mac,
    draft: CommandDraft,
    by: string,
    as: { readonly id: string; readonly expiresAt: number },
  ): Promise<Saved<Command>>
  cancel(mac: Mac, id: string, by: string): Promise<Saved<Command>>
}

export interface JobsOptions {
  readonly store: Store
  readonly teller: Teller
  /** What is done here; without it there are no such jobs. */
  readonly changes?: Pick<Changes, 'problemOf' | 'sealed' | 'apply'>
  /** The place of a phone and the clock there. */
  readonly whereOf?: (mac: Mac) => Whereabouts
  /** Why a phone is not to be told anything now: a sentence, such as that it starts over and over. */
  readonly heldBack?: (mac: Mac) => string | undefined
  /** The version of the image that is chosen for a phone; empty when that is not known. */
  readonly versionFor?: (mac: Mac) => string
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly announce: Announce
  /** Hears of what went wrong where nobody waits. */
  readonly onFault: (error: unknown) => void
}

/** How often it is looked whether a batch is due, in milliseconds. */
const TICK = 1_000
const BATCH_OF_RECORDS = 500
const MOST_JOBS = 100
const MOST_RUNNING = 20
/** A phone that cannot be told now is asked for again after so long, in milliseconds. */
const LATER = 30_000
/** A phone is told so long to fetch what was changed, in milliseconds. */
const AFTERWARDS_WITHIN = 24 * 3_600_000

/**
 * Actions on many phones, told in batches. Each phone's part is a record of its own, and the command that tells it has
 * the same id however often it is asked for: a restart of ours in between tells no phone twice.
 */
export class Jobs implements JobsPort {
  readonly #options: JobsOptions
  readonly #targets = new Targets()
  readonly #listeners = new Set<(id: string) => void>()
  #timer: NodeJS.Timeout | undefined
  #ticking: Promise<void> | undefined
  #unwatch = () => {}

  constructor(options: JobsOptions) {
    this.#options = options
  }

  /** Takes up what the opened store holds; phones of a job that a crash kept from being begun are forgotten. */
  async start(): Promise<void> {
    const { store, onFault } = this.#options
    const lost = [...store.entries(jobTargets)].filter(({ value }) => !store.get(table, value.job))
    for (let i = 0; i < lost.length; i += BATCH_OF_RECORDS) {
      const some = lost.slice(i, i + BATCH_OF_RECORDS).map(({ key }) => remove(jobTargets, key))
      await store.commit(some, { durable: false })
    }
    this.#targets.start(store, (id) => this.#moved(id))
    this.#unwatch = store.watch(commandsTable, 0, ({ key }) => {
      for (const job of this.#targets.jobsOf(key as Mac)) this.#reconcile(job, key as Mac).catch(onFault)
    })
    this.#timer = setInterval(() => void this.tick().catch(onFault), TICK).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#ticking
    this.#unwatch()
    this.#targets.stop()
  }

  pause(id: string, by: Actor): Promise<Saved<PublicJob>> {
    return this.#turn(id, by, ['scheduled', 'running'], 'stopped')
  }

  continue(id: string, by: Actor): Promise<Saved<PublicJob>> {
    return this.#turn(id, by, ['stopped'], 'running')
  }

  async cancel(id: string, by: Actor): Promise<Saved<PublicJob>> {
    const saved = await this.#turn(id, by, ['scheduled', 'running', 'stopped'], 'cancelled')
    if (saved.kind !== 'saved') return saved
    const { now, teller } = this.#options
    for (const target of this.#targets.of(id)) {
      if (target.state === 'waiting') {
        await this.#write({ ...target, state: 'skipped', reason: 'the job was cancelled', at: now() })
      } else if (target.state === 'sent') await teller.cancel(target.mac, commandId(id, target.tries), by)
    }
    return saved
  }

  list(): readonly JobRow[] {
    const all = [...this.#options.store.entries(table)].map(({ value }) => value)
    return all.sort((a, b) => b.at - a.at).map((job) => this.#row(job))
  }

  get(id: string): JobRow | undefined {
    const job = this.#options.store.get(table, id)?.value
    return job && this.#row(job)
  }

  targetOf(id: string, mac: Mac): Target | undefined {
    return this.#targets.get(id, mac)
  }

  all(id: string): readonly Target[] {
    return this.#targets.of(id)
  }

  targets(id: string, { state, page, pageSize }: Parameters<JobsPort['targets']>[1]): TargetPage {
    const found = this.#targets.of(id).filter((target) => state === undefined || target.state === state)
    const pageCount = Math.max(1, Math.ceil(found.length / pageSize))
    const shown = Math.min(Math.max(1, page), pageCount)
    const rows = found
      .slice((shown - 1) * pageSize, shown * pageSize)
      .map((target) => ({ target, phone: this.#options.store.get(phones, target.mac)?.value }))
    return { rows, page: shown, pageCount, total: found.length }
  }

  follow(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  problemOf(draft: JobDraft): FieldError | undefined {
    return this.#problemOf(draft) ?? contradictionOf(draft, (mac) => this.#openJobsOf(mac))
  }

  begin(draft: JobDraft, by: Actor): Promise<Saved<PublicJob>> {
    const found = this.problemOf(draft)
    if (found) return Promise.resolve({ kind: 'refused', errors: [found] })
    return this.beginAs(Buffer.from(this.#options.random(9)).toString('hex'), draft, by)
  }

  /**
   * Under an id of the asker's: asked again, it is the job that there is. Every phone is on disk before the job is: a
   * job that is there is whole.
   */
  async beginAs(id: string, draft: JobDraft, by: Actor): Promise<Saved<PublicJob>> {
    const { store, now, changes } = this.#options
    const known = store.get(table, id)?.value
    if (known) return { kind: 'saved', value: publicJob(known) }
    const problem = this.#problemOf(draft)
    if (problem) return { kind: 'refused', errors: [problem] }
    const macs = [...new Set(draft.macs)].filter((mac) => store.get(phones, mac))
    if (macs.length === 0) return { kind: 'refused', errors: [{ field: 'macs', message: 'No such phone is known.' }] }
    await this.#makeRoom()
    const at = now()
    const secret = draft.password && draft.value === 'given' && changes?.sealed(id, draft.password)
    const job: Job = { ...jobOf(draft, id, by, at, macs.length), ...(secret && { secret }) }
    const target = (mac: Mac): Target => {
      return { job: job.id, mac, state: 'waiting', tries: 0, reason: '', at, notBefore: 0 }
    }
    for (let i = 0; i < macs.length; i += BATCH_OF_RECORDS) {
      const some = macs.slice(i, i + BATCH_OF_RECORDS)
      await store.commit(
        some.map((mac) => put(jobTargets, keyOf(job.id, mac), target(mac), 'absent')),
        { durable: true },
      )
    }
    await store.commit([put(table, job.id, job, 'absent')], { durable: true })
    this.#tell(job, by)
    void this.tick().catch(this.#options.onFault)
    return { kind: 'saved', value: publicJob(job) }
  }

  /** Tells the next batch of each job whose turn it is; one look at a time. */
  tick(): Promise<void> {
    this.#ticking ??= this.#look().finally(() => {
      this.#ticking = undefined
    })
    return this.#ticking
  }

  async #look(): Promise<void> {
    const { store, now } = this.#options
    for (const { value } of [...store.entries(table)]) {
      const at = now()
      if (value.state === 'scheduled' && value.startAt <= at) await this.#change(value.id, { state: 'running' })
      const job = store.get(table, value.id)?.value
      if (job?.state === 'running') await this.#run(job, at)
    }
  }

  async #run(job: Job, at: number): Promise<void> {
    const waiting = this.#targets.of(job.id).filter(({ state }) => state === 'waiting')
    if (at >= job.expiresAt) {
      for (const target of waiting) {
        await this.#write({ ...target, state: 'failed', reason: target.reason || 'its turn never came', at })
      }
    } else if (at >= job.nextAt) {
      const due = turnOf(job, this.#targets.of(job.id), at, this.#options.whereOf ?? nowhere)
      if (due.length > 0) await this.#change(job.id, { nextAt: at + job.delay })
      await Promise.all(due.map((target) => this.#send(job, target)))
    }
    await this.#finish(job.id)
  }

  async #send(job: Job, target: Target): Promise<void> {
    const { kind } = job
    if (isChangeKind(kind)) return this.#apply(job, kind, target)
    const { teller, now, store } = this.#options
    const held = this.#options.heldBack?.(target.mac)
    if (held !== undefined) return this.#write({ ...target, reason: held, at: now(), notBefore: now() + LATER })
    const tries = target.tries + 1
    const as = { id: commandId(job.id, tries), expiresAt: job.expiresAt }
    const expects = kind === 'update firmware' ? (job.expects ?? this.#options.versionFor?.(target.mac) ?? '') : ''
    if (expects !== '' && store.get(phones, target.mac)?.value.firmware.toUpperCase() === expects.toUpperCase()) {
      const done = { ...target, state: 'confirmed', reason: `it runs ${expects} already`, at: now() } as const
      return this.#write(done)
    }
    const draft = {
      ...{ kind, text: job.text },
      ...(kind === 'update firmware' && { expects, restart: job.restart === true }),
    }
    const told = await teller.submitAs(target.mac, draft, `job of ${job.by}`, as)
    const at = now()
    if (told.kind === 'saved') await this.#write({ ...target, state: 'sent', tries, reason: '', at, toldAt: at })
    else if (told.kind === 'conflict')
      await this.#write({ ...target, state: 'skipped', reason: 'the phone is gone', at })
    else {
      // Another command for it is open: this one comes after it.
      const reason = told.errors[0]?.message ?? 'it cannot be told now'
      await this.#write({ ...target, reason, at, notBefore: at + LATER })
    }
    await this.#reconcile(job.id, target.mac)
  }

  /** A change is made here, and done when it is on disk. */
  async #apply(job: Job, kind: ChangeKind, target: Target): Promise<void> {
    const { changes, now, onFault } = this.#options
    const { mac } = target
    const tries = target.tries + 1
    let changed: Changed = { state: 'failed', reason: 'there is nobody here to do it' }
    try {
      const among = (other: Mac) => this.#targets.get(job.id, other) !== undefined
      if (changes) changed = await changes.apply(job, kind, mac, among)
    } catch (error) {
      onFault(error)
      changed = { state: 'failed', reason: 'it failed by our fault; the log says how' }
    }
    if (changed.state === 'confirmed' && job.afterwards) await this.#tellAfterwards(job, job.afterwards, mac)
    await this.#write({ ...target, ...changed, tries, at: now() })
  }

  /** So that the phone fetches what changed. What comes of it stands on the phone's page. */
  async #tellAfterwards({ id, by }: Job, kind: 'check' | 'restart', mac: Mac): Promise<void> {
    const { teller, now } = this.#options
    await teller.submitAs(mac, { kind }, `job of ${by}`, { id: commandId(id, 0), expiresAt: now() + AFTERWARDS_WITHIN })
  }

  /** Takes over what became of the command that told a phone. */
  async #reconcile(id: string, mac: Mac): Promise<void> {
    const { store, teller, now } = this.#options
    const job = store.get(table, id)?.value
    const target = this.#targets.get(id, mac)
    if (!job || target?.state !== 'sent') return
    const command = teller.of(mac).find((one) => one.id === commandId(id, target.tries))
    // Its record gave way to newer ones: it ended, and how is not known any more.
    const after = command
      ? afterCommand(job, target, command, now())
      : { ...target, state: 'failed' as const, reason: 'what became of it is not known any more', at: now() }
    if (!after) return
    const isOver = job.state === 'cancelled' && after.state === 'waiting'
    await this.#write(isOver ? { ...after, state: 'skipped', reason: 'the job was cancelled' } : after)
    await this.#finish(id)
  }

  async #finish(id: string): Promise<void> {
    const job = this.#options.store.get(table, id)?.value
    if (job?.state !== 'running' || !this.#targets.of(id).every(isSettled)) return
    await this.#change(id, { state: 'done', endedAt: this.#options.now() })
    this.#tell({ ...job, state: 'done' }, job.by)
  }

  async #turn(id: string, by: Actor, from: readonly Job['state'][], state: Job['state']): Promise<Saved<PublicJob>> {
    const before = this.#options.store.get(table, id)?.value
    if (!before || !from.includes(before.state)) return { kind: 'conflict' }
    const endedAt = state === 'cancelled' ? this.#options.now() : 0
    const job = await this.#change(id, { state, endedAt }, from)
    if (!job) return { kind: 'conflict' }
    this.#tell(job, by)
    return { kind: 'saved', value: publicJob(job) }
  }

  async #change(id: string, change: Partial<Job>, from?: readonly Job['state'][]): Promise<Job | undefined> {
    const { store } = this.#options
    for (;;) {
      const stored = store.get(table, id)
      if (!stored || (from && !from.includes(stored.value.state))) return undefined
      const changed = { ...stored.value, ...change }
      const job: Job = isEnded(changed) ? publicJob(changed) : changed
      try {
        await store.commit([put(table, id, job, stored.revision)], { durable: true })
        this.#moved(id)
        return job
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  async #write(target: Target): Promise<void> {
    await this.#options.store.commit([put(jobTargets, keyOf(target.job, target.mac), target)], { durable: true })
  }

  /** The oldest that ended give way to new ones. */
  async #makeRoom(): Promise<void> {
    const { store } = this.#options
    const old = this.list()
      .slice(MOST_JOBS - 1)
      .filter(({ job }) => isEnded(job))
    for (const { job } of old) {
      const changes: Change[] = this.#targets.of(job.id).map(({ mac }) => remove(jobTargets, keyOf(job.id, mac)))
      for (let i = 0; i < changes.length; i += BATCH_OF_RECORDS) {
        await store.commit(changes.slice(i, i + BATCH_OF_RECORDS), { durable: false })
      }
      await store.commit([remove(table, job.id)], { durable: true })
    }
  }

  #problemOf(draft: JobDraft): FieldError | undefined {
    const { kind } = draft
    const problem = problemOf(draft)
    if (problem) return problem
    if (isChangeKind(kind)) {
      const { changes } = this.#options
      const wrong = changes ? changes.problemOf(kind, draft) : { field: 'kind', message: 'This cannot be done here.' }
      if (wrong) return wrong
    } else if (!isCommandKind(kind)) return { field: 'kind', message: 'There is no such action.' }
    if (this.list().filter(({ job }) => !isEnded(job)).length >= MOST_RUNNING) {
      return { field: 'kind', message: `${MOST_RUNNING} jobs are at work already. Cancel one, or wait.` }
    }
    return undefined
  }

  #openJobsOf(mac: Mac): readonly Job[] {
    return this.#targets.jobsOf(mac).flatMap((id) => this.#options.store.get(table, id)?.value ?? [])
  }

  #row(job: Job): JobRow {
    return { job: publicJob(job), progress: this.#targets.progress(job.id) }
  }

  #moved(id: string): void {
    for (const listener of this.#listeners) listener(id)
  }

  #tell({ id, kind, state, size }: PublicJob, by: Actor): void {
    this.#options.announce('job.changed', { job: id, kind, state, phones: size, by })
  }
}

function publicJob({ secret: _, ...job }: Job): PublicJob {
  return job
}

function nowhere(): Whereabouts {
  return { site: '', minute: 0 }
}

function keyOf(job: string, mac: Mac): string {
  return `${job}/${mac}`
}

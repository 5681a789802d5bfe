// SPDX-License-Identifier: Apache-2.0
import type { Command } from '#daemon/domain/command'
import { afterCommand, BATCH, commandId, DELAY, isEnded, isSettled, type Job, type Target } from '#daemon/domain/job'
import type { Announce } from '#daemon/messages'
import { type Change, Conflict, put, remove, type Store } from '#daemon/store/store'
import { commands as commandsTable, jobTargets, phones, jobs as table } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { CommandDraft } from '#web/ports/commands'
import type { JobDraft, JobRow, JobsPort, TargetPage } from '#web/ports/jobs'
import type { Saved } from '#web/ports/saved'
import type { Actor } from '#web/ports/scopes'
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
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly announce: Announce
  /** Hears of what went wrong where nobody waits. */
  readonly onFault: (error: unknown) => void
}

/** How often it is looked whether a batch is due, in milliseconds. */
const TICK = 1_000
const BATCH_OF_RECORDS = 500
const MOST_PHONES = 100_000
const MOST_JOBS = 100
const MOST_RUNNING = 20
/** A phone that cannot be told now is asked for again after so long, in milliseconds. */
const LATER = 30_000
const HOUR = 3_600_000

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

  pause(id: string, by: Actor): Promise<Saved<Job>> {
    return this.#turn(id, by, ['scheduled', 'running'], 'stopped')
  }

  continue(id: string, by: Actor): Promise<Saved<Job>> {
    return this.#turn(id, by, ['stopped'], 'running')
  }

  async cancel(id: string, by: Actor): Promise<Saved<Job>> {
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

  /** Every phone is on disk before the job is: a job that is there is whole. */
  async begin(draft: JobDraft, by: Actor): Promise<Saved<Job>> {
    const problem = this.#problemOf(draft)
    if (problem) return { kind: 'refused', errors: [problem] }
    const { store, now, random } = this.#options
    const macs = [...new Set(draft.macs)].filter((mac) => store.get(phones, mac))
    if (macs.length === 0) return { kind: 'refused', errors: [{ field: 'macs', message: 'No such phone is known.' }] }
    await this.#makeRoom()
    const at = now()
    const startAt = Math.max(at, draft.startAt)
    const job: Job = {
      ...{ id: Buffer.from(random(9)).toString('hex'), kind: draft.kind, text: draft.text.trim(), by, at, startAt },
      ...{ expiresAt: startAt + draft.expiryHours * HOUR, batch: draft.batch, delay: draft.delaySeconds * 1000 },
      ...{ retries: draft.retries, state: startAt > at ? 'scheduled' : 'running', size: macs.length },
      ...{ nextAt: startAt, endedAt: 0 },
    }
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
    return { kind: 'saved', value: job }
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
      const due = waiting.filter(({ notBefore }) => notBefore <= at).slice(0, job.batch)
      if (due.length > 0) await this.#change(job.id, { nextAt: at + job.delay })
      await Promise.all(due.map((target) => this.#send(job, target)))
    }
    await this.#finish(job.id)
  }

  async #send(job: Job, target: Target): Promise<void> {
    const { teller, now } = this.#options
    const tries = target.tries + 1
    const as = { id: commandId(job.id, tries), expiresAt: job.expiresAt }
    const told = await teller.submitAs(target.mac, { kind: job.kind, text: job.text }, `job of ${job.by}`, as)
    const at = now()
    if (told.kind === 'saved') await this.#write({ ...target, state: 'sent', tries, reason: '', at })
    else if (told.kind === 'conflict')
      await this.#write({ ...target, state: 'skipped', reason: 'the phone is gone', at })
    else {
      // Another command for it is open: this one comes after it.
      const reason = told.errors[0]?.message ?? 'it cannot be told now'
      await this.#write({ ...target, reason, at, notBefore: at + LATER })
    }
    await this.#reconcile(job.id, target.mac)
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
    await this.#write(after)
    await this.#finish(id)
  }

  async #finish(id: string): Promise<void> {
    const job = this.#options.store.get(table, id)?.value
    if (job?.state !== 'running' || !this.#targets.of(id).every(isSettled)) return
    await this.#change(id, { state: 'done', endedAt: this.#options.now() })
    this.#tell({ ...job, state: 'done' }, job.by)
  }

  async #turn(id: string, by: Actor, from: readonly Job['state'][], state: Job['state']): Promise<Saved<Job>> {
    const before = this.#options.store.get(table, id)?.value
    if (!before || !from.includes(before.state)) return { kind: 'conflict' }
    const endedAt = state === 'cancelled' ? this.#options.now() : 0
    const job = await this.#change(id, { state, endedAt }, from)
    if (!job) return { kind: 'conflict' }
    this.#tell(job, by)
    return { kind: 'saved', value: job }
  }

  async #change(id: string, change: Partial<Job>, from?: readonly Job['state'][]): Promise<Job | undefined> {
    const { store } = this.#options
    for (;;) {
      const stored = store.get(table, id)
      if (!stored || (from && !from.includes(stored.value.state))) return undefined
      const job = { ...stored.value, ...change }
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

  #problemOf(draft: JobDraft): { field: string; message: string } | undefined {
    const { kind, text, macs, batch, delaySeconds, retries, expiryHours } = draft
    const within = (value: number, least: number, most: number) =>
      Number.isInteger(value) && value >= least && value <= most
    if (macs.length > MOST_PHONES) return { field: 'macs', message: `A job has at most ${MOST_PHONES} phones.` }
    if (kind === 'message' && (text.trim() === '' || text.trim().length > 500)) {
      return { field: 'text', message: 'A message has 1 to 500 characters.' }
    }
    if (!within(batch, BATCH.least, BATCH.most)) {
      return { field: 'batch', message: `This must be a whole number from ${BATCH.least} to ${BATCH.most}.` }
    }
    if (!within(delaySeconds, DELAY.least, DELAY.most)) {
      return { field: 'delay', message: `This must be from ${DELAY.least} to ${DELAY.most} seconds.` }
    }
    if (!within(retries, 0, 10)) return { field: 'retries', message: 'This must be a whole number from 0 to 10.' }
    if (!within(expiryHours, 1, 720)) return { field: 'expiry', message: 'This must be from 1 to 720 hours.' }
    if (this.list().filter(({ job }) => !isEnded(job)).length >= MOST_RUNNING) {
      return { field: 'kind', message: `${MOST_RUNNING} jobs are at work already. Cancel one, or wait.` }
    }
    return undefined
  }

  #row(job: Job): JobRow {
    return { job, progress: this.#targets.progress(job.id) }
  }

  #moved(id: string): void {
    for (const listener of this.#listeners) listener(id)
  }

  #tell({ id, kind, state, size }: Job, by: Actor): void {
    this.#options.announce('job.changed', { job: id, kind, state, phones: size, by })
  }
}

function keyOf(job: string, mac: Mac): string {
  return `${job}/${mac}`
}

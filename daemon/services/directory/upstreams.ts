// SPDX-License-Identifier: Apache-2.0
import { Cron } from 'croner'
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Contact } from '#daemon/domain/directory'
import type { Announce } from '#daemon/messages'
import type { Alarms } from '#daemon/services/alarms/alarms'
import { put, type Store } from '#daemon/store/store'
import { directorySyncs } from '#daemon/store/tables'
import type { SyncRun, Upstream, UpstreamsPort } from '#web/ports/directory'
import { type ImportPlan, planPeople } from './import.ts'
import { allContacts, breaths, writePlan } from './imports.ts'
import type { Regions } from './regions.ts'
import { readUpstream, type UpstreamSource } from './upstream-client.ts'

export interface UpstreamSettings extends UpstreamSource {
  /** The source of its contacts. */
  readonly name: string
  readonly region: string
  /** A cron pattern. */
  readonly schedule: string
  /** Share of the contacts there are that it must still have, 0 to 1; else nothing is removed. */
  readonly keepShare: number
}

export interface UpstreamsOptions {
  readonly store: Store
  readonly alarms: Alarms
  readonly announce: Announce
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** IANA name, in which schedules are read. */
  readonly timeZone: string
  readonly regions: Regions
  readonly upstreams: readonly UpstreamSettings[]
}

const ALARM = 'DIRECTORY SYNC FAILED'

/** Copies people from other directories into ours on a schedule. They stay as they are there: nothing is written. */
export class Upstreams implements UpstreamsPort {
  readonly #options: UpstreamsOptions
  readonly #running = new Map<string, Promise<SyncRun>>()
  #jobs = new Map<string, Cron>()
  #stop = new AbortController()
  /** One at a time: each holds a whole directory in memory. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: UpstreamsOptions) {
    this.#options = options
  }

  start(): void {
    const { upstreams, timeZone, alarms } = this.#options
    this.#stop = new AbortController()
    const known = new Set(upstreams.map(({ name }) => sourceOf(name)))
    for (const { name, source } of alarms.active()) {
      if (name === ALARM && !known.has(source)) void alarms.clear(ALARM, source)
    }
    this.#jobs = new Map(
      upstreams.map(({ name, schedule }) => [
        name,
        new Cron(schedule, { timezone: timeZone, protect: true, unref: true }, () => this.sync(name).then(() => {})),
      ]),
    )
  }

  /** Plans no more runs, and breaks off the one under way: it reads before it writes. */
  async stop(): Promise<void> {
    for (const job of this.#jobs.values()) job.stop()
    this.#jobs = new Map()
    this.#stop.abort(new Error('it was stopped'))
    await Promise.allSettled(this.#running.values())
  }

  list(): readonly Upstream[] {
    return this.#options.upstreams.map(({ name, url, base, region, schedule }) => ({
      ...{ name, url, base, region, schedule, running: this.#running.has(name) },
      last: this.#options.store.get(directorySyncs, name)?.value,
      next: this.#jobs.get(name)?.nextRun()?.getTime(),
    }))
  }

  async sync(name: string): Promise<SyncRun | undefined> {
    const running = this.#running.get(name)
    if (running) return running
    const settings = this.#options.upstreams.find((upstream) => upstream.name === name)
    if (!settings) return undefined
    const mine = this.#turn.then(() => this.#run(settings)).finally(() => this.#running.delete(name))
    this.#running.set(name, mine)
    this.#turn = mine.catch(() => {})
    return mine
  }

  async #run(settings: UpstreamSettings): Promise<SyncRun> {
    const { store, alarms, announce, now } = this.#options
    const at = now()
    const started = performance.now()
    const outcome = await this.#copy(settings).catch(
      (error: unknown): Outcome => ({ ...NOTHING, problem: textOf(error) }),
    )
    const run: SyncRun = { at, took: Math.round(performance.now() - started), ...outcome }
    const source = sourceOf(settings.name)
    if (this.#stop.signal.aborted) return run
    if (run.problem === undefined) alarms.clear(ALARM, source)
    else {
      alarms.raise({
        ...{ name: ALARM, source, severity: 'minor', eventType: 'communications' },
        probableCause: PROBABLE_CAUSE.underlyingResourceUnavailable,
        description: `The directory "${settings.name}" could not be copied: ${run.problem}`,
        remedy: 'Look at ldap.upstreams in the configuration and at that server; then sync it again.',
      })
    }
    announce('directory.sync', { upstream: settings.name, ...run })
    await store.commit([put(directorySyncs, settings.name, run)], { durable: false }).catch(() => {}) // its trouble is told elsewhere
    return run
  }

  async #copy(settings: UpstreamSettings): Promise<Outcome> {
    const { store, now, regions } = this.#options
    const { people, references } = await readUpstream(settings, breaths(), this.#stop.signal)
    const target = { source: settings.name, region: settings.region, replace: true }
    const circumstances = { known: () => allContacts(store), now: now(), pause: breaths(), regions }
    const plan = await planPeople({ people, rejected: [] }, target, circumstances)
    const guarded = this.#guard(settings, plan)
    const lost = await writePlan(store, guarded.plan)
    const { added, changed, unchanged, removed, rejected } = guarded.plan
    const elsewhere =
      references > 0 && people.length === 0 ? 'it only refers to other servers, which are not asked' : ''
    const problem = guarded.problem || elsewhere
    return {
      ...{ added: added.length, changed: changed.length, unchanged, removed: removed.length },
      ...{ rejected: rejected.length + lost.length, ...(problem !== '' && { problem }) },
    }
  }

  /** A directory that lost most of its people at once has rather lost its mind: nothing of it is removed. */
  #guard({ name, keepShare }: UpstreamSettings, plan: ImportPlan): { plan: ImportPlan; problem: string } {
    const before = count(allContacts(this.#options.store), ({ source }) => source === name)
    const still = before - plan.removed.length
    if (plan.removed.length === 0 || still >= before * keepShare) return { plan, problem: '' }
    const problem = `it has only ${still} of the ${before} people that it had: none was removed`
    return { plan: { ...plan, removed: [] }, problem }
  }
}

type Outcome = Omit<SyncRun, 'at' | 'took'>

const NOTHING: Outcome = { added: 0, changed: 0, unchanged: 0, removed: 0, rejected: 0 }

function sourceOf(name: string): string {
  return `directory/${name}`
}

function count(all: Iterable<Contact>, which: (contact: Contact) => boolean): number {
  let found = 0
  for (const contact of all) if (which(contact)) found++
  return found
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

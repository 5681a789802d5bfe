// SPDX-License-Identifier: Apache-2.0
import { isSettled, type Progress, progressOf, type Target } from '#daemon/domain/job'
import type { Store } from '#daemon/store/store'
import { jobTargets } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'

/** Which phones each job has, and how far they are: kept from the targets' own records. */
export class Targets {
  readonly #ofJob = new Map<string, Map<Mac, Target>>()
  readonly #openOf = new Map<Mac, Set<string>>()
  #unwatch = () => {}

  start(store: Store, moved: (job: string) => void): void {
    this.#unwatch = store.watch(jobTargets, 0, ({ key, value }) => {
      const [job, mac] = key.split('/') as [string, Mac]
      if (value) this.#keep(job, mac, value)
      else this.#forget(job, mac)
      moved(job)
    })
  }

  stop(): void {
    this.#unwatch()
  }

  of(job: string): readonly Target[] {
    return [...(this.#ofJob.get(job)?.values() ?? [])]
  }

  get(job: string, mac: Mac): Target | undefined {
    return this.#ofJob.get(job)?.get(mac)
  }

  progress(job: string): Progress {
    return progressOf(this.#ofJob.get(job)?.values() ?? [])
  }

  /** Jobs that a phone is not settled in. */
  jobsOf(mac: Mac): readonly string[] {
    return [...(this.#openOf.get(mac) ?? [])]
  }

  #keep(job: string, mac: Mac, target: Target): void {
    const all = this.#ofJob.get(job) ?? new Map<Mac, Target>()
    this.#ofJob.set(job, all)
    all.set(mac, target)
    const open = this.#openOf.get(mac) ?? new Set<string>()
    if (isSettled(target)) open.delete(job)
    else open.add(job)
    if (open.size > 0) this.#openOf.set(mac, open)
    else this.#openOf.delete(mac)
  }

  #forget(job: string, mac: Mac): void {
    const all = this.#ofJob.get(job)
    all?.delete(mac)
    if (all?.size === 0) this.#ofJob.delete(job)
    this.#openOf.get(mac)?.delete(job)
  }
}

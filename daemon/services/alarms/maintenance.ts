// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { faultsOf, isOn, isOver, type Maintenance } from '#daemon/domain/maintenance'
import { put, remove, type Store } from '#daemon/store/store'
import { maintenances as table } from '#daemon/store/tables'
import { cleanText } from '#protocols/lib/text'
import type { MaintenanceDraft } from '#web/ports/alarms'
import type { Saved } from '#web/ports/directory'
import type { AlarmScopes } from './scopes.ts'

const MOST = 500
const KEPT_MS = 30 * 24 * 3600 * 1000

export interface MaintenanceOptions {
  readonly store: Store
  readonly scopes: AlarmScopes
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Windows in which a scope's alarms are kept and not forwarded. */
export class MaintenanceWindows {
  readonly #options: MaintenanceOptions

  constructor(options: MaintenanceOptions) {
    this.#options = options
  }

  /** Whether a scope is being worked on now. */
  covers(scope: string): boolean {
    const { store, scopes, now } = this.#options
    if (store.count(table) === 0) return false
    const path = scopes.path(scope)
    for (const { value } of store.entries(table)) {
      if (isOn(value, now()) && (value.scope === '' || path.includes(value.scope))) return true
    }
    return false
  }

  /** Current and coming ones first, then those of the last 30 days. */
  list(): readonly Maintenance[] {
    const now = this.#options.now()
    return [...this.#options.store.entries(table)]
      .map(({ value }) => value)
      .filter((window) => !isOver(window, now) || now - window.to < KEPT_MS)
      .sort((a, b) => Number(isOver(a, now)) - Number(isOver(b, now)) || a.from - b.from || a.id.localeCompare(b.id))
  }

  async save(draft: MaintenanceDraft, by: string): Promise<Saved<Maintenance>> {
    const { store, scopes, now } = this.#options
    const stored = draft.id === undefined ? undefined : store.get(table, draft.id)
    if (draft.id !== undefined && !stored) return { kind: 'conflict' }
    // A window of a network that is in no configuration any more may stay as it is.
    const known = [...scopes.list().map(({ id }) => id), ...(stored ? [stored.value.scope] : [])]
    const errors = faultsOf(draft, known)
    if (!stored && store.count(table) >= MOST) errors.push({ field: 'title', message: `There are ${MOST} already.` })
    if (errors.length > 0) return { kind: 'refused', errors }
    const { from, to, scope, weekly } = draft
    const value: Maintenance = {
      ...{ id: stored?.key ?? randomUUID(), title: cleanText(draft.title, 100), scope, from, to },
      ...(weekly && { weekly }),
      ...(stored ? { by: stored.value.by, createdAt: stored.value.createdAt } : { by, createdAt: now() }),
    }
    await store.commit([put(table, value.id, value, stored?.revision ?? 'absent')], { durable: true })
    return { kind: 'saved', value }
  }

  /** False if there is none. A window that has begun ends now and stays in the list. */
  async remove(id: string): Promise<boolean> {
    const { store, now } = this.#options
    const stored = store.get(table, id)
    if (!stored) return false
    const { weekly: _, ...once } = stored.value
    const begun = stored.value.from < now()
    const ended = { ...once, to: Math.min(now(), Math.max(once.to, once.from + 1)) }
    const change = begun && !isOver(stored.value, now()) ? put(table, id, ended) : remove(table, id)
    await store.commit([change], { durable: true })
    return true
  }

  /** Lets go of what was over long ago. */
  async tick(): Promise<void> {
    const { store, now } = this.#options
    const old = [...store.entries(table)].filter(({ value }) => isOver(value, now()) && now() - value.to >= KEPT_MS)
    if (old.length > 0)
      await store.commit(
        old.map(({ key }) => remove(table, key)),
        { durable: false },
      )
  }
}

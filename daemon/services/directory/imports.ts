// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import type { Contact } from '#daemon/domain/directory'
import type { Pause } from '#daemon/domain/directory-file'
import { put, remove, type Store } from '#daemon/store/store'
import { contacts } from '#daemon/store/tables'
import type { ImportEnd, ImportFile, ImportPort, ImportPreview, Progress } from '#web/ports/directory'
import { type ImportPlan, planImport } from './import.ts'
import type { Regions } from './regions.ts'

export interface ImportsOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly regions: Regions
  /** Sources that belong to somebody else. */
  readonly reserved: ReadonlySet<string>
}

/** Contacts written in one go. */
const BATCH = 250
/** Milliseconds of work between two breaths. */
const BREATH = 8
const EXAMPLES = 5

/** Each holds its file in memory. */
const MOST_WAITING = 4

/** So many files are being worked on that another one has to come later. */
export class TooManyImports extends Error {
  override readonly name = 'TooManyImports'
  readonly status = 503
  readonly expose = true

  constructor() {
    super('Other phonebooks are being imported: try again in a minute.')
  }
}

/** Phonebooks from files, one at a time. */
export class Imports implements ImportPort {
  readonly #options: ImportsOptions
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(options: ImportsOptions) {
    this.#options = options
  }

  plan(file: ImportFile, progress?: Progress): Promise<ImportPreview> {
    return this.#inTurn(async () => preview(file, await this.#plan(file, progress)))
  }

  /** Somebody who changes one of these contacts in the meantime keeps the change: it is told among the rejected. */
  apply(file: ImportFile, hash: string, progress?: Progress): Promise<ImportEnd> {
    return this.#inTurn(async () => {
      const plan = await this.#plan(file, progress)
      const promised = preview(file, plan)
      if (promised.hash !== hash) return { kind: 'changed', preview: promised }
      const lost = await writePlan(this.#options.store, plan, progress)
      const rejected = lost.map((id) => ({ line: 0, reason: `somebody changed the contact ${id} meanwhile` }))
      return { kind: 'done', preview: { ...promised, rejected: [...promised.rejected, ...rejected] } }
    })
  }

  #plan(file: ImportFile, progress?: Progress): Promise<ImportPlan> {
    const { store, now, regions, reserved } = this.#options
    const wrong = wrongSource(file.source, reserved)
    if (wrong) return Promise.resolve({ ...EMPTY, rejected: [{ line: 1, reason: wrong }] })
    return planImport(file, { known: () => allContacts(store), now: now(), pause: breaths(progress), regions })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MOST_WAITING) return Promise.reject(new TooManyImports())
    this.#waiting++
    const mine = this.#turn.then(work).finally(() => this.#waiting--)
    this.#turn = mine.catch(() => {})
    return mine
  }
}

const EMPTY: ImportPlan = { added: [], changed: [], unchanged: 0, removed: [], rejected: [] }

function wrongSource(source: string, reserved: ReadonlySet<string>): string | undefined {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u.test(source)) {
    return 'name the phonebook with letters, digits, blanks, dots and hyphens'
  }
  return reserved.has(source) ? `the name "${source}" belongs to contacts that come from elsewhere` : undefined
}

/** Lets others be served every few milliseconds. */
export function breaths(progress?: Progress): Pause {
  let since = performance.now()
  return (done) => {
    if (performance.now() - since < BREATH) return undefined
    progress?.(done, 0)
    return new Promise((resolve) =>
      setImmediate(() => {
        since = performance.now()
        resolve()
      }),
    )
  }
}

export function* allContacts(store: Store): Generator<Contact> {
  for (const { value } of store.entries(contacts)) yield value
}

/**
 * Writes a plan in batches: should the disk fill up half way, doing it again does the rest. Gives the ids of contacts
 * that are no longer as the plan found them; they stay as they are.
 */
export async function writePlan(store: Store, plan: ImportPlan, progress?: Progress): Promise<string[]> {
  const { added, changed, removed } = plan
  const before = (contact: Contact) => {
    const stored = store.get(contacts, contact.id)
    return stored?.value === contact ? stored.revision : undefined
  }
  const lost: string[] = []
  const steps = [
    ...added.map((after) => ({ before: undefined, after })),
    ...changed,
    ...removed.map((one) => ({ before: one, after: undefined })),
  ]
  for (let i = 0; i < steps.length; i += BATCH) {
    progress?.(i, steps.length)
    const changes = []
    for (const step of steps.slice(i, i + BATCH)) {
      const id = (step.after ?? step.before)?.id ?? ''
      const expect = step.before ? before(step.before) : 'absent'
      if (expect === undefined || (expect === 'absent' && store.get(contacts, id))) lost.push(id)
      else changes.push(step.after ? put(contacts, id, step.after, expect) : remove(contacts, id, expect))
    }
    await store.commit(changes, { durable: i + BATCH >= steps.length })
  }
  progress?.(steps.length, steps.length)
  return lost
}

function preview(file: ImportFile, { added, changed, unchanged, removed, rejected }: ImportPlan): ImportPreview {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([file.format, file.source, file.region, file.replace])).update(file.text)
  for (const { id } of added) hash.update(`+${id}`)
  for (const { before } of changed) hash.update(`*${JSON.stringify(before)}`)
  for (const contact of removed) hash.update(`-${JSON.stringify(contact)}`)
  return {
    hash: hash.digest('base64url'),
    ...{ added: added.length, changed: changed.length, unchanged, removed: removed.length, rejected },
    examples: {
      added: added.slice(0, EXAMPLES),
      changed: changed.slice(0, EXAMPLES),
      removed: removed.slice(0, EXAMPLES),
    },
  }
}

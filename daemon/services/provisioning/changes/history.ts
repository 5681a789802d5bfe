// SPDX-License-Identifier: Apache-2.0
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'
import {
  type DraftChange,
  isAbout,
  type RecordChange,
  type Revision,
  type RevisionHead,
  revisionKey,
  type StoredRevision,
  type Subject,
} from '#daemon/domain/provisioning/revision'
import { foldName } from '#daemon/domain/text'
import { type Change, put, remove, type Store } from '#daemon/store/store'
import { revisions } from '#daemon/store/tables'
import type { RevisionPage, RevisionQuery } from '#web/ports/changes'

export interface HistorySettings {
  /** How many revisions are kept. */
  readonly revisions: number
  /** How long, in days. */
  readonly days: number
}

export interface HistoryOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly settings: HistorySettings
}

/** What somebody did. */
export interface Deed {
  readonly by: string
  readonly why?: string
  readonly summary: string
  readonly subject: Subject
  readonly phones?: number
}

/** Others that change what phones' files are made of have it recorded with their own commit. */
export interface ChangeLog {
  /** What to commit together with the changes, at once: nothing may come between this call and the commit. */
  record(deed: Deed, changes: readonly DraftChange[]): Change[]
  /** The same for whoever changes a part of a record: what that part was, and what it is now. */
  note(deed: Deed, parts: readonly RecordChange[]): Change[]
}

const DAY = 86_400_000
/** Old ones that one commit takes away. */
const MOST_DROPPED = 100
const MOST_TOUCHED = 50
const LONGEST_SUMMARY = 300
/** Bytes of one revision, unpacked: an import of everything is told without its records. */
const LARGEST = 8 * 1024 * 1024

/** Every change of what phones' files are made of: who, when, why, and what was before. */
export class History implements ChangeLog {
  readonly #options: HistoryOptions
  /** The oldest first. */
  #all: StoredRevision[] = []
  /** Sequences by `<kind>/<key>`. */
  readonly #about = new Map<string, Set<number>>()
  /** The last revision of each record. */
  readonly #writers = new Map<string, StoredRevision>()
  #last = 0
  #stop: (() => void) | undefined

  constructor(options: HistoryOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#stop = this.#options.store.watch(revisions, 0, ({ key, value }) => this.#follow(Number(key), value))
  }

  stop(): void {
    this.#stop?.()
    this.#all = []
    this.#about.clear()
    this.#writers.clear()
  }

  /** The newest sequence that is in force; 0 for none. */
  get last(): number {
    return this.#all.at(-1)?.sequence ?? 0
  }

  record(deed: Deed, changes: readonly DraftChange[]): Change[] {
    return this.entry(deed, changes).changes
  }

  entry(deed: Deed, changes: readonly DraftChange[]): { readonly head: RevisionHead; readonly changes: Change[] } {
    const { store } = this.#options
    const records: RecordChange[] = changes.map(({ table, key, value }) => {
      return { table, key, before: store.get<unknown>({ name: table }, key)?.value, after: value }
    })
    return this.#entry(deed, records)
  }

  note(deed: Deed, parts: readonly RecordChange[]): Change[] {
    return this.#entry(deed, parts).changes
  }

  #entry(deed: Deed, records: readonly RecordChange[]): { readonly head: RevisionHead; readonly changes: Change[] } {
    const { now } = this.#options
    this.#last += 1
    const head: RevisionHead = {
      ...{ sequence: this.#last, at: now(), by: deed.by, why: deed.why ?? '', subject: deed.subject },
      summary: deed.summary.slice(0, LONGEST_SUMMARY),
      ...(deed.phones !== undefined && { phones: deed.phones }),
    }
    const touched = records.slice(0, MOST_TOUCHED).map(({ table, key }) => `${table}/${key}`)
    const stored: StoredRevision = { ...head, touched, records: pack(records) }
    const kept = put(revisions, revisionKey(head.sequence), stored, 'absent')
    return {
      head,
      changes: [kept, ...this.#outdated().map(({ sequence }) => remove(revisions, revisionKey(sequence)))],
    }
  }

  find({ subject, by, text, page, pageSize }: RevisionQuery): RevisionPage {
    const sequences = subject.includes('/') ? (this.#about.get(subject) ?? new Set<number>()) : undefined
    const wanted = foldName(text.trim())
    const found = this.#all.filter((one) => {
      if (sequences ? !sequences.has(one.sequence) : subject !== '' && !isAbout(one.subject, subject)) return false
      if (by !== '' && one.by !== by) return false
      return wanted === '' || foldName(`${one.summary}\n${one.why}\n${one.subject.name}\n${one.by}`).includes(wanted)
    })
    const pageCount = Math.max(1, Math.ceil(found.length / pageSize))
    const shown = Math.min(page, pageCount)
    const rows = found.reverse().slice((shown - 1) * pageSize, shown * pageSize)
    return { rows: rows.map(headOf), total: found.length, page: shown, pageCount }
  }

  get(sequence: number): Revision | undefined {
    const stored = this.#options.store.get(revisions, revisionKey(sequence))?.value
    return stored && { ...headOf(stored), records: unpack(stored.records) }
  }

  /** Who last wrote a record. */
  writerOf(table: string, key: string): { revision: number; by: string; at: number } | undefined {
    const found = this.#writers.get(`${table}/${key}`)
    return found && { revision: found.sequence, by: found.by, at: found.at }
  }

  people(): string[] {
    return [...new Set(this.#all.map(({ by }) => by))].sort()
  }

  /** Those that have to go when another one comes. */
  #outdated(): StoredRevision[] {
    const { now, settings } = this.#options
    const tooMany = this.#all.length + 1 - settings.revisions
    const oldest = now() - settings.days * DAY
    return this.#all.filter(({ at }, index) => index < tooMany || at < oldest).slice(0, MOST_DROPPED)
  }

  #follow(sequence: number, value: StoredRevision | undefined): void {
    if (!value) {
      const gone = this.#all.find((one) => one.sequence === sequence)
      this.#all = this.#all.filter((one) => one !== gone)
      if (!gone) return
      this.#about.get(aboutOf(gone))?.delete(sequence)
      for (const name of gone.touched) if (this.#writers.get(name)?.sequence === sequence) this.#writers.delete(name)
      return
    }
    this.#last = Math.max(this.#last, sequence)
    this.#all.push(value)
    const about = this.#about.get(aboutOf(value)) ?? new Set()
    this.#about.set(aboutOf(value), about.add(sequence))
    for (const name of value.touched) this.#writers.set(name, value)
  }
}

function aboutOf({ subject: { kind, key } }: StoredRevision): string {
  return `${kind}/${key}`
}

function headOf({ records: _, touched: __, ...head }: StoredRevision): RevisionHead {
  return head
}

function pack(records: readonly RecordChange[]): string {
  const json = JSON.stringify(
    records.map(({ before = null, after = null, ...record }) => ({ ...record, before, after })),
  )
  if (json.length > LARGEST) return ''
  // Before and after are alike: a window that holds both makes one of them almost free.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 22 }
  return brotliCompressSync(json, { params }).toString('base64')
}

function unpack(packed: string): readonly RecordChange[] {
  if (packed === '') return []
  const json = brotliDecompressSync(Buffer.from(packed, 'base64'), { maxOutputLength: 2 * LARGEST * 3 })
  const records = JSON.parse(json.toString('utf8')) as RecordChange[]
  return records.map(({ before, after, ...record }) => {
    return { ...record, before: before ?? undefined, after: after ?? undefined }
  })
}

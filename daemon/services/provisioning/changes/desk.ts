// SPDX-License-Identifier: Apache-2.0
import { type Draft, type DraftChange, LONGEST_WHY, type Preview } from '#daemon/domain/provisioning/revision'
import type { PlaceholderUse } from '#daemon/domain/provisioning/usage'
import type { Announce } from '#daemon/messages'
import type { Change, Store } from '#daemon/store/store'
import type { Applied, ChangesPort, Restored, RevisionPage, RevisionQuery, RevisionView } from '#web/ports/changes'
import type { FieldError } from '#web/ports/saved'
import type { History } from './history.ts'
import { type Previewed, Previewer, type PreviewerOptions } from './previewer.ts'
import { recordDiff } from './record-diff.ts'
import { wayBack } from './restore.ts'
import { usesOf } from './uses.ts'

export interface ChangeDeskOptions extends Omit<PreviewerOptions, 'store' | 'writerOf'> {
  readonly store: Store
  readonly history: History
  readonly announce: Announce
}

/** Previews whose state is remembered, so that saving need not make all files once more. */
const REMEMBERED = 200
/** How often the files are made anew because something changed meanwhile. */
const TRIES = 3

/** Preview → save → history. */
export class ChangeDesk implements ChangesPort {
  readonly #options: ChangeDeskOptions
  readonly #previewer: Previewer
  readonly #known = new Map<string, Previewed>()

  constructor(options: ChangeDeskOptions) {
    this.#options = options
    const { history } = options
    this.#previewer = new Previewer({ ...options, writerOf: (table, key) => history.writerOf(table, key) })
  }

  async preview(draft: Draft): Promise<Preview> {
    return (await this.#make(onceEach(draft))).preview
  }

  async apply(given: Draft, hash: string, by: string, why: string): Promise<Applied> {
    const draft = onceEach(given)
    const errors = problemsOf(draft, why)
    if (errors.length > 0) return { kind: 'refused', errors }
    let agreed = this.#known.get(hash)
    for (let tries = 0; ; tries++) {
      // When others never stop, the same outcome again and again is enough: the records themselves are guarded.
      const still = agreed && (tries >= TRIES || agreed.stamp === this.#previewer.stamp())
      if (agreed && still && agreed.draft === this.#previewer.draftName(draft.changes)) {
        return this.#commit(draft, agreed.preview, by, why.trim())
      }
      agreed = await this.#make(draft)
      if (agreed.preview.hash !== hash) return { kind: 'moved', preview: agreed.preview }
    }
  }

  revisions(query: RevisionQuery): RevisionPage {
    return this.#options.history.find(query)
  }

  revision(sequence: number): RevisionView | undefined {
    const revision = this.#options.history.get(sequence)
    return revision && { ...revision, records: revision.records.map(recordDiff) }
  }

  people(): readonly string[] {
    return this.#options.history.people()
  }

  placeholders(): readonly PlaceholderUse[] {
    const { store, programs, rendererOver } = this.#options
    return usesOf({ store, programs, renderer: rendererOver(store) })
  }

  restore(sequence: number): Restored {
    const { store, history } = this.#options
    const revision = history.get(sequence)
    return revision ? wayBack(revision, store, history) : { kind: 'unknown' }
  }

  async #make(draft: Draft): Promise<Previewed> {
    const made = await this.#previewer.preview(draft)
    const { hash } = made.preview
    this.#known.delete(hash)
    this.#known.set(hash, made)
    const oldest = this.#known.keys().next().value
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest)
    return made
  }

  /** Nothing comes between reading the revisions and the commit. */
  async #commit(draft: Draft, preview: Preview, by: string, why: string): Promise<Applied> {
    const { store, history, announce } = this.#options
    const { summary, subject } = draft
    const { head, changes } = history.entry({ by, why, summary, subject, phones: preview.changed }, draft.changes)
    const guarded = draft.changes.map((change) => this.#guarded(change))
    await store.commit([...guarded, ...changes], { durable: true })
    this.#known.delete(preview.hash)
    announce('change.saved', { by, summary, sequence: head.sequence, phones: preview.changed })
    return { kind: 'done', revision: head }
  }

  #guarded({ table, key, value }: DraftChange): Change {
    return { table, key, value, expect: this.#options.store.get({ name: table }, key)?.revision ?? 'absent' }
  }
}

/** Of several changes of one record the last one counts. */
function onceEach(draft: Draft): Draft {
  const last = new Map(draft.changes.map((change) => [`${change.table}/${change.key}`, change]))
  return last.size === draft.changes.length ? draft : { ...draft, changes: [...last.values()] }
}

function problemsOf({ changes, notes = [] }: Draft, why: string): FieldError[] {
  const errors = notes.filter(({ tone }) => tone === 'error').map(({ text }) => ({ field: '', message: text }))
  if (changes.length === 0) errors.push({ field: '', message: 'There is nothing to save.' })
  if (why.length > LONGEST_WHY) errors.push({ field: 'why', message: `At most ${LONGEST_WHY} characters.` })
  if (/\p{Cc}/u.test(why)) errors.push({ field: 'why', message: 'It holds a control character. Type it anew.' })
  return errors
}

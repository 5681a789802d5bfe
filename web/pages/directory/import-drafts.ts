// SPDX-License-Identifier: Apache-2.0
import type { ImportFile, ImportPreview } from '#web/ports/directory'

/** An uploaded file on its way into the phonebook. */
export interface Draft {
  readonly id: string
  /** As the browser called it; `pasted text` for a text that was pasted. */
  readonly name: string
  /** What was found out about its encoding; empty for UTF-8. */
  readonly encoding: string
  /** Its text is let go once it is imported. */
  file: ImportFile
  preview: ImportPreview | undefined
  state: 'planned' | 'changed' | 'applying' | 'done'
  /** Milliseconds since the epoch. */
  at: number
}

const MOST_DRAFTS = 6
/** In characters, of all drafts together. */
const MOST_TEXT = 80 * 2 ** 20
const LIFETIME = 60 * 60_000

/** Files between their dry run and their import: in memory, few, for an hour. The oldest gives way. */
export class ImportDrafts {
  readonly #now: () => number
  readonly #random: (bytes: number) => Uint8Array
  readonly #drafts = new Map<string, Draft>()

  constructor(now: () => number, random: (bytes: number) => Uint8Array) {
    this.#now = now
    this.#random = random
  }

  put(name: string, encoding: string, file: ImportFile): Draft {
    const id = Buffer.from(this.#random(16)).toString('base64url')
    const draft: Draft = { id, name, encoding, file, preview: undefined, state: 'planned', at: this.#now() }
    this.#drafts.set(id, draft)
    this.#tidy(id)
    return draft
  }

  get(id: string): Draft | undefined {
    const draft = this.#drafts.get(id)
    return draft && this.#now() - draft.at < LIFETIME ? draft : undefined
  }

  #tidy(newest: string): void {
    const now = this.#now()
    for (const [id, { at }] of this.#drafts) if (now - at >= LIFETIME) this.#drafts.delete(id)
    for (const id of this.#drafts.keys()) {
      const text = [...this.#drafts.values()].reduce((sum, { file }) => sum + file.text.length, 0)
      if ((this.#drafts.size <= MOST_DRAFTS && text <= MOST_TEXT) || id === newest) return
      this.#drafts.delete(id)
    }
  }
}

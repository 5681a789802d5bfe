// SPDX-License-Identifier: Apache-2.0
import type { LdapEntry } from './port.ts'

/**
 * The lists that were sorted last, for all connections of a server: a phone that scrolls asks for window after window
 * of the same list. Also bounds how many lists are being made at a time.
 */
export class SortedLists {
  readonly #most: number
  readonly #mostAtWork: number
  /** By what was asked; the first one has not been used for longest. */
  readonly #lists = new Map<string, { readonly revision: number; readonly entries: readonly LdapEntry[] }>()
  #atWork = 0

  constructor(most: number, mostAtWork: number) {
    this.#most = most
    this.#mostAtWork = mostAtWork
  }

  /** The list for this question, unless the directory changed since. */
  find(question: string, revision: number): readonly LdapEntry[] | undefined {
    const list = this.#lists.get(question)
    if (!list) return undefined
    this.#lists.delete(question)
    if (list.revision !== revision) return undefined
    this.#lists.set(question, list)
    return list.entries
  }

  keep(question: string, revision: number, entries: readonly LdapEntry[]): void {
    this.#lists.delete(question)
    this.#lists.set(question, { revision, entries })
    for (const oldest of this.#lists.keys()) {
      if (this.#lists.size <= this.#most) break
      this.#lists.delete(oldest)
    }
  }

  /** False when as many as allowed are at work; true obliges to `leave`. */
  enter(): boolean {
    if (this.#atWork >= this.#mostAtWork) return false
    this.#atWork++
    return true
  }

  leave(): void {
    this.#atWork--
  }
}

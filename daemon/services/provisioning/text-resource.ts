// SPDX-License-Identifier: Apache-2.0
import { hash } from 'node:crypto'
import type { Resource } from '#protocols/http/port'

/** How many files' validators are remembered; a forgotten one only costs a phone one more download. */
const REMEMBERED = 20_000

/** Makes resources of rendered texts. A file's Last-Modified is when its present bytes were first served. */
export class TextResources {
  readonly #now: () => number
  readonly #known = new Map<string, { etag: string; modified: Date }>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** `key` names the file across renderings. */
  resource(key: string, text: string): Resource {
    const bytes = Buffer.from(text, 'utf8')
    const etag = `"${hash('sha256', bytes, 'base64url').slice(0, 22)}"`
    let known = this.#known.get(key)
    if (known?.etag !== etag) known = { etag, modified: new Date(this.#now()) }
    // Re-inserting keeps the map in order of use, so the first key is the one unused for longest.
    this.#known.delete(key)
    this.#known.set(key, known)
    const oldest = this.#known.keys().next().value
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest)
    return {
      contentType: 'text/plain; charset=utf-8',
      size: bytes.length,
      ...known,
      open: (start, end) => bytes.subarray(start, end + 1),
    }
  }
}

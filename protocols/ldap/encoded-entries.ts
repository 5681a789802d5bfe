// SPDX-License-Identifier: Apache-2.0
import { BerWriter } from '#protocols/lib/ber'
import { writeResponse } from './codec-response.ts'
import type { Attribute } from './messages.ts'
import type { LdapEntry } from './port.ts'

/** Kinds of questions told apart: the phones of a fleet all ask for the same attributes. */
const SELECTIONS = 3

/**
 * Entries as they were sent last: while people type, the same ones are found again and again. An entry never changes
 * (a new one takes its place), so its bytes stay right. Bounded: what was not asked for lately is made again.
 */
export class EncodedEntries {
  readonly #most: number
  readonly #selections = new Map<string, Generations>()
  readonly #writer = new BerWriter()

  /** `most`: entries of a generation; two of them are kept for each of a few selections. */
  constructor(most: number) {
    this.#most = most
  }

  /**
   * Encodes entries for one selection of attributes; `key` is equal for equal selections. `selector` is asked when an
   * entry is not known yet.
   */
  encoder(key: string, selector: () => (entry: LdapEntry) => Attribute[]): (entry: LdapEntry) => Uint8Array {
    const generations = this.#generations(key)
    let select: ((entry: LdapEntry) => Attribute[]) | undefined
    return (entry) => {
      const known = generations.get(entry)
      if (known) return known
      select ??= selector()
      return generations.keep(entry, this.#encode(entry.dn, select(entry)))
    }
  }

  #encode(dn: string, attributes: readonly Attribute[]): Uint8Array {
    this.#writer.clear()
    writeResponse(this.#writer, { kind: 'searchEntry', dn, attributes })
    return Buffer.from(this.#writer.done())
  }

  #generations(key: string): Generations {
    const known = this.#selections.get(key)
    if (known) return known
    for (const oldest of this.#selections.keys()) {
      if (this.#selections.size < SELECTIONS) break
      this.#selections.delete(oldest)
    }
    const fresh = new Generations(this.#most)
    this.#selections.set(key, fresh)
    return fresh
  }
}

/** What was used since the young generation began survives when it becomes the old one. */
class Generations {
  readonly #most: number
  #young = new Map<LdapEntry, Uint8Array>()
  #old = new Map<LdapEntry, Uint8Array>()

  constructor(most: number) {
    this.#most = most
  }

  get(entry: LdapEntry): Uint8Array | undefined {
    const young = this.#young.get(entry)
    if (young) return young
    const old = this.#old.get(entry)
    return old && this.keep(entry, old)
  }

  keep(entry: LdapEntry, bytes: Uint8Array): Uint8Array {
    if (this.#young.size >= this.#most) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(entry, bytes)
    return bytes
  }
}

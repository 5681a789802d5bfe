// SPDX-License-Identifier: Apache-2.0
import { PERSON_ATTRIBUTES, type PersonAttribute, type PersonAttributes } from './directory.ts'

/** Phonebook files that can be read and written. */
export const DIRECTORY_FORMATS = ['csv', 'ldif', 'vcard'] as const
export type DirectoryFormat = (typeof DIRECTORY_FORMATS)[number]

/** One entry of a file, not yet judged. */
export interface FilePerson {
  /** Where its entry begins, counted from 1. */
  readonly line: number
  /** What the file calls it, if it does: the same entry of the next file has the same key. */
  readonly key: string
  /** Undefined when the file says nothing of regions. */
  readonly region: string | undefined
  readonly attributes: PersonAttributes
}

/** An entry that cannot be taken, and why. */
export interface Rejected {
  readonly line: number
  readonly reason: string
}

export interface FileContents {
  readonly people: readonly FilePerson[]
  readonly rejected: readonly Rejected[]
}

/**
 * Called between entries, with how many were read. When it gives a promise, the reader waits for it: long files are read
 * in slices, so that others are served meanwhile.
 */
export type Pause = (done: number) => Promise<void> | undefined

export const NO_PAUSE: Pause = () => undefined

/** What is written to a file. */
export interface WrittenPerson {
  readonly id: string
  readonly region: string
  /** Its name in the directory. */
  readonly dn: string
  readonly attributes: PersonAttributes
}

/** Collects the values of one entry, several for an attribute if need be. */
export class Collector {
  readonly #values = new Map<PersonAttribute, string[]>()

  add(attribute: PersonAttribute, value: string): void {
    const text = value.trim()
    if (text === '') return
    const values = this.#values.get(attribute)
    if (values) values.push(text)
    else this.#values.set(attribute, [text])
  }

  done(): PersonAttributes {
    return Object.fromEntries(
      [...this.#values].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
    )
  }
}

const BY_NAME: ReadonlyMap<string, PersonAttribute> = new Map(
  PERSON_ATTRIBUTES.map((name) => [name.toLowerCase(), name]),
)

/** The attribute of a name in any case; undefined for one that a phonebook does not keep. */
export function personAttribute(name: string): PersonAttribute | undefined {
  return BY_NAME.get(name.toLowerCase())
}

/** All values of an attribute as a list. */
export function valuesOf(attributes: PersonAttributes, name: PersonAttribute): readonly string[] {
  const values = attributes[name]
  return typeof values === 'string' ? [values] : (values ?? [])
}

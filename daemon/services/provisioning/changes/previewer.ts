// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Phone } from '#daemon/domain/phone'
import type { Draft, DraftChange, Overtaken, Preview } from '#daemon/domain/provisioning/revision'
import { type Disclosure, WITHOUT_USER } from '#daemon/services/provisioning/disclosure'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { Reader, Renderer } from '#daemon/services/provisioning/renderer'
import type { Table } from '#daemon/store/store'
import {
  auxiliaryFiles,
  levelFiles,
  levels,
  phoneLdap,
  phones,
  scopes,
  templateMapping,
  templates,
  users,
} from '#daemon/store/tables'
import { Overlay } from './overlay.ts'
import { Reach, type World } from './reach.ts'
import type { Secrecy } from './secrecy.ts'
import { Tally } from './tally.ts'

export interface PreviewerOptions {
  readonly store: Reader
  readonly programs: Programs
  readonly secrecy: Secrecy
  /** A renderer of its own upon tables as they are thought of. */
  readonly rendererOver: (reader: Reader) => Renderer
  /** Who last wrote a record, as far as revisions tell. */
  readonly writerOf: (table: string, key: string) => Pick<Overtaken, 'revision' | 'by' | 'at'> | undefined
  /** Milliseconds; only differences are used. */
  readonly clock?: () => number
  /** Makes every phone's file, whether the change can reach it or not: for tests of just that. */
  readonly exhaustive?: boolean
}

/** A preview, and the state that it was made upon. */
export interface Previewed {
  readonly preview: Preview
  /** Names the draft upon the records that it changes. */
  readonly draft: string
  /** Names the state of all that files are made of, but for the phones themselves. */
  readonly stamp: string
}

/** What files are made of, apart from the phones. */
export const FILE_TABLES: readonly Table<unknown>[] = [
  templates,
  templateMapping,
  levels,
  levelFiles,
  auxiliaryFiles,
  scopes,
  phoneLdap,
  users,
]

/** Milliseconds without letting others go on. */
const SLICE = 8

/** Makes the files of all phones that a draft can reach, as they are and as they would be. */
export class Previewer {
  readonly #options: PreviewerOptions
  readonly #clock: () => number

  constructor(options: PreviewerOptions) {
    this.#options = options
    this.#clock = options.clock ?? (() => performance.now())
  }

  async preview(draft: Draft): Promise<Previewed> {
    const started = this.#clock()
    const stamp = this.stamp()
    const named = this.draftName(draft.changes)
    const { store, rendererOver, secrecy } = this.#options
    const overlay = new Overlay(store, draft.changes)
    const worlds = [store, overlay].map((reader) => this.#world(reader, rendererOver(reader))) as [World, World]
    const tally = new Tally()
    const known = await this.#compare(draft.changes, overlay, worlds, tally)
    const outcome = tally.result()
    const hash = secrecy.digest(`${named}\n${tally.outcome()}`)
    const preview: Preview = {
      ...{ summary: draft.summary, subject: draft.subject, hash, phones: known, ...outcome },
      overtaken: this.#overtaken(draft.changes),
      notes: draft.notes ?? [],
      idle: this.#idle(draft.changes),
      milliseconds: Math.round(this.#clock() - started),
    }
    return { preview, draft: named, stamp }
  }

  /** Of what would be written, and of the records that are there now. */
  draftName(changes: readonly DraftChange[]): string {
    const { store, secrecy } = this.#options
    const parts = changes.map(({ table, key, value }) => {
      const revision = store.get({ name: table }, key)?.revision ?? 'absent'
      return [table, key, revision, secrecy.canonical(table, key, value)]
    })
    return secrecy.digest(JSON.stringify(parts))
  }

  stamp(): string {
    const { store } = this.#options
    return FILE_TABLES.map((table) => {
      let [count, newest] = [0, 0]
      for (const { revision } of store.entries(table)) {
        count += 1
        if (revision > newest) newest = revision
      }
      return `${count}:${newest}`
    }).join(' ')
  }

  async #compare(
    changes: readonly DraftChange[],
    overlay: Overlay,
    [before, after]: [World, World],
    tally: Tally,
  ): Promise<number> {
    const { store, exhaustive = false } = this.#options
    const reach = new Reach(changes, before.renderer.tree, [before, after])
    let known = 0
    let slice = this.#clock()
    for (const { value: phone } of store.entries(phones)) {
      known += 1
      if (this.#clock() - slice > SLICE) {
        await nextTurn()
        slice = this.#clock()
      }
      if (!exhaustive && reach.onlyDirect && !reach.directly(phone)) continue
      this.#one(phone, overlay, [before.renderer, after.renderer], reach, tally)
    }
    return known
  }

  #one(phone: Phone, overlay: Overlay, [before, after]: [Renderer, Renderer], reach: Reach, tally: Tally): void {
    const then = overlay.get(phones, phone.mac)?.value
    const was = before.basisOf(phone.mac, before.situationOf(phone))
    const becomes = after.basisOf(phone.mac, after.situationOf(then ?? phone))
    const reached = this.#options.exhaustive || reach.directly(phone) || reach.indirectly(was, becomes)
    if (!reached) return
    const made = was.kind === 'none' ? was : before.deviceOf(was, this.#disclosure(phone))
    const makes = becomes.kind === 'none' ? becomes : after.deviceOf(becomes, this.#disclosure(then))
    tally.take(phone, made, makes)
  }

  #disclosure(phone: Phone | undefined): Disclosure {
    return phone?.approval === 'approved' ? this.#options.secrecy.disclosure : WITHOUT_USER
  }

  #world(reader: Reader, renderer: Renderer): World {
    const { programs } = this.#options
    return {
      renderer,
      *usedByLevels() {
        for (const { value } of reader.entries(levels)) if (value.lines !== '') yield* programs.of(value.lines).uses
      },
    }
  }

  #overtaken(changes: readonly DraftChange[]): Overtaken[] {
    const { store, writerOf } = this.#options
    return changes.flatMap(({ table, key, expect }) => {
      const now = store.get({ name: table }, key)?.revision ?? 'absent'
      if (expect === undefined || expect === now) return []
      return [{ table, key, ...(writerOf(table, key) ?? { revision: undefined, by: '', at: 0 }) }]
    })
  }

  #idle(changes: readonly DraftChange[]): boolean {
    const { store, secrecy } = this.#options
    return changes.every(({ table, key, value }) => {
      const now: unknown = store.get<unknown>({ name: table }, key)?.value
      return secrecy.canonical(table, key, now) === secrecy.canonical(table, key, value)
    })
  }
}

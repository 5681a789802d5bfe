// SPDX-License-Identifier: Apache-2.0
import type { Template } from '#daemon/domain/provisioning/template'
import { SYSTEM } from '#daemon/domain/scope'
import type { Announce } from '#daemon/messages'
import { PeopleFiles } from '#daemon/services/people/people-files'
import { Users } from '#daemon/services/people/users'
import type { ChangeLog } from '#daemon/services/provisioning/changes/history'
import type { Renderer } from '#daemon/services/provisioning/renderer'
import type { Scopes } from '#daemon/services/scopes/scopes'
import type { Vault } from '#daemon/services/vault'
import type { Store } from '#daemon/store/store'
import { firmwareChoices, levels, templateMapping } from '#daemon/store/tables'
import { parseMac } from '#protocols/lib/mac'
import type { ArchivePort, ArchiveRefused, ArchiveReport } from '#web/ports/archive'
import type { PeopleFilesPort } from '#web/ports/people-files'
import type { Actor, ScopesPort } from '#web/ports/scopes'
import type { ArchiveContents, ArchiveNote, LevelName, LinesEntry, ValueEntry } from './contents.ts'
import { compareFiles } from './parity.ts'
import { readContents } from './read.ts'
import { takeScopes, takeSettings } from './take.ts'
import { writeContents } from './write.ts'
import { unzip, ZipRefused, zip } from './zip.ts'

export interface ArchiveOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly vault: Vault
  readonly announce: Announce
  readonly scopes: ScopesPort
  readonly people: PeopleFilesPort
  readonly shipped: readonly Template[]
  /** Where an import is recorded as one change, so that it can be looked at and taken back. */
  readonly log: ChangeLog
  /** A renderer of other tables. */
  readonly rendererOf: (store: Store) => Renderer
  /** A picture of the tables, which can be written to without harm. */
  readonly picture: () => Store
  /** The tree of other tables, as a service. */
  readonly scopesOf: (store: Store) => Promise<Scopes>
}

/** What an import works on: the tables themselves, or a picture of them. */
interface Ground {
  readonly store: Store
  readonly scopes: ScopesPort
  readonly people: PeopleFilesPort
}

const SUBJECT = { kind: 'import', key: 'archive', name: 'the whole configuration' } as const

/** The whole configuration out and in as files. A dry run is the same work on a picture of the tables. */
export class Archive implements ArchivePort {
  readonly #options: ArchiveOptions
  #running = false

  constructor(options: ArchiveOptions) {
    this.#options = options
  }

  async import(bytes: Uint8Array, dryRun: boolean, by: Actor): Promise<ArchiveReport | ArchiveRefused> {
    if (this.#running) return { kind: 'refused', reason: 'Another import is under way. Try again when it has ended.' }
    this.#running = true
    try {
      const contents = readContents(await unzip(bytes))
      if (isEmpty(contents)) {
        const reason = 'The archive holds nothing that is known here: no lists, templates, users or phones’ files.'
        return { kind: 'refused', reason }
      }
      if (!dryRun) return await this.#take(contents, this.#options, false, by)
      const ground = await this.#picture()
      return await this.#take(contents, ground, true, by).finally(() => ground.stop())
    } catch (error) {
      if (error instanceof ZipRefused) return { kind: 'refused', reason: `${error.message}.` }
      throw error
    } finally {
      this.#running = false
    }
  }

  async export(): Promise<Uint8Array> {
    const modified = new Date(this.#options.now())
    return zip(await writeContents(this.#contents(), modified), modified)
  }

  async #take(contents: ArchiveContents, ground: Ground, dryRun: boolean, by: Actor): Promise<ArchiveReport> {
    const { store, scopes, people } = ground
    const { vault, shipped, announce, rendererOf, log, now } = this.#options
    const notes: ArchiveNote[] = [...contents.notes]
    const note = (one: ArchiveNote) => void notes.push(one)
    const places = await takeScopes(contents, scopes, by, note)
    const taken = takeSettings(contents, { store, tree: scopes.tree(), vault, shipped, by: { at: now(), by } }, note)
    if (taken.changes.length > 0) {
      const deed = { by, summary: 'Imported a configuration', subject: SUBJECT }
      const recorded = dryRun ? [] : log.record(deed, taken.changes)
      await store.commit([...taken.changes, ...recorded], { durable: true })
    }
    const persons =
      contents.people && (await people.import(contents.people.bytes, { dryRun: false, createRegions: true }, by))
    const parity = contents.phoneFiles.size > 0 ? compareFiles(contents, store, rendererOf(store)) : undefined
    if (!dryRun) announce('archive.imported', { by, changes: taken.changes.length, remarks: notes.length })
    return {
      ...{
        dryRun,
        scopes: places,
        templates: taken.templates,
        mapping: taken.mapping,
        settings: taken.settings,
        firmware: taken.firmware,
      },
      ...{ people: persons && { ...persons, dryRun }, remarks: notes, parity },
    }
  }

  /** Services upon a picture of the tables: what they write is gone with it. */
  async #picture(): Promise<Ground & { stop(): void }> {
    const { now, vault, scopesOf, picture } = this.#options
    const store = picture()
    const announce: Announce = () => {}
    const scopes = await scopesOf(store)
    const users = new Users({ store, now, vault, announce, scopes, presenceOf: () => 'seen' })
    const people = new PeopleFiles({ store, now, vault, announce, scopes, users })
    return { store, scopes, people, stop: () => scopes.stop() }
  }

  #contents(): ArchiveContents {
    const { store, scopes, people, rendererOf } = this.#options
    const tree = scopes.tree()
    const places = tree.below()
    const nameOf = (key: string): LevelName | undefined => {
      const [, id] = /^scope\/(.*)$/.exec(key) ?? []
      if (id === undefined) return key as LevelName
      return tree.get(id) ? `scope/${tree.pathText(id)}` : undefined
    }
    const values: ValueEntry[] = []
    const lines: LinesEntry[] = []
    const chosen = new Map<string, string>()
    for (const { key, value } of store.entries(levels)) {
      const level = nameOf(key)
      if (level === undefined) continue
      for (const [name, text] of Object.entries(value.values)) values.push({ level, name, value: text })
      if (value.lines !== '') lines.push({ level, text: value.lines })
      if (value.template !== '') chosen.set(key.slice('device/'.length), value.template)
    }
    const rules = store.get(templateMapping, 'rules')?.value.rules ?? []
    const csv = [...people.export({ text: '', region: '' })].join('')
    return {
      scopes: places.map(({ id, kind, description, timeZone, subnets }) => ({
        ...{ kind, path: tree.pathText(id), description, timeZone, subnets },
      })),
      templates: [...rendererOf(store).templates.values()],
      mapping: rules.map(({ model, scope, template }) => ({
        ...{ model, template, place: scope === SYSTEM.id ? '' : tree.pathText(scope) },
      })),
      ...{ values, lines, chosen },
      firmware: (store.get(firmwareChoices, 'choices')?.value.choices ?? []).flatMap(({ model, where, image }) => {
        if (where === SYSTEM.id) return [{ model, image, place: '' }]
        const place = tree.get(where) ? tree.pathText(where) : (parseMac(where) ?? '')
        return place === '' ? [] : [{ model, image, place }]
      }),
      people: { path: 'users.csv', bytes: Buffer.from(csv, 'utf8') },
      ...{ phoneFiles: new Map(), includes: new Map(), notes: [] },
    }
  }
}

function isEmpty(contents: ArchiveContents): boolean {
  const { scopes, templates, mapping, values, lines, chosen, firmware, people, phoneFiles, notes } = contents
  const count = [scopes, templates, mapping, values, lines, firmware, notes].reduce(
    (sum, { length }) => sum + length,
    0,
  )
  return count + chosen.size + phoneFiles.size === 0 && people === undefined
}

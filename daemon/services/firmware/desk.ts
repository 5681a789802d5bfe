// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { choiceKey, compareVersions, type Firmware, type FirmwareChoice, phoneOf } from '#daemon/domain/firmware'
import type { Phone } from '#daemon/domain/phone'
import { SYSTEM } from '#daemon/domain/scope'
import type { Store, Stored } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import { modelIn } from '#daemon/vendors/audiocodes/models'
import type {
  Added,
  ChoiceDraft,
  FirmwarePort,
  FolderImage,
  ImageRow,
  ImageUse,
  ModelDetail,
  ModelRow,
  NewFirmware,
  Removed,
} from '#web/ports/firmware'
import type { Saved } from '#web/ports/saved'
import type { Actor } from '#web/ports/scopes'
import type { Choices } from './choices.ts'
import type { FirmwareFiles } from './dropped.ts'
import { NotTaken } from './image-files.ts'
import type { ImageLibrary } from './library.ts'
import { mentions } from './mentions.ts'
import type { FirmwareServing, Places } from './serving.ts'
import { type ModelSurvey, type Survey, survey } from './survey.ts'

export interface DeskOptions {
  readonly store: Store
  readonly library: ImageLibrary
  readonly choices: Choices
  readonly dropped: FirmwareFiles
  readonly serving: FirmwareServing
  readonly places: Places
  /** Bytes of a file. */
  readonly mostBytes: () => number
}

const MODEL = /^[A-Z0-9][A-Z0-9-]{0,31}$/
const NOBODY: ModelSurvey = {
  ...{ phones: 0, drift: { current: 0, other: 0, unknown: 0 }, missing: 0, versions: new Map(), drifting: [] },
}

/** What people see and do about firmware. */
export class FirmwareDesk implements FirmwarePort {
  readonly #options: DeskOptions

  constructor(options: DeskOptions) {
    this.#options = options
  }

  get mostBytes(): number {
    return this.#options.mostBytes()
  }

  async models(): Promise<readonly ModelRow[]> {
    const folder = await this.#folder()
    const found = this.#survey(folder)
    const images = this.#options.library.images().flatMap(({ value }) => value.models)
    const chosen = this.choices().map(({ model }) => model)
    const names = new Set([...found.models.keys(), ...folder.keys(), ...images, ...chosen])
    return [...names].sort().map((model) => this.#row(model, found, folder))
  }

  async model(model: string): Promise<ModelDetail | undefined> {
    const { library } = this.#options
    const folder = await this.#folder()
    const found = this.#survey(folder, model)
    const isMeant = (choice: FirmwareChoice) => choice.model === model
    const isFor = ({ models }: Firmware) => models.includes(model) || models.includes(modelIn(model) ?? '')
    const fitting = library
      .images()
      .map(({ value }) => value)
      .filter(isFor)
    const chosen = this.choices().filter(isMeant)
    if (!found.models.has(model) && !folder.has(model) && fitting.length + chosen.length === 0) return undefined
    const { versions, drifting } = found.models.get(model) ?? NOBODY
    const order = [...versions].map(([version, phones]) => ({ version, phones }))
    return {
      ...this.#row(model, found, folder),
      choices: chosen.map((choice) => ({
        choice,
        image: library.get(choice.image)?.value,
        phones: found.byChoice.get(choiceKey(model, choice.where)) ?? 0,
      })),
      fitting,
      versions: order.sort((a, b) => b.phones - a.phones || compareVersions(a.version, b.version)),
      drifting,
    }
  }

  images(): readonly ImageRow[] {
    const found = this.#survey(new Map())
    return this.#options.library.images().map((stored) => this.#imageRow(stored, found))
  }

  image(id: string) {
    const stored = this.#options.library.get(id)
    return stored && { ...this.#imageRow(stored, this.#survey(new Map())), uses: this.#usesOf(stored.value) }
  }

  choices(): readonly FirmwareChoice[] {
    return this.#options.choices.all()
  }

  folder(): Promise<readonly FolderImage[]> {
    return this.#options.dropped.list()
  }

  chosen({ mac, model }: Phone): ReturnType<FirmwarePort['chosen']> {
    const { serving, library } = this.#options
    const chosen = serving.choose(mac, model)
    return chosen && { ...chosen, version: library.get(chosen.image)?.value.version ?? '' }
  }

  async add(source: AsyncIterable<Uint8Array>, said: NewFirmware, by: Actor): Promise<Added> {
    const { library } = this.#options
    try {
      const received = await library.receive(source)
      const known = library.get(received.id) !== undefined
      const saved = await library.keep(received, said, by)
      switch (saved.kind) {
        case 'saved':
          return { kind: 'saved', value: this.#imageRow(saved.value, this.#survey(new Map())), known }
        case 'refused':
          return saved
        case 'conflict':
          return { kind: 'not taken', why: 'busy', message: 'Somebody has just removed it. Try again.' }
      }
    } catch (error) {
      if (error instanceof NotTaken) return { kind: 'not taken', why: error.why, message: error.message }
      throw error
    }
  }

  async adopt(model: string, by: Actor): Promise<Added> {
    const { dropped } = this.#options
    const file = await dropped.image(model)
    if (!file) return refused('file', `There is no file ${model.slice(0, 40)}.img in the folder.`)
    const said = { fileName: `${file.model}.img`, model: file.model, version: '', description: '', insist: true }
    const added = await this.add(createReadStream(dropped.path(file.model)), said, by)
    if (added.kind === 'saved') {
      await this.choose({ model: file.model, where: SYSTEM.id, image: added.value.image.id, was: '' }, by)
    }
    return added
  }

  open(id: string): ReturnType<FirmwarePort['open']> {
    return this.#options.library.download(id)
  }

  async describe(id: string, description: string, revision: number): Promise<Saved<ImageRow>> {
    const saved = await this.#options.library.describe(id, description, revision)
    return saved.kind === 'saved'
      ? { kind: 'saved', value: this.#imageRow(saved.value, this.#survey(new Map())) }
      : saved
  }

  remove(id: string, by: Actor): Promise<Removed> {
    const { library } = this.#options
    return library.exclusive(async () => {
      const image = library.get(id)?.value
      if (!image) return { kind: 'unknown' }
      const uses = this.#usesOf(image)
      if (uses.length > 0) return { kind: 'in use', uses }
      await library.remove(id, by)
      return { kind: 'removed', image }
    })
  }

  choose(draft: ChoiceDraft, by: Actor): Promise<Saved<FirmwareChoice | undefined>> {
    const { library, choices } = this.#options
    return library.exclusive(async () => {
      const model = draft.model.trim().toUpperCase()
      const problem = this.#problemOf(model, draft)
      if (problem) return { kind: 'refused', errors: [problem] }
      return choices.set({ model, where: draft.where, image: draft.image }, draft.was, by)
    })
  }

  #problemOf(model: string, { where, image }: ChoiceDraft) {
    const { library, places, store } = this.#options
    // Taking back is always possible, from places that are gone, too.
    if (image === '') return undefined
    if (!MODEL.test(model)) return { field: 'model', message: 'Enter a model such as 440HD.' }
    const mac = phoneOf({ where })
    if (!mac && !places.tree().get(where)) return { field: 'where', message: 'There is no such region or site.' }
    const phone = mac && store.get(phones, mac)?.value
    if (mac && !phone) return { field: 'where', message: 'No phone with this MAC address is known.' }
    if (mac !== undefined && mac !== where) return { field: 'where', message: 'Write the MAC address in lower case.' }
    if (phone && phone.model !== '' && phone.model !== model) {
      return { field: 'where', message: `This phone is a ${phone.model}, not a ${model}.` }
    }
    const found = library.get(image)?.value
    if (!found) return { field: 'image', message: 'There is no such image any more.' }
    if (!found.models.includes(model) && !found.models.includes(modelIn(model) ?? '')) {
      return { field: 'image', message: `This image is for ${found.models.join(', ')}, not for ${model}.` }
    }
    return library.isLost(image)
      ? { field: 'image', message: 'The file of this image is lost: upload it again.' }
      : undefined
  }

  #usesOf(image: Firmware): ImageUse[] {
    const { store, serving } = this.#options
    const choices = this.choices().filter((choice) => choice.image === image.id)
    const uses: ImageUse[] = choices.map(({ model, where }) => ({ kind: 'choice', model, where }))
    const pinned = new Map<string, number>()
    for (const { value } of store.entries(phones)) {
      if (serving.pinOf(value.mac, value.model) !== image.id) continue
      pinned.set(value.model, (pinned.get(value.model) ?? 0) + 1)
    }
    for (const [model, count] of pinned) uses.push({ kind: 'rollout', model, where: `${count}` })
    for (const where of serving.needs(image.id)) uses.push({ kind: 'rollout', model: '', where })
    for (const where of mentions(store, image)) uses.push({ kind: 'template', model: '', where })
    return uses
  }

  #row(model: string, found: Survey, folder: ReadonlyMap<string, FolderImage>): ModelRow {
    const { phones: known, drift, missing } = found.models.get(model) ?? NOBODY
    const choices = this.choices().filter((choice) => choice.model === model)
    const choice = choices.find(({ where }) => where === SYSTEM.id)
    return {
      ...{ model, phones: known, drift, missing, folder: folder.get(model) },
      everywhere: choice && { choice, image: this.#options.library.get(choice.image)?.value },
      elsewhere: choices.filter(({ where }) => where !== SYSTEM.id).length,
    }
  }

  #imageRow({ value: image, revision }: Stored<Firmware>, found: Survey): ImageRow {
    const { library } = this.#options
    const version = image.version.toUpperCase()
    const running = image.models.map((model) => found.running.get(choiceKey(model, version)) ?? 0)
    return {
      ...{ image, revision, isLost: library.isLost(image.id), wanted: found.wanted.get(image.id) ?? 0 },
      running: version === '' ? 0 : running.reduce((sum, one) => sum + one, 0),
    }
  }

  /** Of all phones, or those of one model. */
  #survey(folder: ReadonlyMap<string, FolderImage>, model?: string): Survey {
    const { store, library } = this.#options
    const all = Array.from(store.entries(phones), ({ value }) => value)
    return survey({
      phones: model === undefined ? all : all.filter((phone) => phone.model === model),
      choose: ({ mac, model }) => this.#options.serving.choose(mac, model),
      versionOf: (image) => (library.isLost(image) ? undefined : library.get(image)?.value.version),
      folder,
    })
  }

  async #folder(): Promise<ReadonlyMap<string, FolderImage>> {
    return new Map((await this.folder()).map((image) => [image.model, image]))
  }
}

function refused(field: string, message: string): Added {
  return { kind: 'refused', errors: [{ field, message }] }
}

// SPDX-License-Identifier: Apache-2.0
import { choiceKey } from '#daemon/domain/firmware'
import type { Phone } from '#daemon/domain/phone'
import { SYSTEM } from '#daemon/domain/scope'
import type { FolderImage } from '#web/ports/firmware'
import type { Choices } from './choices.ts'
import type { FirmwareFiles } from './dropped.ts'
import type { ImageLibrary } from './library.ts'
import type { FirmwareServing } from './serving.ts'

/** The folder is looked at again after so long, in milliseconds. */
const LOOK_AGAIN = 10_000

/** What phones should run, for those who watch whether they do. */
export class Wanted {
  readonly #library: ImageLibrary
  readonly #choices: Choices
  readonly #serving: FirmwareServing
  readonly #dropped: FirmwareFiles
  readonly #now: () => number
  #seen: { readonly at: number; readonly images: Promise<ReadonlyMap<string, FolderImage>> } | undefined

  constructor(
    {
      library,
      choices,
      serving,
      dropped,
    }: {
      readonly library: ImageLibrary
      readonly choices: Choices
      readonly serving: FirmwareServing
      readonly dropped: FirmwareFiles
    },
    now: () => number,
  ) {
    this.#library = library
    this.#choices = choices
    this.#serving = serving
    this.#dropped = dropped
    this.#now = now
  }

  /** The version that a phone should run, and since when; undefined when nobody says, or a rollout sees to it. */
  async by(phone: Phone): Promise<{ readonly version: string; readonly since: number } | undefined> {
    const chosen = this.#serving.choose(phone.mac, phone.model)
    if (!chosen) return (await this.#folder()).get(phone.model)
    const image = this.#library.get(chosen.image)?.value
    return image && chosen.from !== 'pin' ? { version: image.version, since: chosen.at } : undefined
  }

  /** Whether every phone of a model gets an image, wherever it is. */
  async everywhere(model: string): Promise<boolean> {
    const choice = this.#choices.index().get(choiceKey(model, SYSTEM.id))
    return choice ? this.#library.get(choice.image) !== undefined : (await this.#folder()).has(model)
  }

  #folder(): Promise<ReadonlyMap<string, FolderImage>> {
    const now = this.#now()
    if (!this.#seen || now - this.#seen.at > LOOK_AGAIN || now < this.#seen.at) {
      const images = this.#dropped.list().then((all) => new Map(all.map((image) => [image.model, image])))
      this.#seen = { at: now, images }
    }
    return this.#seen.images
  }
}

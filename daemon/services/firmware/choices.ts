// SPDX-License-Identifier: Apache-2.0
import {
  type ChoiceIndex,
  choiceKey,
  type FirmwareChoice,
  type FirmwareChoices,
  indexChoices,
  phoneOf,
} from '#daemon/domain/firmware'
import { SYSTEM } from '#daemon/domain/scope'
import type { Announce } from '#daemon/messages'
import { Conflict, put, type Store } from '#daemon/store/store'
import { firmwareChoices } from '#daemon/store/tables'
import type { Saved } from '#web/ports/saved'
import type { Actor } from '#web/ports/scopes'

const KEY = 'choices'
export const MOST_CHOICES = 2_000

export interface ChoicesOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly announce: Announce
}

/** Which image is for which model and place: one record, so that two edits never lose each other. */
export class Choices {
  readonly #options: ChoicesOptions
  #index: ChoiceIndex = new Map()
  /** Models for which something is chosen in places. */
  #placed: ReadonlySet<string> = new Set()
  #unwatch = () => {}

  constructor(options: ChoicesOptions) {
    this.#options = options
  }

  start(): void {
    this.#unwatch = this.#options.store.watch(firmwareChoices, 0, ({ value }) => {
      const choices = value?.choices ?? []
      this.#index = indexChoices(choices)
      const placed = choices.filter((choice) => choice.where !== SYSTEM.id && !phoneOf(choice))
      this.#placed = new Set(placed.map(({ model }) => model))
    })
  }

  stop(): void {
    this.#unwatch()
  }

  index(): ChoiceIndex {
    return this.#index
  }

  /** Whether it matters where the phones of a model are. */
  inPlaces(model: string): boolean {
    return this.#placed.has(model)
  }

  all(): readonly FirmwareChoice[] {
    return [...this.#index.values()]
  }

  /**
   * Sets what is chosen for a model in a place; an empty image takes the choice back. `was` is the image that the edit
   * was made upon, empty for none; undefined to overwrite whatever is there.
   */
  async set(
    { model, where, image }: Pick<FirmwareChoice, 'model' | 'where' | 'image'>,
    was: string | undefined,
    by: Actor,
  ): Promise<Saved<FirmwareChoice | undefined>> {
    const { store, now, announce } = this.#options
    for (;;) {
      const stored = store.get(firmwareChoices, KEY)
      const index = new Map(indexChoices(stored?.value.choices ?? []))
      const key = choiceKey(model, where)
      const before = index.get(key)
      if (was !== undefined && was !== (before?.image ?? '')) return { kind: 'conflict' }
      if ((before?.image ?? '') === image) return { kind: 'saved', value: before }
      const choice = image === '' ? undefined : { model, where, image, at: now(), by }
      if (choice) index.set(key, choice)
      else index.delete(key)
      if (index.size > MOST_CHOICES) {
        return { kind: 'refused', errors: [{ field: 'where', message: `There are ${MOST_CHOICES} choices already.` }] }
      }
      const record: FirmwareChoices = { choices: [...index.values()] }
      try {
        await store.commit([put(firmwareChoices, KEY, record, stored?.revision ?? 'absent')], { durable: true })
      } catch (error) {
        if (error instanceof Conflict) continue
        throw error
      }
      announce('firmware.chosen', { model, where, image, was: before?.image ?? '', by })
      return { kind: 'saved', value: choice }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream'
import type { ChosenFirmware, Drift, Firmware, FirmwareChoice } from '#daemon/domain/firmware'
import type { Phone } from '#daemon/domain/phone'
import type { Saved } from './saved.ts'
import type { Actor } from './scopes.ts'

/** An image that an admin laid into the firmware folder as `<MODEL>.img`: phones get it where nothing is chosen. */
export interface FolderImage {
  readonly model: string
  /** In bytes. */
  readonly size: number
  /** As its header says; empty when it does not. */
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly since: number
}

export interface ImageRow {
  readonly image: Firmware
  /** Changes with each edit: an edit names the one that it was made upon. */
  readonly revision: number
  /** Its file is not there, or is not whole: phones are refused it. */
  readonly isLost: boolean
  /** Phones that should run it. */
  readonly wanted: number
  /** Phones of its models that report its version. */
  readonly running: number
}

/** Something that needs an image, so that it cannot be removed. */
export interface ImageUse {
  readonly kind: 'choice' | 'rollout' | 'template'
  /** Of a choice, or of phones that a rollout keeps on it; else empty. */
  readonly model: string
  /** Of a choice: `system`, the id of a scope, or a MAC. Of phones of a rollout: how many. Else what it is called. */
  readonly where: string
}

/** Firmware of one model of the fleet. */
export interface ModelRow {
  readonly model: string
  readonly phones: number
  readonly drift: Readonly<Record<Drift, number>>
  /** Phones for which no image is here. */
  readonly missing: number
  /** What is chosen for the system; its image is undefined when it is gone. */
  readonly everywhere: { readonly choice: FirmwareChoice; readonly image: Firmware | undefined } | undefined
  readonly folder: FolderImage | undefined
  /** Choices for places and phones. */
  readonly elsewhere: number
}

export interface ModelDetail extends ModelRow {
  readonly choices: readonly {
    readonly choice: FirmwareChoice
    readonly image: Firmware | undefined
    /** Phones that get it by this choice. */
    readonly phones: number
  }[]
  /** Images that are for this model, the newest first. */
  readonly fitting: readonly Firmware[]
  /** What phones report, the most frequent first; empty text for those that report none. */
  readonly versions: readonly { readonly version: string; readonly phones: number }[]
  /** Some of the phones that run another version than is chosen for them. */
  readonly drifting: readonly { readonly phone: Phone; readonly wanted: string; readonly source: string }[]
}

export interface NewFirmware {
  /** What the file is called where it comes from: hostile text. */
  readonly fileName: string
  /** Empty to take what the header or the file's name says. */
  readonly model: string
  readonly version: string
  readonly description: string
  /** Keep it although it looks wrong. */
  readonly insist: boolean
}

export type Added =
  /** Or it was here already. */
  | { readonly kind: 'saved'; readonly value: ImageRow; readonly known: boolean }
  | Extract<Saved<never>, { kind: 'refused' }>
  | { readonly kind: 'not taken'; readonly why: 'too large' | 'no room' | 'busy' | 'cut off'; readonly message: string }

export type Removed =
  | { readonly kind: 'removed'; readonly image: Firmware }
  | { readonly kind: 'in use'; readonly uses: readonly ImageUse[] }
  | { readonly kind: 'unknown' }

/** What is chosen: an empty image takes the choice back. */
export interface ChoiceDraft {
  readonly model: string
  /** `system`, the id of a scope, or a MAC. */
  readonly where: string
  readonly image: string
  /** The image that was chosen when the page was made, empty for none; absent to overwrite whatever is there. */
  readonly was?: string
}

/** Firmware images and which phone gets which. */
export interface FirmwarePort {
  /** Models of the fleet and of images and choices, by name. */
  models(): Promise<readonly ModelRow[]>
  /** Undefined for a model that nothing here is about. */
  model(model: string): Promise<ModelDetail | undefined>
  /** The newest first. */
  images(): readonly ImageRow[]
  image(id: string): (ImageRow & { readonly uses: readonly ImageUse[] }) | undefined
  /** Every choice, for programs. */
  choices(): readonly FirmwareChoice[]
  /** Images that were laid into the folder. */
  folder(): Promise<readonly FolderImage[]>
  /** What a phone gets and why; undefined when nothing is chosen for its model. `version` is empty for one that is gone. */
  chosen(phone: Phone): (ChosenFirmware & { readonly version: string }) | undefined
  /** Bytes of a file. */
  readonly mostBytes: number
  /** Takes a file as it comes; of one that is not taken nothing is left. */
  add(source: AsyncIterable<Uint8Array>, said: NewFirmware, by: Actor): Promise<Added>
  /** Takes a file of the folder as an image, and chooses it for all of its model if nothing is. */
  adopt(model: string, by: Actor): Promise<Added>
  /** The bytes, for a download; undefined when they are not here. */
  open(id: string): Promise<{ readonly size: number; readonly bytes: () => Readable } | undefined>
  describe(id: string, description: string, revision: number): Promise<Saved<ImageRow>>
  remove(id: string, by: Actor): Promise<Removed>
  choose(draft: ChoiceDraft, by: Actor): Promise<Saved<FirmwareChoice | undefined>>
}

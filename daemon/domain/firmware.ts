// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import { parseMac } from '#protocols/lib/mac'
import { type Scope, SYSTEM } from './scope.ts'

/** What an image's checksum, in its header, was found to be the sum of; `wrong`: of nothing we know. */
export type Checksum = 'header' | 'body' | 'whole' | 'wrong' | 'none'

/** Where a fact about an image comes from; empty when nobody says. */
export type Said = '' | 'header' | 'file name' | 'admin'

/** A firmware image that was uploaded. Its bytes never change: an image is known by their SHA-256. */
export interface Firmware {
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly id: string
  /** In bytes. */
  readonly size: number
  /** Base models that it is for, such as `440HD`. Never empty. */
  readonly models: readonly string[]
  readonly modelsFrom: Said
  /** As phones report it, such as `2.2.16.704`; empty when nobody says. */
  readonly version: string
  readonly versionFrom: Said
  /** When it was built, as its header says: `2024-10-09_06:15:40`; empty when it does not. */
  readonly built: string
  readonly checksum: Checksum
  /** Why it looked wrong; somebody kept it all the same. */
  readonly doubts: readonly string[]
  /** As it was called where it came from: text to show, never a path. */
  readonly fileName: string
  readonly description: string
  /** Milliseconds since the epoch. */
  readonly uploadedAt: number
  readonly by: string
}

/** An image that phones of a model get in one place. */
export interface FirmwareChoice {
  readonly model: string
  /** `system`, the id of a scope, or a MAC. */
  readonly where: string
  /** `Firmware.id`. */
  readonly image: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly by: string
}

/** All choices as the store keeps them, in one record. */
export interface FirmwareChoices {
  readonly choices: readonly FirmwareChoice[]
}

/** Choices by model and place, for looking up. */
export type ChoiceIndex = ReadonlyMap<string, FirmwareChoice>

export function choiceKey(model: string, where: string): string {
  return `${model} ${where}`
}

export function indexChoices(choices: readonly FirmwareChoice[]): ChoiceIndex {
  return new Map(choices.map((choice) => [choiceKey(choice.model, choice.where), choice]))
}

/** For whom an image is looked up. */
export interface FirmwareAsker {
  /** Undefined while it is not known who asks. */
  readonly mac: Mac | undefined
  /** A base model. */
  readonly model: string
  /** From the system to where the phone is, the nearest last (`ScopeTree.path`). */
  readonly path: readonly Pick<Scope, 'id' | 'kind' | 'name'>[]
}

export interface ChosenFirmware {
  /** `Firmware.id`. */
  readonly image: string
  /** Whose word decided. */
  readonly from: 'pin' | 'device' | 'scope' | 'system'
  /** The same in words: `chosen for site Berlin`. */
  readonly source: string
  /** When it was chosen, in milliseconds since the epoch; 0 for a pin. */
  readonly at: number
  /** Of the choice that decided (`choiceKey`); absent for a pin. */
  readonly key?: string
}

/**
 * The image for a phone: what a rollout keeps it on, else what was chosen for the phone itself, else for the nearest
 * place that it is in, else for the whole system. Undefined when nothing was chosen for its model.
 */
export function chooseFirmware(
  choices: ChoiceIndex,
  { mac, model, path }: FirmwareAsker,
  pin?: string,
): ChosenFirmware | undefined {
  if (pin !== undefined) return { image: pin, from: 'pin', source: 'kept on it by a rollout', at: 0 }
  const found = (where: string, from: ChosenFirmware['from'], source: string): ChosenFirmware | undefined => {
    const key = choiceKey(model, where)
    const choice = choices.get(key)
    return choice && { image: choice.image, from, source, at: choice.at, key }
  }
  const own = mac && found(mac, 'device', 'chosen for this phone')
  if (own) return own
  for (const { id, kind, name } of path.toReversed()) {
    const near = id === SYSTEM.id ? undefined : found(id, 'scope', `chosen for ${kind} ${name}`)
    if (near) return near
  }
  return found(SYSTEM.id, 'system', `chosen for all ${model}`)
}

/** Whether a choice is for one phone: its MAC. */
export function phoneOf({ where }: Pick<FirmwareChoice, 'where'>): Mac | undefined {
  return parseMac(where)
}

/** How the version that a phone reports stands to the image chosen for it. */
export type Drift = 'current' | 'other' | 'unknown'

/** `other`: the phone will fetch the image when it next starts, whichever of the two versions is the newer. */
export function driftOf(reported: string, chosen: string | undefined): Drift {
  if (reported === '' || chosen === undefined || chosen === '') return 'unknown'
  return reported.toUpperCase() === chosen.toUpperCase() ? 'current' : 'other'
}

const PARTS = /\d+/g

/** Orders versions of one flavour by their numbers (`2.2.9` before `2.2.16`); flavours by their names. */
export function compareVersions(a: string, b: string): number {
  const [flavourA, flavourB] = [a, b].map((text) => /^[A-Z]*_?/i.exec(text)?.[0].toUpperCase() ?? '') as [
    string,
    string,
  ]
  if (flavourA !== flavourB) return flavourA < flavourB ? -1 : 1
  const [partsA, partsB] = [a.match(PARTS) ?? [], b.match(PARTS) ?? []]
  for (let i = 0; i < Math.max(partsA.length, partsB.length); i++) {
    const difference = Number(partsA[i] ?? -1) - Number(partsB[i] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}

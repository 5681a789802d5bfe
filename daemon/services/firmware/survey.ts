// SPDX-License-Identifier: Apache-2.0
import { type ChosenFirmware, choiceKey, type Drift, driftOf } from '#daemon/domain/firmware'
import type { Phone } from '#daemon/domain/phone'
import type { FolderImage } from '#web/ports/firmware'

/** Phones named of each model that run another version. */
const NAMED = 50

/** What the phones of one model run, and what they should. */
export interface ModelSurvey {
  phones: number
  readonly drift: Record<Drift, number>
  missing: number
  readonly versions: Map<string, number>
  readonly drifting: { phone: Phone; wanted: string; source: string }[]
}

export interface Survey {
  readonly models: Map<string, ModelSurvey>
  /** Phones that should run an image, by its id. */
  readonly wanted: Map<string, number>
  /** Phones that report a version, by `choiceKey(model, version)`, the version in capitals. */
  readonly running: Map<string, number>
  /** Phones that get their image by a choice, by its key. */
  readonly byChoice: Map<string, number>
}

export interface SurveyQuestion {
  readonly phones: Iterable<Phone>
  readonly choose: (phone: Phone) => ChosenFirmware | undefined
  /** Of an image that is here; undefined for one that is not. */
  readonly versionOf: (image: string) => string | undefined
  readonly folder: ReadonlyMap<string, FolderImage>
}

/** One look at the whole fleet. */
export function survey({ phones, choose, versionOf, folder }: SurveyQuestion): Survey {
  const found: Survey = { models: new Map(), wanted: new Map(), running: new Map(), byChoice: new Map() }
  for (const phone of phones) {
    const { model, firmware } = phone
    if (model === '') continue
    const one = found.models.get(model) ?? newSurvey()
    found.models.set(model, one)
    one.phones++
    add(one.versions, firmware)
    if (firmware !== '') add(found.running, choiceKey(model, firmware.toUpperCase()))
    const chosen = choose(phone)
    const wanted = chosen ? versionOf(chosen.image) : folder.get(model)?.version
    if (chosen) {
      add(found.wanted, chosen.image)
      if (chosen.key !== undefined) add(found.byChoice, chosen.key)
    }
    if (wanted === undefined) one.missing++
    const drift = driftOf(firmware, wanted)
    one.drift[drift]++
    if (drift === 'other' && one.drifting.length < NAMED) {
      one.drifting.push({ phone, wanted: wanted ?? '', source: chosen?.source ?? 'the file in the folder' })
    }
  }
  return found
}

function newSurvey(): ModelSurvey {
  return { phones: 0, drift: { current: 0, other: 0, unknown: 0 }, missing: 0, versions: new Map(), drifting: [] }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import { FIRST_NAMES, LAST_NAMES } from './people.ts'
import { seededRandom } from './random.ts'

/** Every virtual phone's MAC begins so: locally administered, hence never a phone that somebody bought. */
export const VIRTUAL_PREFIX = '020ff4'

/** The most phones that one seed can tell apart. */
export const MOST_PHONES = 65_536

/** Models and the firmware each one wakes up with. */
export const MODELS: Readonly<Record<string, string>> = {
  '405HD': '2.2.16.704',
  '420HD': 'UC_2.0.13.121',
  '430HD': 'UC_2.0.13.121',
  '440HD': '2.2.16.704',
  '445HD': 'UC_3.4.6.604',
  '450HD': 'UC_3.4.6.604',
  C448HD: 'UC_3.4.6.604',
  C450HD: 'UC_3.4.6.604',
}

const UNKNOWN_MODEL_FIRMWARE = 'UC_3.4.6.604'

/** Who a virtual phone is, and who sits at it. */
export interface PhoneIdentity {
  /** Counted from 1. */
  readonly number: number
  readonly mac: Mac
  readonly model: string
  readonly firmware: string
  readonly hostname: string
  /** The person's login name, in lower case; may hold letters beyond ASCII, as people's names do. */
  readonly userName: string
  readonly userId: string
  readonly phoneNumber: string
  readonly location: string
}

/** The `number`th phone of a seed; the same whatever the size of the fleet. */
export function identityOf(
  seed: number,
  number: number,
  models: readonly string[] = Object.keys(MODELS),
): PhoneIdentity {
  const random = seededRandom(seed, number)
  const model = models[random.below(models.length)] ?? '440HD'
  const serial = (((seed & 0xff) << 16) | (number % MOST_PHONES)).toString(16).padStart(6, '0')
  const mac = `${VIRTUAL_PREFIX}${serial}` as Mac
  const userName = userNameOf(seed, number)
  return {
    number,
    mac,
    model,
    firmware: MODELS[model] ?? UNKNOWN_MODEL_FIRMWARE,
    hostname: `${model}-${mac}`,
    userName,
    userId: `${userName}@virtual.example`,
    phoneNumber: String(700_000 + number),
    location: `Virtual floor ${1 + random.below(9)}`,
  }
}

/** The three spellings seen in the field, by the generation of the firmware. */
export function userAgentOf(model: string, firmware: string, mac: Mac): string {
  if (firmware.startsWith('UC_3')) return `AUDC/${firmware.slice(3)} AUDC-IPPhone-${model}_${firmware}/1`
  if (firmware.startsWith('UC_')) return `AUDC-IPPhone-${model}_${firmware}/1.0.0000.0`
  return `AUDC-IPPhone/${firmware} (${model}-Rev0; ${mac.toUpperCase()})`
}

/** Walks through all pairs of names in a scattered order; after the last pair it begins again with a digit. */
function userNameOf(seed: number, number: number): string {
  const pairs = FIRST_NAMES.length * LAST_NAMES.length
  const pair = (number * STRIDE + seed * 31) % pairs
  const round = Math.floor((number - 1) / pairs)
  const first = FIRST_NAMES[pair % FIRST_NAMES.length] ?? ''
  const last = LAST_NAMES[Math.floor(pair / FIRST_NAMES.length)] ?? ''
  return `${first}.${last}${round === 0 ? '' : round + 1}`.toLowerCase()
}

/** A prime that divides no number of pairs we have, so that every pair comes up once. */
const STRIDE = 797

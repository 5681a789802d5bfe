// SPDX-License-Identifier: Apache-2.0
import { type Mac, parseMac } from '#protocols/lib/mac'
import type { Phone, User } from './phone.ts'
import type { ScopeTree } from './scope.ts'
import { plainText } from './text.ts'

/** A login name: the part before the @ too, and what phones send of it. */
const LONGEST_NAME = 64
const NO_NAME = /[\s\\/"'<>;,%?#&]/
const LONGEST_DETAIL = 128
const LONGEST_URI = 255
const MOST_NUMBERS = 10
const LINE_URI = /^(?:sips?|tel):[^\s<>"]+$/i
const MODEL = /^[A-Z0-9]+(?:[._-][A-Z0-9]+)*$/

/** What a person says of a user, as typed. */
export interface UserDraft {
  readonly name: string
  readonly displayName: string
  readonly phoneNumber: string
  readonly lineUri: string
  /** Id of a scope; empty for the system. */
  readonly region: string
  readonly authName: string
  readonly language: string
  /** A new SIP password; undefined keeps the one there is, an empty one takes it away. */
  readonly password?: string
}

/** What a person says of a phone, as typed. Empty fields say nothing. */
export interface DeviceDraft {
  readonly mac: string
  readonly label: string
  readonly serial: string
  /** `420HD`, or as the incumbent writes it, `Audiocodes_420HD`. */
  readonly model: string
  readonly language: string
  readonly vlanMode: string
  readonly vlanId: string
  readonly vlanPriority: string
}

/** Why a draft is refused, and which of its fields is to blame. */
export interface Refusal<Draft> {
  readonly field: keyof Draft & string
  readonly message: string
}

export type UserFacts = Omit<User, 'sipPassword' | 'createdAt'>
export type DeviceFacts = Pick<Phone, Exclude<keyof DeviceDraft, 'mac'>> & { readonly mac: Mac }

/** The key of a user: lower case, composed. `reason` says why it can be none. */
export function userName(input: string): { readonly text: string } | { readonly reason: string } {
  const name = plainText(input, { least: 1, most: LONGEST_NAME })
  if ('reason' in name) return name
  // Names stand in addresses and files, where these mean something else.
  if (NO_NAME.test(name.text)) return { reason: 'holds a blank or one of \\ / " \' < > ; , % ? # &' }
  if (/^\.{1,2}$/.test(name.text)) return { reason: 'is nothing but dots' }
  return { text: name.text.toLowerCase().normalize('NFC') }
}

/** The facts of a user, made fit to be kept, or the first thing wrong with them. */
export function checkUser(draft: UserDraft, tree: ScopeTree): UserFacts | Refusal<UserDraft> {
  const name = userName(draft.name)
  if ('reason' in name) return { field: 'name', message: `The user name ${name.reason}.` }
  const limits = { displayName: LONGEST_DETAIL, authName: LONGEST_DETAIL, lineUri: LONGEST_URI, language: 40 } as const
  const texts = plainTexts(draft, limits)
  if ('field' in texts) return texts
  const numbers = phoneNumbers(draft.phoneNumber)
  if ('message' in numbers) return { field: 'phoneNumber', message: numbers.message }
  if (texts.lineUri !== '' && !LINE_URI.test(texts.lineUri)) {
    return { field: 'lineUri', message: 'This is no address such as sip:anna@example.net or tel:+49301234.' }
  }
  if (draft.region !== '' && !tree.get(draft.region)) {
    return { field: 'region', message: 'This region is not there any more.' }
  }
  if (draft.password !== undefined) {
    // Blanks at its ends are part of a password.
    const password = plainText(`|${draft.password}|`, { most: LONGEST_DETAIL + 2 })
    if ('reason' in password) return { field: 'password', message: `The password ${password.reason}.` }
  }
  const region = draft.region === 'system' ? '' : draft.region
  const displayName = texts.displayName || plainName(draft.name)
  return { ...texts, name: name.text, displayName, phoneNumber: numbers.text, region }
}

/** The facts of a phone, made fit to be kept, or the first thing wrong with them. */
export function checkDevice(draft: DeviceDraft): DeviceFacts | Refusal<DeviceDraft> {
  const mac = draft.mac.length > 40 ? undefined : parseMac(draft.mac.trim())
  if (!mac) return { field: 'mac', message: 'This is no MAC address: it has 12 hexadecimal digits, 00908f123456.' }
  const limits = {
    ...({ label: LONGEST_DETAIL, serial: 64, model: 60, language: 40 } as const),
    ...({ vlanMode: 40, vlanId: 8, vlanPriority: 8 } as const),
  }
  const texts = plainTexts(draft, limits)
  if ('field' in texts) return texts
  const model = texts.model.replace(/^audiocodes[_ ]/i, '').toUpperCase()
  if (model !== '' && !MODEL.test(model)) return { field: 'model', message: 'This is no model such as 420HD.' }
  const number = (field: 'vlanId' | 'vlanPriority', most: number): Refusal<DeviceDraft> | undefined => {
    const text = texts[field]
    if (text === '' || (/^\d+$/.test(text) && Number(text) <= most)) return undefined
    return { field, message: `This must be a whole number from 0 to ${most}.` }
  }
  const wrong = number('vlanId', 4094) ?? number('vlanPriority', 7)
  return wrong ?? { ...texts, model, mac }
}

/** What a phone says of its user, as far as it is fit to be kept. */
export function fitDetails(said: { readonly name: string; readonly number: string }): Partial<User> {
  const displayName = plainText(said.name, { least: 1, most: LONGEST_DETAIL })
  const phoneNumber = phoneNumbers(said.number)
  return {
    ...('text' in displayName && { displayName: displayName.text }),
    ...('text' in phoneNumber && { phoneNumber: phoneNumber.text }),
  }
}

function plainName(input: string): string {
  return input.normalize('NFC').trim()
}

/** Several numbers have commas between them, and one blank after each. */
function phoneNumbers(input: string): { readonly text: string } | { readonly message: string } {
  const whole = plainText(input, { most: LONGEST_DETAIL })
  if ('reason' in whole) return { message: `The number ${whole.reason}.` }
  const numbers = whole.text.split(',').map((number) => number.trim())
  const all = numbers.filter((number) => number !== '')
  if (all.length > MOST_NUMBERS) return { message: `A user has at most ${MOST_NUMBERS} numbers.` }
  return { text: all.join(', ') }
}

function plainTexts<Draft extends object, Name extends keyof Draft & string>(
  draft: Draft,
  limits: Readonly<Record<Name, number>>,
): Record<Name, string> | Refusal<Draft> {
  const found: Partial<Record<Name, string>> = {}
  for (const field of Object.keys(limits) as Name[]) {
    const text = plainText(String(draft[field]), { most: limits[field] })
    if ('reason' in text) return { field, message: `This ${text.reason}.` }
    found[field] = text.text
  }
  return found as Record<Name, string>
}

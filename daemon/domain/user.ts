// SPDX-License-Identifier: Apache-2.0
import type { User } from './phone.ts'
import { plainText } from './text.ts'

/** A login name: the part before the @ too, and what phones send of it. */
const LONGEST_NAME = 64
const NO_NAME = /[\s\\/"'<>;,%?#&]/

/** The key of a user: lower case, composed. `reason` says why it can be none. */
export function userName(input: string): { readonly text: string } | { readonly reason: string } {
  const name = plainText(input, { least: 1, most: LONGEST_NAME })
  if ('reason' in name) return name
  // Names stand in addresses and files, where these mean something else.
  if (NO_NAME.test(name.text)) return { reason: 'holds a blank or one of \\ / " \' < > ; , % ? # &' }
  if (/^\.{1,2}$/.test(name.text)) return { reason: 'is nothing but dots' }
  return { text: name.text.toLowerCase().normalize('NFC') }
}

const LONGEST_DETAIL = 128

/** What a phone says of its user, as far as it is fit to be kept. */
export function fitDetails(said: { readonly name: string; readonly number: string }): Partial<User> {
  const displayName = plainText(said.name, { least: 1, most: LONGEST_DETAIL })
  const phoneNumber = plainText(said.number, { most: LONGEST_DETAIL })
  return {
    ...('text' in displayName && { displayName: displayName.text }),
    ...('text' in phoneNumber && { phoneNumber: phoneNumber.text }),
  }
}

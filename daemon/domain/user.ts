// SPDX-License-Identifier: Apache-2.0
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

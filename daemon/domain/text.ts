// SPDX-License-Identifier: Apache-2.0

/** Control characters, and those that reorder what stands around them or cannot be written in UTF-8. */
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u

/**
 * Text that people typed, fit to be kept and shown: composed (NFC), without blanks around it. `reason` says why it is
 * refused; lengths are in characters (code points).
 */
export function plainText(
  input: string,
  { least = 0, most }: { readonly least?: number; readonly most: number },
): { readonly text: string } | { readonly reason: string } {
  // A character is at most two units long: a megabyte is refused before anything looks at all of it.
  if (input.length > 4 * most + 256) return { reason: `has more than ${most} characters` }
  const text = input.normalize('NFC').trim()
  if (UNFIT.test(text)) return { reason: 'holds control characters' }
  const length = [...text].length
  if (length > most) return { reason: `has more than ${most} characters` }
  if (length < least) return { reason: least === 1 ? 'is missing' : `has fewer than ${least} characters` }
  return { text }
}

/** For comparing names without regard to case or to how accents are written. */
export function foldName(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

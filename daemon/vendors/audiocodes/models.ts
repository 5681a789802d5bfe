// SPDX-License-Identifier: Apache-2.0

/** A model of the 300HD and 400HD series at the start of a longer type name, or the HRS conference speaker. */
const MODEL = /^(?:C?[34]\d\dHD|HRS(?: ?\d{3})?\b)/i

/**
 * The base model that a type name begins with: `440HDG-Rev0` → `440HD`, `C450HD` → `C450HD`, `420HDG-Rev2-AC494` →
 * `420HD`. Undefined when it is no AudioCodes phone. Hardware revisions boot the same firmware file.
 */
export function modelIn(text: string): string | undefined {
  return MODEL.exec(text.trim())?.[0].replace(' ', '').toUpperCase()
}

// SPDX-License-Identifier: Apache-2.0

/** AudioCodes' block of hardware addresses. Their gateways live in it, too. */
export const OUI = '00908f'

/**
 * Every model, for those that need a list and no pattern: `modelIn` knows each of them. Longer names come before the
 * names that they contain (`C450HD`, `450HD`), for programs that look anywhere in a text.
 */
export const MODELS = [
  ...['C430HD', 'C435HD', 'C448HD', 'C450HD', 'C455HD', 'C470HD'],
  ...['310HD', '320HD', '405HD', '420HD', '425HD', '430HD', '440HD', '445HD', '450HD', '455HD', '470HD'],
] as const

/** A model of the 300HD and 400HD series at the start of a longer type name, or the HRS conference speaker. */
const MODEL = /^(?:C?[34]\d\dHD|HRS(?: ?\d{3})?\b)/i

/**
 * The base model that a type name begins with: `440HDG-Rev0` → `440HD`, `C450HD` → `C450HD`, `420HDG-Rev2-AC494` →
 * `420HD`. Undefined when it is no AudioCodes phone. Hardware revisions boot the same firmware file.
 */
export function modelIn(text: string): string | undefined {
  return MODEL.exec(text.trim())?.[0].replace(' ', '').toUpperCase()
}

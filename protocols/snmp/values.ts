// SPDX-License-Identifier: Apache-2.0

/** A moment in milliseconds since the epoch, in UTC [RFC2579 §2 DateAndTime]. */
export function dateAndTime(millis: number): Uint8Array {
  const date = new Date(millis)
  const bytes = Buffer.alloc(11)
  bytes.writeUInt16BE(date.getUTCFullYear(), 0)
  bytes[2] = date.getUTCMonth() + 1
  bytes[3] = date.getUTCDate()
  bytes[4] = date.getUTCHours()
  bytes[5] = date.getUTCMinutes()
  bytes[6] = date.getUTCSeconds()
  bytes[7] = Math.floor(date.getUTCMilliseconds() / 100)
  bytes.write('+', 8, 'latin1')
  return bytes
}

/** What one text may take, in bytes: that of a DisplayString, which every manager has room for. */
export const MAX_TEXT = 255

/** Text without control characters and of at most 255 bytes, cut between two characters and then ending in `…`. */
export function text(value: string): string {
  // What is cut off anyway need not be cleaned; a lone half of a character has no UTF-8.
  const isLong = value.length > MAX_TEXT * 2
  const clean = Buffer.from(value.slice(0, MAX_TEXT * 2).replaceAll(/\p{Cc}+/gu, ' ')).toString()
  if (!isLong && Buffer.byteLength(clean) <= MAX_TEXT) return clean
  let room = MAX_TEXT - Buffer.byteLength('…')
  let kept = ''
  for (const character of clean) {
    room -= Buffer.byteLength(character)
    if (room < 0) break
    kept += character
  }
  return `${kept}…`
}

/** A number as a Gauge32 holds it: it stays at its largest [RFC2578 §7.1.7]. */
export function gauge(value: number): number {
  return Math.min(Math.max(Math.trunc(value) || 0, 0), 0xffff_ffff)
}

/** A number as an Integer32 holds it. */
export function integer(value: number): number {
  return Math.min(Math.max(Math.trunc(value) || 0, -0x8000_0000), 0x7fff_ffff)
}

// SPDX-License-Identifier: Apache-2.0

const LF = 10
const CR = 13

/** Local text to netascii: LF becomes CR LF, a bare CR becomes CR NUL [RFC1350 §1, RFC764]. Works on any cut. */
export function toNetascii(bytes: Uint8Array): Uint8Array {
  let extra = 0
  for (const byte of bytes) if (byte === LF || byte === CR) extra++
  if (extra === 0) return bytes
  const converted = new Uint8Array(bytes.length + extra)
  let at = 0
  for (const byte of bytes) {
    if (byte === LF) converted[at++] = CR
    converted[at++] = byte
    if (byte === CR) converted[at++] = 0
  }
  return converted
}

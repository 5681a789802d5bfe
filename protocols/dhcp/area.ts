// SPDX-License-Identifier: Apache-2.0
import type { ByteWriter } from '#protocols/lib/bytes'
import { MalformedPacket } from '#protocols/lib/malformed'
import { OPTION, plain, toHex } from './options.ts'

/** Options by code in the order they are sent, each one whole. Option 52 never is among them: it is layout. */
export type Options = ReadonlyMap<number, Uint8Array>

const NONE: Options = new Map()
const FILE_LENGTH = 128
const SNAME_LENGTH = 64
/** What one length octet can tell; longer values go in pieces [RFC 3396 §6]. */
const PIECE = 255

/**
 * Reads the options field and, where option 52 says so, `file` and `sname` after it [RFC 2131 §4.1]. Options that
 * come in pieces are joined in that order [RFC 3396 §7]. PAD is skipped, END ends an area, a missing END is
 * forgiven. Values are views of the packet unless they were joined. Throws MalformedPacket.
 */
export function readOptions(
  main: Uint8Array,
  file: Uint8Array,
  sname: Uint8Array,
): { options: Options; overload: number } {
  const options = new Map<number, Uint8Array>()
  const pieces = new Map<number, Uint8Array[]>()
  scan(main, options, pieces)
  const overload = readOverload(options.get(OPTION.overload))
  if ((overload & 1) !== 0) scan(file, options, pieces)
  if ((overload & 2) !== 0) scan(sname, options, pieces)
  for (const [code, parts] of pieces) options.set(code, plain(Buffer.concat(parts)))
  options.delete(OPTION.overload)
  return { options, overload }
}

/** Which options go where: everything into `main` if it fits, else some into `file` and `sname`. */
export interface Layout {
  readonly main: Options
  readonly file: Options
  readonly sname: Options
}

/**
 * Finds a place for every option, or returns undefined. `room` is the size of the options field in bytes; the other
 * two are used only where they are free. Option 82 stays in the options field [RFC 3046 §2.2], as do options in pieces.
 */
export function layOut(options: Options, room: number, fileFree: boolean, snameFree: boolean): Layout | undefined {
  let total = 1
  for (const value of options.values()) total += sizeOf(value)
  if (total <= room) return { main: options, file: NONE, sname: NONE }

  const relay = options.get(OPTION.relayInformation)
  const end = 1
  const overload = 3
  const main = { left: room - end - overload - (relay ? sizeOf(relay) : 0), options: new Map<number, Uint8Array>() }
  const file = { left: fileFree ? FILE_LENGTH - end : 0, options: new Map<number, Uint8Array>() }
  const sname = { left: snameFree ? SNAME_LENGTH - end : 0, options: new Map<number, Uint8Array>() }
  if (main.left < 0) return undefined
  for (const [code, value] of options) {
    if (code === OPTION.relayInformation) continue
    const size = sizeOf(value)
    const area = [main, file, sname].find(({ left }) => size <= left)
    if (!area) return undefined
    area.options.set(code, value)
    area.left -= size
  }
  if (relay) main.options.set(OPTION.relayInformation, relay)
  return { main: main.options, file: file.options, sname: sname.options }
}

/** Writes options and END, and option 52 first where it is not 0. */
export function writeOptions(writer: ByteWriter, options: Options, overload: number): void {
  if (overload !== 0) writer.u8(OPTION.overload).u8(1).u8(overload)
  for (const [code, value] of options) {
    let start = 0
    do {
      const piece = value.length <= PIECE ? value : value.subarray(start, start + PIECE)
      writer.u8(code).u8(piece.length).bytes(piece)
      start += PIECE
    } while (start < value.length)
  }
  writer.u8(OPTION.end)
}

function sizeOf(value: Uint8Array): number {
  return value.length + 2 * Math.max(1, Math.ceil(value.length / PIECE))
}

function scan(area: Uint8Array, options: Map<number, Uint8Array>, pieces: Map<number, Uint8Array[]>): void {
  let at = 0
  while (at < area.length) {
    const code = area[at++] ?? OPTION.end
    if (code === OPTION.pad) continue
    if (code === OPTION.end) return
    const length = area[at++]
    if (length === undefined || at + length > area.length) {
      throw new MalformedPacket('option-truncated', `option ${code} runs past the end of its area`)
    }
    const value = area.subarray(at, at + length)
    at += length
    const seen = options.get(code)
    if (!seen) options.set(code, value)
    else {
      // Pieces are collected and joined once: joining each one as it comes would take quadratic time.
      const parts = pieces.get(code)
      if (parts) parts.push(value)
      else pieces.set(code, [seen, value])
    }
  }
}

/** 1: `file` holds options, 2: `sname`, 3: both [RFC 2132 §9.3]. */
function readOverload(value: Uint8Array | undefined): number {
  if (!value) return 0
  const [overload = 0] = value
  if (value.length !== 1 || overload < 1 || overload > 3) {
    throw new MalformedPacket('overload', `option 52 holds ${toHex(value)}`)
  }
  return overload
}

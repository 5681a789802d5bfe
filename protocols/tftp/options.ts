// SPDX-License-Identifier: Apache-2.0
import type { TftpOptions } from './codec.ts'

/** What the server can offer for one file. */
export interface Offer {
  /** Length in bytes as it will be sent; undefined when the conversion makes it unknown. */
  readonly size: number | undefined
  /** Blocks in flight at most. */
  readonly maxWindow: number
}

/** The terms of a transfer. */
export interface Terms {
  /** Data bytes in every block but the last. */
  readonly blockSize: number
  /** Blocks sent before an ACK is due. */
  readonly windowSize: number
  /** The client's retransmission interval in milliseconds, if it named one. */
  readonly timeoutMillis: number | undefined
  /** For the OACK, in the client's order and spelling; empty means no OACK at all [RFC2347]. */
  readonly accepted: TftpOptions
}

/** Bounds what one transfer keeps for resending, whatever block and window size the client asks for. */
const WINDOW_BYTES = 256 * 1024

/**
 * Picks the terms from what the client asked. An unknown option, a value out of range and a repeated option are left
 * out of the OACK, which declines them [RFC2347]. Names are compared without regard to case.
 */
export function negotiate(options: TftpOptions, offer: Offer): Terms {
  const asked = new Map<string, { readonly spelling: string; readonly value: string }>()
  for (const [spelling, value] of options) {
    const name = spelling.toLowerCase()
    if (!asked.has(name)) asked.set(name, { spelling, value })
  }
  const numberOf = (name: string, min: number, max: number) => within(asked.get(name)?.value, min, max)

  const blockSize = numberOf('blksize', 8, 65464) // [RFC2348]
  const seconds = numberOf('timeout', 1, 255) // [RFC2349]
  const window = numberOf('windowsize', 1, 65535) // [RFC7440 §3]; the server may answer with less
  const room = Math.max(1, Math.min(offer.maxWindow, Math.floor(WINDOW_BYTES / (blockSize ?? 512))))
  const windowSize = window && Math.min(window, room)
  // [RFC2349]; curl takes a length of 0 for an error and hangs, so an empty file's is not told.
  const size = numberOf('tsize', 0, Number.MAX_SAFE_INTEGER) === undefined ? undefined : offer.size || undefined

  const answers: Readonly<Record<string, number | undefined>> = {
    blksize: blockSize,
    timeout: seconds,
    windowsize: windowSize,
    tsize: size,
  }
  const accepted: [string, string][] = []
  for (const [name, { spelling }] of asked) {
    const answer = Object.hasOwn(answers, name) ? answers[name] : undefined
    if (answer !== undefined) accepted.push([spelling, String(answer)])
  }
  return {
    blockSize: blockSize ?? 512,
    windowSize: windowSize ?? 1,
    timeoutMillis: seconds && seconds * 1000,
    accepted,
  }
}

function within(value: string | undefined, min: number, max: number): number | undefined {
  if (value === undefined || !/^\d{1,16}$/.test(value)) return undefined
  const number = Number(value)
  return number >= min && number <= max ? number : undefined
}

// SPDX-License-Identifier: Apache-2.0
import type { WebContext } from '#web/context'
import { Problem } from './problem.ts'

/** The body of a request that is a file, as text; a Problem 413 beyond `most` bytes, and 400 when it is no UTF-8. */
export async function fileBody(ctx: WebContext, most: number): Promise<string> {
  // These have been read already, as something else.
  if (ctx.is('urlencoded', 'json')) throw new Problem(415, 'Send the file as it is, with Content-Type: text/plain.')
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of ctx.req as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > most) throw new Problem(413, `A file may have at most ${Math.floor(most / 2 ** 20)} MB.`)
    pieces.push(piece)
  }
  return textOf(Buffer.concat(pieces))
}

/** Throws a Problem 400 when it is no UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Problem(400, 'The file is no UTF-8 text: save it again with that encoding.')
  }
}

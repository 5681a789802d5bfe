// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http'
import { Problem } from '#web/http/problem'

/** A body as it streams in, up to `most` bytes; a Problem 413 beyond, 400 when it is cut off. */
export async function received(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request) {
      size += (chunk as Buffer).length
      if (size > most) throw new Problem(413, `A file has at most ${most / 2 ** 20} MB.`)
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(400, 'The file was cut off on its way.')
  }
  return Buffer.concat(chunks)
}

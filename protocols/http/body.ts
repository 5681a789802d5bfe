// SPDX-License-Identifier: Apache-2.0
import type { Evidence } from '#protocols/lib/exchange'
import type { Call } from './connection.ts'
import { malformed, refused, type Verdict } from './verdict.ts'

const EMPTY: Uint8Array = new Uint8Array(0)

/** Whether the request announces content [RFC9112 §6.3]. */
export function announcesBody({ req }: Call): boolean {
  const { headers } = req
  return (
    headers['transfer-encoding'] !== undefined ||
    (headers['content-length'] !== undefined && headers['content-length'] !== '0')
  )
}

/**
 * The whole body, or the verdict that ends the request: longer than `limit` (413, before a byte is read when its
 * length is announced), or broken off by what `connection.body` is told. Never rejects.
 */
export function readBody(call: Call, limit: number, evidence: Evidence): Promise<Uint8Array | Verdict> {
  const { req, res, connection, expects } = call
  if (Number(req.headers['content-length'] ?? 0) > limit) return Promise.resolve(tooLarge(limit, evidence))
  if (expects === 'continue') res.writeContinue()
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (result: Uint8Array | Verdict) => {
      connection.body = undefined
      resolve(result)
    }
    connection.body = { req, breakOff: (reason) => settle(malformed(reason, evidence, true)) }
    req.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= limit) chunks.push(chunk)
      else settle(tooLarge(limit, evidence))
    })
    req.on('end', () => settle(whole(chunks, length)))
  })
}

function whole(chunks: readonly Buffer[], length: number): Uint8Array {
  const [first = EMPTY] = chunks
  return chunks.length <= 1 ? first : Buffer.concat(chunks, length)
}

function tooLarge(limit: number, evidence: Evidence): Verdict {
  return refused(413, `the body is larger than ${limit} bytes`, evidence, true)
}

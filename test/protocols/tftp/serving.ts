// SPDX-License-Identifier: Apache-2.0
import { onTestFinished } from 'vitest'
import type { Endpoint, Exchange } from '#protocols/lib/exchange'
import type { TftpFile } from '#protocols/tftp/port'
import { TftpServer, type TftpServerOptions } from '#protocols/tftp/server'
import { Mailbox } from './mailbox.ts'

export type Files = Readonly<Record<string, Uint8Array | TftpFile>>

export interface Serving {
  readonly server: TftpServer
  readonly endpoint: Endpoint
  /** What the server reported, in order. */
  readonly exchanges: Mailbox<Exchange>
  /** The names that the owner of the files was asked for. */
  readonly asked: string[]
}

/** A server on a free loopback port with these files; stopped when the test ends. Repeats come only after a minute. */
export async function serving(files: Files, options: Partial<TftpServerOptions> = {}): Promise<Serving> {
  const exchanges = new Mailbox<Exchange>()
  const asked: string[] = []
  const server = new TftpServer({
    listen: { address: '127.0.0.1', port: 0 },
    observe: (exchange) => exchanges.put(exchange),
    retransmit: { firstMillis: 60_000, tries: 3 },
    graceMillis: 0,
    port: {
      async open(name) {
        asked.push(name)
        const found = Object.hasOwn(files, name) ? files[name] : undefined
        const evidence = { fileKind: 'test' }
        if (!found) return { kind: 'refuse', code: 1, reason: `no ${name} here`, evidence }
        return { kind: 'file', file: found instanceof Uint8Array ? inMemory(found) : found, evidence }
      },
    },
    ...options,
  })
  await server.start(AbortSignal.timeout(5_000))
  onTestFinished(() => server.stop())
  return { server, endpoint: endpointOf(server), exchanges, asked }
}

export function endpointOf(server: TftpServer): Endpoint {
  const [endpoint] = server.health().endpoints
  if (!endpoint) throw new Error(`not serving: ${server.health().detail}`)
  return endpoint
}

export function inMemory(bytes: Uint8Array): TftpFile {
  return { size: bytes.length, open: (start, end) => bytes.subarray(start, end + 1) }
}

/** Bytes without a pattern that a repeated, lost or swapped block could hide in; the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}

// SPDX-License-Identifier: Apache-2.0
import type { Resource } from '#protocols/http/port'
import type { Endpoint, Evidence } from '#protocols/lib/exchange'
import type { Files } from './answer.ts'
import { tftpCode } from './reply.ts'

/** The TFTP server's view of the same files; it fits that protocol's port by its shape. */
export interface TftpFiles {
  open(
    name: string,
    peer: Endpoint,
  ): Promise<
    | { readonly kind: 'file'; readonly file: Resource; readonly evidence: Evidence }
    | { readonly kind: 'refuse'; readonly code: number; readonly reason: string; readonly evidence: Evidence }
  >
}

export function tftpFiles(files: Files): TftpFiles {
  return {
    async open(name, peer) {
      const { answer, evidence } = await files.open(name, { peer, transport: 'tftp', userAgent: undefined })
      if (answer.kind === 'file') return { kind: 'file', file: answer.resource, evidence }
      return { kind: 'refuse', code: tftpCode(answer.status), reason: answer.reason, evidence }
    },
  }
}

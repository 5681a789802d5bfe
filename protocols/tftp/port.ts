// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream'
import type { Endpoint, Evidence } from '#protocols/lib/exchange'

/** A file to send: its length, and its bytes from `start` to `end` inclusive (opened once for a transfer). */
export interface TftpFile {
  readonly size: number
  open(start: number, end: number): Uint8Array | Readable
}

/** `code` is an RFC 1350 §5 error code: 1 file not found, 2 access violation, … */
export type TftpAnswer =
  | { readonly kind: 'file'; readonly file: TftpFile; readonly evidence: Evidence }
  | { readonly kind: 'refuse'; readonly code: number; readonly reason: string; readonly evidence: Evidence }

/** What the TFTP server asks of the owner of files. */
export interface TftpPort {
  open(name: string, peer: Endpoint): Promise<TftpAnswer>
}

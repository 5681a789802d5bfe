// SPDX-License-Identifier: Apache-2.0

/** Takes a transfer's bytes as they come; false means: enough, hang up. */
export type Sink = (chunk: Uint8Array) => boolean

export interface Transfer {
  readonly bytes: number
  /** Whether the file came to its end (and the sink did not hang up before). */
  readonly complete: boolean
}

/** What a phone allows a transfer, and where it speaks from. */
export interface TransferTerms {
  /** Undefined lets the system choose. */
  readonly localAddress: string | undefined
  /** From the request to the last byte. */
  readonly timeoutMs: number
  /** A longer file fails. */
  readonly mostBytes: number
}

// SPDX-License-Identifier: Apache-2.0

/**
 * The one error a decoder may throw: the bytes are not what the protocol says they should be.
 * `code` is short and stable (it labels a counter); the message says where and why.
 */
export class MalformedPacket extends Error {
  override readonly name = 'MalformedPacket'
  readonly code: string

  constructor(code: string, message: string = code) {
    super(message)
    this.code = code
  }
}

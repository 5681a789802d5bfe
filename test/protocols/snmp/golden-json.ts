// SPDX-License-Identifier: Apache-2.0
import { decodeScoped, encodeCommunity, encodeScoped, encodeV3 } from '#protocols/snmp/codec-message'
import { FLAG, type Message, type ScopedPdu, type V3Message } from '#protocols/snmp/messages'

/** Octets that are printable ASCII, which goldens show as text. */
const PRINTABLE = /^[\x20-\x7e]+$/

/** A message as a golden shows it: octets as text or `{hex}`, large numbers as `{large}`, plain scoped PDUs opened. */
export function toJson(message: Message): unknown {
  if (message.version !== '3' || (message.flags & FLAG.priv) !== 0) return plain(message)
  const { data, ...rest } = message
  return plain({ ...rest, scoped: decodeScoped(data) })
}

function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, one: unknown) => {
      if (typeof one === 'bigint') return { large: String(one) }
      // A Buffer has become something else before we see it.
      if (isBufferJson(one)) return octets(Buffer.from(one.data))
      if (one instanceof Uint8Array) return octets(one)
      return one
    }),
  )
}

function isBufferJson(value: unknown): value is { readonly data: readonly number[] } {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer'
}

function octets(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('latin1')
  return PRINTABLE.test(text) ? { text } : { hex: Buffer.from(bytes).toString('hex') }
}

export function fromJson(text: string): Message {
  return JSON.parse(text, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null) return value
    if ('large' in value) return BigInt(String(value.large))
    if ('text' in value) return Uint8Array.from(Buffer.from(String(value.text), 'latin1'))
    if ('hex' in value) return Uint8Array.from(Buffer.from(String(value.hex), 'hex'))
    if ('scoped' in value) return { ...value, data: encodeScoped(value.scoped as ScopedPdu) }
    return value
  }) as Message
}

/** Any message; one of version 3 with the signature and the encrypted bytes that it has. */
export function encode(message: Message): Buffer {
  if (message.version !== '3') return encodeCommunity(message)
  const { security, data, ...header }: V3Message = message
  return encodeV3(header, security, data).bytes
}

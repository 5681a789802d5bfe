// SPDX-License-Identifier: Apache-2.0
import type { LdapMessage } from '#protocols/ldap/messages'

/** How a golden writes a message: JSON, with bytes as `{ "hex": "…" }`, and without what is undefined. */
export function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value !== 'object' || value === null) return value
  const pairs = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(pairs.map(([key, inner]) => [key, toJson(inner)]))
}

export function fromJson(text: string): LdapMessage {
  return JSON.parse(text, (_, value) => (typeof value?.hex === 'string' ? Buffer.from(value.hex, 'hex') : value))
}

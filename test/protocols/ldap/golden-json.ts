// SPDX-License-Identifier: Apache-2.0
import type { LdapMessage } from '#protocols/ldap/messages'

/** A message as JSON, with bytes as `{"hex": "…"}` and what is undefined left out: how goldens write one. */
export function toJson(message: LdapMessage): unknown {
  return JSON.parse(
    JSON.stringify(message, (_, value) => {
      return value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value
    }, 2).replaceAll(/\{\s*"type": "Buffer"[^}]*\}/g, '"?"'),
  )
}

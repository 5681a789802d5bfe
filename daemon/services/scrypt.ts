// SPDX-License-Identifier: Apache-2.0
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** scrypt's cost: about 32 MB and 60 ms for one try [RFC 7914 §2]. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 }
const KEY_BYTES = 32

const derive = promisify<string | Uint8Array, Buffer, number, typeof COST, Buffer>(scrypt)

/** Stands in for the hash of an account that does not exist: no password is right, and each takes as long as any. */
export const NOBODY = ['scrypt', COST.N, COST.r, COST.p, 'AAAA', 'AAAA'].join('$')

/** Kept as `scrypt$<N>$<r>$<p>$<salt>$<key>`, the last two in base64; text is taken as UTF-8. */
export async function hashPassword(password: string | Uint8Array): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, KEY_BYTES, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$')
}

export async function verifyPassword(password: string | Uint8Array, stored: string): Promise<boolean> {
  const [, N, r, p, salt = '', expected = ''] = stored.split('$')
  const wanted = Buffer.from(expected, 'base64')
  const cost = { ...COST, N: Number(N), r: Number(r), p: Number(p) }
  const key = await derive(password, Buffer.from(salt, 'base64'), KEY_BYTES, cost)
  return wanted.length === key.length && timingSafeEqual(wanted, key)
}

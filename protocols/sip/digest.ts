// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { type Parameters, readParameters } from './fields.ts'
import type { Credentials } from './port.ts'

/** What a digest is made for. */
export interface DigestFor {
  readonly method: string
  readonly uri: string
  readonly body: Uint8Array
  /** Our own random text; 8 hex digits or more. */
  readonly cnonce: string
}

/** By the names of RFC 8760; the strongest last. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['MD5', 'md5'],
  ['SHA-256', 'sha256'],
])

/**
 * The value of Authorization (or Proxy-Authorization) that answers the strongest of these challenges which we know
 * [RFC 3261 §22.4, RFC 8760 §2.3]; undefined when we know none.
 */
export function answerChallenges(
  challenges: readonly string[],
  credentials: Credentials,
  what: DigestFor,
): string | undefined {
  const known = challenges
    .map((text) => /^Digest\s+(.*)$/is.exec(text)?.[1])
    .map((text) => (text === undefined ? undefined : readParameters(text.replaceAll(/,(?=\s*[\w-]+=)/g, ';'))))
    .filter((one) => one !== undefined && hashOf(one) !== undefined && one.has('nonce'))
    .sort((a, b) => strength(b) - strength(a))
  const [best] = known
  return best && authorization(best, credentials, what)
}

/** [RFC 7616 §3.4]; without `qop` as RFC 2069 had it, which old phones ask for. */
function authorization(challenge: Parameters, { user, password }: Credentials, what: DigestFor): string {
  const { method, uri, body, cnonce } = what
  const [realm = '', nonce = ''] = [challenge.get('realm'), challenge.get('nonce')]
  const algorithm = challenge.get('algorithm')
  const hash = (text: string | Uint8Array) =>
    createHash(hashOf(challenge) ?? 'md5')
      .update(text)
      .digest('hex')
  const offered = (challenge.get('qop') ?? '').split(',').map((one) => one.trim().toLowerCase())
  const qop = offered.includes('auth') ? 'auth' : offered.includes('auth-int') ? 'auth-int' : undefined
  const secret = hash(`${user}:${realm}:${password}`)
  const asked = hash(qop === 'auth-int' ? `${method}:${uri}:${hash(body)}` : `${method}:${uri}`)
  const count = '00000001'
  const middle = qop ? `${nonce}:${count}:${cnonce}:${qop}` : nonce
  const opaque = challenge.get('opaque')
  const parts = [
    `username=${quoted(user)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${hash(`${secret}:${middle}:${asked}`)}"`,
    ...(algorithm ? [`algorithm=${algorithm}`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(qop ? [`qop=${qop}`, `nc=${count}`, `cnonce="${cnonce}"`] : []),
  ]
  return `Digest ${parts.join(', ')}`
}

function hashOf(challenge: Parameters): string | undefined {
  return HASHES.get((challenge.get('algorithm') ?? 'MD5').toUpperCase())
}

function strength(challenge: Parameters | undefined): number {
  return [...HASHES.keys()].indexOf((challenge?.get('algorithm') ?? 'MD5').toUpperCase())
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

// SPDX-License-Identifier: Apache-2.0
// The one place where the package net-snmp is used: it makes keys of pass phrases. No packet reaches it.
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { Authentication, AuthProtocols, Encryption, PrivProtocols } from 'net-snmp'
import type { AuthProtocol, PrivProtocol, SnmpUser } from './port.ts'

type Hashing = Exclude<AuthProtocols, AuthProtocols.none>

interface AuthKind {
  readonly id: Hashing
  readonly hash: string
  /** How much of the HMAC is sent, in bytes. */
  readonly length: number
}

const AUTH: Readonly<Record<AuthProtocol, AuthKind>> = {
  md5: { id: AuthProtocols.md5, hash: 'md5', length: 12 }, // [RFC3414 §6]
  sha1: { id: AuthProtocols.sha, hash: 'sha1', length: 12 }, // [RFC3414 §7]
  sha224: { id: AuthProtocols.sha224, hash: 'sha224', length: 16 }, // [RFC7860 §4.1]
  sha256: { id: AuthProtocols.sha256, hash: 'sha256', length: 24 },
  sha384: { id: AuthProtocols.sha384, hash: 'sha384', length: 32 },
  sha512: { id: AuthProtocols.sha512, hash: 'sha512', length: 48 },
}

const PRIV = {
  aes128: { id: PrivProtocols.aes, cipher: 'aes-128-cfb' }, // [RFC3826]
  aes256: { id: PrivProtocols.aes256b, cipher: 'aes-256-cfb' },
  aes256c: { id: PrivProtocols.aes256r, cipher: 'aes-256-cfb' },
} as const satisfies Record<PrivProtocol, unknown>

/** A user's keys for one engine [RFC3414 §2.6]. */
export interface Keys {
  readonly auth?: { readonly hash: string; readonly length: number; readonly key: Buffer }
  readonly priv?: { readonly cipher: 'aes-128-cfb' | 'aes-256-cfb'; readonly key: Buffer }
}

/** Localises a user's pass phrases to an engine; takes some milliseconds for each, so keep the result. */
export function localize(user: SnmpUser, engineId: Uint8Array): Keys {
  const { level, authProtocol, authKey, privProtocol, privKey } = user
  if (level === 'noAuthNoPriv' || !authProtocol || authKey === undefined) return {}
  const engine = Buffer.from(engineId)
  const { id, hash, length } = AUTH[authProtocol]
  try {
    const auth = { hash, length, key: Authentication.passwordToKey(id, authKey, engine) }
    if (level === 'authNoPriv' || !privProtocol || privKey === undefined) return { auth }
    return { auth, priv: { cipher: PRIV[privProtocol].cipher, key: privacyKey(id, privProtocol, privKey, engine) } }
  } finally {
    forget()
  }
}

function privacyKey(auth: Hashing, protocol: PrivProtocol, passPhrase: string, engine: Buffer): Buffer {
  switch (protocol) {
    case 'aes128':
      return Encryption.generateLocalizedKey(Encryption.algorithms[PrivProtocols.aes], auth, passPhrase, engine)
    case 'aes256':
      return Encryption.generateLocalizedKeyBlumenthal(
        Encryption.algorithms[PrivProtocols.aes256b],
        auth,
        passPhrase,
        engine,
      )
    case 'aes256c':
      return Encryption.generateLocalizedKeyReeder(
        Encryption.algorithms[PrivProtocols.aes256r],
        auth,
        passPhrase,
        engine,
      )
  }
}

/** net-snmp keeps every key for ever, under names in which pass phrase and engine ID run together. */
function forget(): void {
  for (const name of Object.keys(Authentication.authToKeyCache)) delete Authentication.authToKeyCache[name]
}

/** The signature of a message whose authentication parameters, at `at`, count as zeros [RFC3414 §6.3.1 3, §7.3.1 3]. */
export function sign(message: Uint8Array, at: number, { hash, length, key }: NonNullable<Keys['auth']>): Buffer {
  const hmac = createHmac(hash, key)
  hmac.update(message.subarray(0, at))
  hmac.update(Buffer.alloc(length))
  hmac.update(message.subarray(at + length))
  return hmac.digest().subarray(0, length)
}

/** Whether the message carries its right signature at `at`. */
export function isSigned(
  message: Uint8Array,
  at: number,
  signature: Uint8Array,
  auth: NonNullable<Keys['auth']>,
): boolean {
  return signature.byteLength === auth.length && timingSafeEqual(sign(message, at, auth), signature)
}

/** What makes two messages of one key differ; `salt` has 8 bytes and never comes again [RFC3826 §3.1.2.1]. */
export interface Vector {
  readonly boots: number
  readonly time: number
  readonly salt: Uint8Array
}

export function encrypt(plain: Uint8Array, { cipher, key }: NonNullable<Keys['priv']>, vector: Vector): Buffer {
  // CFB needs no padding: what `final` gives is empty.
  return createCipheriv(cipher, key, initialization(vector)).update(plain)
}

export function decrypt(secret: Uint8Array, { cipher, key }: NonNullable<Keys['priv']>, vector: Vector): Buffer {
  return createDecipheriv(cipher, key, initialization(vector)).update(secret)
}

function initialization({ boots, time, salt }: Vector): Buffer {
  const iv = Buffer.alloc(16)
  iv.writeInt32BE(boots, 0)
  iv.writeInt32BE(time, 4)
  iv.set(salt, 8)
  return iv
}

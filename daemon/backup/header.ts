// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from 'node:crypto'
import { z } from 'zod'

/** What stands before the sealed part of a backup, readable by everybody; a change of it breaks every seal behind it. */
export const MAGIC = 'OFFHOOK-BACKUP 1\n'
export const MOST_HEADER_BYTES = 16_384

const base64 = (bytes: number) =>
  z
    .string()
    .regex(/^[\w-]+$/)
    .refine((text) => Buffer.from(text, 'base64url').length === bytes)
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

const slot = z.strictObject({
  /** What opens it: the recovery key of the appliance, or the passphrase of the configuration. */
  kind: z.enum(['recovery', 'passphrase']),
  salt: base64(16),
  /** Nonce, tag and the content key. */
  sealed: base64(12 + 16 + 32),
})

export const REASONS = ['nightly', 'on demand', 'before upgrade'] as const

const header = z.strictObject({
  /** The moment of the snapshot, in milliseconds since the epoch. */
  at: count.max(8.64e15),
  why: z.enum(REASONS),
  /** Of Offhook. */
  version: z.string().max(64),
  host: z.string().max(255),
  /** Where the store was; see StoreSnapshot. */
  sequence: count,
  revision: count,
  schema: count,
  records: count,
  files: count,
  /** Of the files. */
  bytes: count,
  slots: z.array(slot).min(1).max(4),
})

export type BackupHeader = z.output<typeof header>
export type Slot = z.output<typeof slot>
export type Reason = (typeof REASONS)[number]

/** What somebody has to open a backup with. */
export interface Keys {
  readonly recovery?: string | undefined
  readonly passphrase?: string | undefined
}

/** It is no backup, it was changed, or the key does not fit; the message is the whole sentence. */
export class BackupRefused extends Error {
  override readonly name = 'BackupRefused'
  readonly code = 'BACKUP_REFUSED'
  /** Another key could open it. */
  readonly needsKey: boolean

  constructor(sentence: string, options: ErrorOptions & { readonly needsKey?: boolean } = {}) {
    super(sentence, options)
    this.needsKey = options.needsKey ?? false
  }
}

export function encodeHeader(value: BackupHeader): Buffer {
  return Buffer.from(`${MAGIC}${JSON.stringify(value)}\n`)
}

/** `line`: what stands behind MAGIC, without its line break. */
export function decodeHeader(line: string): BackupHeader {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new BackupRefused('it is no backup of Offhook, or its beginning is damaged')
  }
  const result = header.safeParse(value)
  if (!result.success) throw new BackupRefused('its beginning is damaged, or a newer Offhook wrote it')
  return result.data
}

/** A slot that gives `content` to who has the key. */
export async function makeSlot(kind: Slot['kind'], key: string, content: Uint8Array): Promise<Slot> {
  const salt = randomBytes(16)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', await slotKey(kind, key, salt), nonce)
  const text = Buffer.concat([cipher.update(content), cipher.final()])
  const sealed = Buffer.concat([nonce, cipher.getAuthTag(), text])
  return { kind, salt: salt.toString('base64url'), sealed: sealed.toString('base64url') }
}

/** The content key; throws BackupRefused when none of the keys fits. */
export async function openSlots(slots: readonly Slot[], keys: Keys): Promise<Uint8Array> {
  for (const { kind, salt, sealed } of slots) {
    const key = keys[kind]
    if (key === undefined) continue
    const bytes = Buffer.from(sealed, 'base64url')
    const derived = await slotKey(kind, key, Buffer.from(salt, 'base64url'))
    const decipher = createDecipheriv('aes-256-gcm', derived, bytes.subarray(0, 12), { authTagLength: 16 })
    decipher.setAuthTag(bytes.subarray(12, 28))
    try {
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
    } catch {
      // Of another machine, or changed since: the next slot may fit.
    }
  }
  const wanted = slots.map(({ kind }) => (kind === 'recovery' ? 'the recovery key' : 'the passphrase')).join(' or ')
  const given = keys.recovery ?? keys.passphrase
  const sentence =
    given === undefined
      ? `${wanted} of the machine that made it is needed`
      : `the key does not open it: it needs ${wanted} of the machine that made it, and an unchanged file`
  throw new BackupRefused(sentence, { needsKey: true })
}

/** The recovery key has 160 random bits and needs no stretching; a passphrase does: 64 MB and about 0.2 s a try. */
function slotKey(kind: Slot['kind'], key: string, salt: Uint8Array): Promise<Buffer> {
  if (kind === 'recovery') return Promise.resolve(Buffer.from(hkdfSync('sha256', key, salt, 'offhook backup', 32)))
  return new Promise((resolve, reject) => {
    const cost = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 }
    scrypt(key.normalize('NFKC'), salt, 32, cost, (error, derived) => (error ? reject(error) : resolve(derived)))
  })
}

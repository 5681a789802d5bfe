// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Base 32 of Crockford: no I, L, O or U, so that it can be read aloud and written down. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const BYTES = 20
const GROUP = 4

export const RECOVERY_KEY_FILE = 'recovery-key'

/** 160 random bits as eight groups of four. */
export function newRecoveryKey(random: (bytes: number) => Uint8Array = randomBytes): string {
  let bits = 0n
  for (const byte of random(BYTES)) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let n = 0; n < (BYTES * 8) / 5; n++) {
    text = (DIGITS[Number(bits & 31n)] ?? '') + text
    bits >>= 5n
  }
  return text.match(new RegExp(`.{${GROUP}}`, 'g'))?.join('-') ?? text
}

/** As it was made, from what a person typed; undefined when it cannot be one. */
export function parseRecoveryKey(typed: string): string | undefined {
  const text = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  if (text.length !== (BYTES * 8) / 5 || [...text].some((digit) => !DIGITS.includes(digit))) return undefined
  return text.match(new RegExp(`.{${GROUP}}`, 'g'))?.join('-')
}

/** The key of a data folder, made where there is none yet. */
export async function recoveryKeyOf(folder: string): Promise<string> {
  const found = await readRecoveryKey(folder)
  if (found !== undefined) return found
  const key = newRecoveryKey()
  await writeFile(join(folder, RECOVERY_KEY_FILE), `${key}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return key
}

/** Undefined when the folder has none. */
export async function readRecoveryKey(folder: string): Promise<string | undefined> {
  const file = join(folder, RECOVERY_KEY_FILE)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new Error(`${file} cannot be read (${error.code})`, { cause: error })
  })
  if (text === undefined) return undefined
  const key = parseRecoveryKey(text)
  if (key === undefined) throw new Error(`${file} is no recovery key: put the right one back, or remove it`)
  return key
}

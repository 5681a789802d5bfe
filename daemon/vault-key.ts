// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const NAME = 'vault-key'

/**
 * The 32 bytes that secrets are sealed with, kept as 64 hex digits: systemd's credential `vault-key` if it passed one,
 * else the file `vault-key` of the data folder, made at the first start.
 */
export async function vaultKey(folder: string, credentials: string | undefined): Promise<Uint8Array> {
  const passed = credentials === undefined ? undefined : await keyIn(join(credentials, NAME))
  return passed ?? (await keyIn(join(folder, NAME))) ?? (await newKey(join(folder, NAME)))
}

async function keyIn(file: string): Promise<Uint8Array | undefined> {
  try {
    const text = (await readFile(file, 'utf8')).trim()
    if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new Error(`the key of the vault, ${file}, cannot be read (${code})`, { cause: error })
  }
  throw new Error(`${file} is no key of 64 hex digits: put the right one back, or sealed secrets are lost`)
}

async function newKey(file: string): Promise<Uint8Array> {
  const key = randomBytes(32)
  await writeFile(file, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  return key
}

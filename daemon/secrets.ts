// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Secret } from '#config/fields'
import { ConfigError } from '#config/load'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The text of a secret, read when the configuration is. A file's last line break is no part of it. `path` names the
 * setting in the ConfigError that is thrown when it cannot be read or is empty.
 */
export function readSecret(secret: Secret, path: string, environment: Environment): string {
  if (typeof secret === 'string') return secret
  const text = readText(placeOf(secret, path, environment), path).replace(/\r?\n$/, '')
  if (text === '') throw new ConfigError([`${path}: the secret is empty`])
  return text
}

/** systemd puts credentials of a service into a folder that only it can read (systemd.exec(5), LoadCredential=). */
function placeOf(secret: Exclude<Secret, string>, path: string, environment: Environment): string {
  if ('file' in secret) return secret.file
  const folder = environment.CREDENTIALS_DIRECTORY
  if (!folder) throw new ConfigError([`${path}: systemd passed no credentials`])
  return join(folder, secret.credential)
}

function readText(file: string, path: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([`${path}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`])
  }
}

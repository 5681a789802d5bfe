// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, loadConfig } from '#config/load'
import type { Config } from '#config/schema'
import { subnetsOf } from '#daemon/settings'

/** Where the package puts the configuration. */
export const CONFIG_FILE = '/etc/offhook/offhook.yaml'

/** The profile of `npm start`, beside the compiled schema. */
export const TRY_OUT_FILE = join(import.meta.dirname, '../../config/try-out.yaml')

/** Reads and checks the configuration; every complaint is a ConfigError. */
export function readConfig(file: string, environment: Readonly<Record<string, string | undefined>>): Config {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError([`${file} cannot be read (${error instanceof Error ? error.message : String(error)})`])
  }
  const config = loadConfig(text, file, environment)
  subnetsOf(config)
  return config
}

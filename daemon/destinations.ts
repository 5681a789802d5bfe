// SPDX-License-Identifier: Apache-2.0
import type { Secret } from '#config/fields'
import { type DestinationConfig, destination, secretFault } from '#config/forwarding'
import { ConfigError } from '#config/load'
import type { Config } from '#config/schema'
import { type DestinationSettings, SECRET_FIELDS } from '#daemon/domain/destination'
import { readSecret } from './secrets.ts'
import type { DestinationCheck, ReadyDestination } from './services/forwarding/forwarding.ts'

/** The destinations of the configuration with their secrets read. Throws ConfigError. */
export function configuredDestinations(config: Config, credentials: string | undefined): ReadyDestination[] {
  const environment = { CREDENTIALS_DIRECTORY: credentials }
  return config.alarms.destinations.map((found, index) =>
    split(found, (field, secret) => {
      const path = `alarms.destinations.${index}.${field}`
      const text = readSecret(secret, path, environment)
      const fault = secretFault(field, text)
      if (fault !== undefined) throw new ConfigError([`${path}: ${fault}`])
      return text
    }),
  )
}

/** The same rules for what people enter. */
export const checkDestination: DestinationCheck = (tree) => {
  const { success, data, error } = destination.safeParse(tree)
  // Only the configuration file may name files with secrets.
  if (success) return split(data, (_, secret) => (typeof secret === 'string' ? secret : ''))
  const faults = error.issues.map(({ path, message, code }) => {
    const [field = 'name'] = path.filter((part) => typeof part === 'string' && part !== 'filter').map(String)
    return { field, message: code === 'unrecognized_keys' ? 'There is no such setting.' : sentence(message) }
  })
  return { faults }
}

function split(found: DestinationConfig, read: (field: string, secret: Secret) => string): ReadyDestination {
  const secrets: Record<string, string> = {}
  const settings: DestinationSettings & Record<string, unknown> = { ...found }
  for (const [field, value] of Object.entries(found)) {
    if (SECRET_FIELDS[found.kind].includes(field)) {
      if (value !== undefined) secrets[field] = read(field, value as Secret)
      delete settings[field]
    } else if (value === undefined) delete settings[field]
  }
  return { settings, secrets }
}

function sentence(message: string): string {
  const text = message.slice(0, 300)
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}

// SPDX-License-Identifier: Apache-2.0
import { parse, stringify } from 'yaml'

/** Names of settings whose value is a secret; a test holds the schema's secrets against it. */
const SECRET_NAME = /(?:pass|secret|communit|token|key$|credential$)/i
const GONE = '[secret]'
/** Shorter ones would take ordinary words out of the texts. */
const LEAST = 5

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** A configuration without its secrets and comments; where a secret stands in a file, the file's name stays. */
export function redactedConfiguration(text: string): { readonly text: string; readonly secrets: readonly string[] } {
  const secrets: string[] = []
  try {
    return { text: stringify(redacted(parse(text, { maxAliasCount: 100 }), false, secrets)), secrets }
  } catch {
    return { text: '# It cannot be read as YAML and is left out.\n', secrets }
  }
}

/** Files that hold secrets, as the configuration names them. */
export function secretFiles(text: string): string[] {
  const files: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === 'string' && (name === 'file' || (isSecretName(name) && inner.startsWith('/'))))
        files.push(inner)
      else walk(inner)
    }
  }
  try {
    walk(parse(text, { maxAliasCount: 100 }))
  } catch {
    // What cannot be read names none.
  }
  return files
}

function redacted(value: unknown, isSecret: boolean, secrets: string[]): unknown {
  if (Array.isArray(value)) return value.map((inner) => redacted(inner, isSecret, secrets))
  if (typeof value === 'object' && value !== null) {
    const isPlaced = 'file' in value || 'credential' in value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [
        name,
        redacted(inner, (isSecret && !isPlaced) || isSecretName(name), secrets),
      ]),
    )
  }
  if (!isSecret || value === null || value === undefined) return typeof value === 'string' ? withoutLogin(value) : value
  secrets.push(String(value))
  return GONE
}

/** A URL may hold a name and a password. */
function withoutLogin(text: string): string {
  return text.replaceAll(/\/\/[^/@\s]+@/g, `//${GONE}@`)
}

/** Takes every one of the secrets out of texts, wherever they came from. */
export class Redactor {
  readonly #secrets: readonly string[]

  constructor(secrets: readonly string[]) {
    const parts = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    const wanted = [...new Set(parts.map((part) => part.trim()).filter((part) => part.length >= LEAST))]
    // The longest first: one may hold another.
    this.#secrets = wanted.sort((a, b) => b.length - a.length)
  }

  clean(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, GONE), withoutLogin(text))
  }
}

// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Alarms } from '#daemon/services/alarms/alarms'

export interface CertificateFilesOptions {
  /** Of the setting, e.g. `ldap.tls`. */
  readonly name: string
  readonly key: string
  readonly cert: string
  /** PEM file of the authorities whose clients are let in. */
  readonly clientCa?: string | undefined
  readonly alarms: Pick<Alarms, 'raise' | 'clear'>
  /** Puts what is in the files now in force; may throw. */
  readonly renew: () => void
}

/** Milliseconds between two looks at the files. */
const LOOK = 30_000
const ALARM = 'CERTIFICATE UNUSABLE'

/** A key, a certificate and perhaps authorities in files that somebody renews: they are read again when they change, and when asked. */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions
  #seen = ''
  #timer: NodeJS.Timeout | undefined

  constructor(options: CertificateFilesOptions) {
    this.#options = options
  }

  /** All as PEM; throws with the setting's name when they cannot be read or do not belong together. */
  read(): { readonly key: string; readonly cert: string; readonly ca?: string } {
    const { name, clientCa } = this.#options
    const pair = { key: textOf(`${name}.key`, this.#options.key), cert: textOf(`${name}.cert`, this.#options.cert) }
    try {
      createSecureContext(pair)
    } catch (error) {
      throw new Error(`${name}: the key and the certificate cannot be used together (${(error as Error).message})`)
    }
    return clientCa === undefined ? pair : { ...pair, ca: authorities(`${name}.clientCa`, clientCa) }
  }

  /** An alarm of the last run is over: without a pair that can be used nothing starts. */
  start(): void {
    void this.#options.alarms.clear(ALARM, this.#options.name)
    this.#seen = this.#stamp()
    this.#timer = setInterval(() => this.look(), LOOK).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Reads again if the files have changed. What cannot be used is told, and the old one stays in force. */
  look(): void {
    const stamp = this.#stamp()
    if (stamp === this.#seen) return
    try {
      this.reread()
      this.#seen = stamp
    } catch {
      // An alarm says so; the next look tries again.
    }
  }

  /** Throws when it cannot be used; the old one stays in force. */
  reread(): void {
    const { name, alarms, renew } = this.#options
    try {
      renew()
      alarms.clear(ALARM, name)
    } catch (error) {
      alarms.raise({
        ...{ name: ALARM, source: name, severity: 'major', eventType: 'processingError' },
        probableCause: PROBABLE_CAUSE.configurationOrCustomizationError,
        description: `The changed certificate is not used, the old one stays: ${(error as Error).message}`,
        remedy: 'Put a key and a certificate that belong together into the files; they are read again by themselves.',
      })
      throw error
    }
  }

  #stamp(): string {
    const { key, cert, clientCa = '' } = this.#options
    return [key, cert, clientCa].map(stampOf).join(' ')
  }
}

function textOf(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Error(`${name}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

/** A file without a certificate would let nobody in, or, where TLS then asks for none, everybody. */
function authorities(name: string, file: string): string {
  const text = textOf(name, file)
  const all = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    for (const one of all) new X509Certificate(one)
  } catch (error) {
    throw new Error(`${name}: ${file} holds what is no certificate (${(error as Error).message})`)
  }
  if (all.length === 0) throw new Error(`${name}: ${file} holds no certificate`)
  return text
}

function stampOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file)
    return `${ino}/${size}/${mtimeMs}`
  } catch {
    return 'none'
  }
}

// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto'
import { open, statfs } from 'node:fs/promises'
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Alarms } from '#daemon/services/alarms/alarms'

const DAY_MS = 24 * 3600 * 1000
const MEGABYTE = 1024 * 1024
/** Below either of these the disk is low, below a fifth of both it is nearly full. */
const LOW_SHARE = 0.05
const LOW_BYTES = 500 * MEGABYTE
/** It is well again with so much more. */
const RECOVERED = 1.2
const WARN_DAYS = 30
const GRAVE_DAYS = 7
/** Certificates are small; more of a file is not read. */
const CERTIFICATE_BYTES = MEGABYTE

const DISK = 'DISK LOW'
const STORE = 'STORE UNWRITABLE'
const CERTIFICATE = 'CERTIFICATE EXPIRING'

export interface SelfWatchOptions {
  readonly alarms: Alarms
  readonly folder: string
  /** Why the store cannot write; undefined while it can. */
  readonly storeTrouble: () => string | undefined
  /** PEM files of the configuration. */
  readonly certificates: readonly string[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Looks after what the appliance itself stands on: disk, store and certificates. */
export class SelfWatch {
  readonly #options: SelfWatchOptions

  constructor(options: SelfWatchOptions) {
    this.#options = options
  }

  async look(): Promise<void> {
    await this.#disk()
    await this.lookAtStore()
    await this.#certificates()
  }

  async #disk(): Promise<void> {
    const { alarms, folder } = this.#options
    const found = await statfs(folder).catch(() => undefined)
    if (!found) return
    const free = found.bavail * found.bsize
    const all = found.blocks * found.bsize
    // On a small disk the share counts, on a large one the bytes.
    const low = Math.min(LOW_SHARE * all, LOW_BYTES)
    const isLow = alarms.isThere(`${DISK}@disk/data`)
    if (free >= low * (isLow ? RECOVERED : 1)) {
      if (isLow) await alarms.clear(DISK, 'disk/data')
      return
    }
    const isNearlyFull = free < low / 5
    const severity = isNearlyFull ? 'critical' : 'major'
    if (isLow && alarms.get(`${DISK}@disk/data`)?.severity === severity) return
    await alarms.raise({
      ...{ name: DISK, source: 'disk/data', severity, eventType: 'equipment' },
      probableCause: PROBABLE_CAUSE.storageCapacityProblem,
      description: `${Math.floor(free / MEGABYTE)} of ${Math.ceil(all / MEGABYTE)} MB of the disk with the data folder are free.`,
      remedy: 'Remove old firmware and logs, or enlarge the disk. When it is full, no phone gets a new address.',
    })
  }

  /** Costs nothing, so it may be asked for often. */
  async lookAtStore(): Promise<void> {
    const { alarms, storeTrouble } = this.#options
    const trouble = storeTrouble()
    const isThere = alarms.isThere(`${STORE}@store`)
    if (trouble === undefined) {
      if (isThere) await alarms.clear(STORE, 'store')
      return
    }
    if (isThere) return
    await alarms.raise({
      ...{ name: STORE, source: 'store', severity: 'critical', eventType: 'processingError' },
      probableCause: PROBABLE_CAUSE.storageCapacityProblem,
      description: `The store cannot write: ${trouble}.`,
      remedy: 'Look at the disk (space, errors, mounted read-only). Nothing new is kept until it can be written again.',
    })
  }

  async #certificates(): Promise<void> {
    for (const file of this.#options.certificates) await this.#certificate(file)
  }

  async #certificate(file: string): Promise<void> {
    const { alarms, now } = this.#options
    const source = `certificate${file}`
    const found = await readStart(file)
      .then(certificateIn)
      .catch(() => undefined)
    const left = found ? Math.floor((Date.parse(found.validTo) - now()) / DAY_MS) : -1
    if (found && left >= WARN_DAYS) {
      if (alarms.isThere(`${CERTIFICATE}@${source}`)) await alarms.clear(CERTIFICATE, source)
      return
    }
    const severity = left < 0 ? 'critical' : left < GRAVE_DAYS ? 'major' : 'warning'
    const ends = left < 0 ? 'has expired' : `expires in ${left} days`
    const description = found
      ? `The certificate in ${file} ${ends}, on ${new Date(found.validTo).toISOString().slice(0, 10)}.`
      : `The certificate in ${file} cannot be read.`
    const before = alarms.get(`${CERTIFICATE}@${source}`)
    if (before && alarms.isThere(before.id) && before.description === description) return
    await alarms.raise({
      ...{ name: CERTIFICATE, source, severity, eventType: 'processingError', description },
      probableCause: PROBABLE_CAUSE.configurationOrCustomizationError,
      remedy:
        'Put a new certificate in its place; it is read again by itself. Phones and people are refused once it is over.',
    })
  }
}

/** The one that ends first of those in a PEM file. Throws when there is none. */
function certificateIn(pem: string): X509Certificate {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  const certificates = blocks.map((block) => new X509Certificate(block))
  const [first] = certificates.sort((a, b) => Date.parse(a.validTo) - Date.parse(b.validTo))
  if (!first) throw new Error('no certificate')
  return first
}

async function readStart(file: string): Promise<string> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(CERTIFICATE_BYTES), 0, CERTIFICATE_BYTES, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

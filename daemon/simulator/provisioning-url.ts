// SPDX-License-Identifier: Apache-2.0
import type { Lease } from './dhcp-client.ts'
import { StepFailure } from './failure.ts'
import type { PhoneIdentity } from './identity.ts'

/** Where a phone fetches its image and its first configuration file. */
export interface ProvisioningSource {
  readonly firmware: URL
  readonly config: URL
}

type Who = Pick<PhoneIdentity, 'mac' | 'model'>

/** `<proto>://<host>[/<path>][;<cfg>]`. */
const GRAMMAR = /^([a-z]+):\/\/([^/;\s]+)(?:\/([^;]*))?(?:;(.*))?$/i
const SPOKEN = new Set(['http', 'https', 'tftp'])
const LONGEST = 512

/** Option 160, else 66 with 67, else a URL in 43: the phones' own order. */
export function sourceOfLease(lease: Pick<Lease, `option${160 | 66 | 67 | 43}`>, who: Who): ProvisioningSource {
  if (lease.option160) return sourceOfUrl(lease.option160, who)
  if (lease.option66) return sourceOfUrl(urlOf66(lease.option66, lease.option67), who)
  if (lease.option43?.includes('://')) return sourceOfUrl(lease.option43, who)
  throw new StepFailure('no option 160, 66 or 43 to boot from')
}

/** Reads option 160. A part without a file's ending is a folder; the part after `;` begins at the host's root. */
export function sourceOfUrl(text: string, who: Who): ProvisioningSource {
  const { base, path, config } = split(text, who)
  const image = `${who.model}.img`
  const own = `${who.mac}.cfg`
  if (config !== undefined) {
    return { firmware: urlOf(base, fileOr(path, image)), config: urlOf(base, fileOr(config, own)) }
  }
  if (/\.cf[gx]$/i.test(path)) return { firmware: urlOf(base, image), config: urlOf(base, path) }
  const config0 = hasEnding(path) ? `${path.slice(0, path.lastIndexOf('/') + 1)}${own}` : fileOr(path, own)
  return { firmware: urlOf(base, fileOr(path, image)), config: urlOf(base, config0) }
}

/** A static URL of a cfg: `provisioning/configuration/url`, or `provisioning/firmware/url`. */
export function staticUrl(text: string, file: string, who: Who): URL {
  const { base, path } = split(text, who)
  return urlOf(base, fileOr(path, file))
}

function split(text: string, who: Who): { base: string; path: string; config: string | undefined } {
  const expanded = text
    .trim()
    .replaceAll(/<mac>/gi, who.mac)
    .replaceAll(/<model>/gi, who.model)
  const match = expanded.length <= LONGEST ? GRAMMAR.exec(expanded) : null
  const protocol = (match?.[1] ?? '').toLowerCase()
  if (!match) throw new StepFailure('provisioning URL not understood')
  if (!SPOKEN.has(protocol)) throw new StepFailure('provisioning URL of a protocol that virtual phones do not speak')
  return { base: `${protocol}://${match[2]}/`, path: match[3] ?? '', config: match[4] || undefined }
}

/** 66 is a host or a URL; without a protocol it is TFTP. 67 is an image, or an image and a cfg. */
function urlOf66(server: string, bootFile: string | undefined): string {
  const base = server.includes('://') ? server : `tftp://${server}`
  return bootFile === undefined ? base : `${base.replace(/\/+$/, '')}/${bootFile.replace(/^\/+/, '')}`
}

function fileOr(path: string, file: string): string {
  if (path === '' || hasEnding(path)) return path || file
  return `${path.replace(/\/+$/, '')}/${file}`
}

function hasEnding(path: string): boolean {
  return /\.[a-z0-9]{1,4}$/i.test(path)
}

function urlOf(base: string, path: string): URL {
  try {
    return new URL(`/${path.replace(/^\/+/, '')}`, base)
  } catch {
    throw new StepFailure('provisioning URL not understood')
  }
}

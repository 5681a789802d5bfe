// SPDX-License-Identifier: Apache-2.0
import type { Ipv4 } from '#protocols/lib/ipv4'

/** The ports of ours that are written into phone files, and how they are spoken to. */
export interface PhonePorts {
  readonly scheme?: 'http' | 'https'
  /** Where files are fetched. */
  readonly files: number
  /** Where keep-alives go. */
  readonly keepAlive: number
}

/** The URLs that a phone is told, all made from our address as this phone reaches it. */
export interface PhoneUrls {
  /** Option 160: where the firmware lies, and after `;` the first file, relative to the host's root. */
  readonly provisioning: string
  readonly configuration: string
  readonly firmware: string
  /** The phone appends `rest/v1/…`. */
  readonly keepAlive: string
}

export function phoneUrls(server: Ipv4, ports: PhonePorts): PhoneUrls {
  const { scheme = 'http' } = ports
  const files = origin(scheme, server, ports.files)
  return {
    provisioning: `${files}/firmwarefiles;ipp/dhcpoption160.cfg`,
    configuration: `${files}/configfiles/`,
    firmware: `${files}/firmwarefiles/`,
    keepAlive: `${scheme}://${server}:${ports.keepAlive}/`,
  }
}

function origin(scheme: 'http' | 'https', server: Ipv4, port: number): string {
  return port === (scheme === 'http' ? 80 : 443) ? `${scheme}://${server}` : `${scheme}://${server}:${port}`
}

/** Characters of a URL that phones take, and of what they append: `<MAC>.cfg`. */
const LONGEST_URL = 128
const APPENDED = 16

/**
 * Where one phone alone gets its file: with a secret in the path that nobody can guess. The region or tenant that its
 * old URL named stays in it, if there is room.
 */
export function personalUrl(urls: PhoneUrls, token: string, scope?: { readonly kind: string; readonly name: string }) {
  const plain = `${urls.configuration}t/${token}/`
  if (!scope) return plain
  const { origin } = new URL(urls.configuration)
  const named = `${origin}/ipp/${scope.kind}/${encodeURIComponent(scope.name)}/t/${token}/`
  return named.length + APPENDED <= LONGEST_URL ? named : plain
}

/** The cipher of the account `system` as the maker's manual prints it: everybody knows it, so it protects nothing. */
export const WELL_KNOWN_PASSWORD = '{"VvlZOp5/5pM="}'

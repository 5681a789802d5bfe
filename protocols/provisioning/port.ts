// SPDX-License-Identifier: Apache-2.0
import type { Resource } from '#protocols/http/port'
import type { Endpoint } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'

/** The region or tenant that a URL names: `/ipp/region/<name>/…`. Any text without slashes and control characters. */
export interface NamedScope {
  readonly kind: 'region' | 'tenant'
  readonly name: string
}

/**
 * What a path or TFTP file name asks for, whatever its spelling. `scope` is only what the client says. `token` is the
 * secret of a phone's personal address, as sent.
 */
export type FileRequest = Asked & { readonly scope?: NamedScope; readonly token?: string }

type Asked =
  /** The well-known first file that option 160 names; carries no secret. */
  | { readonly kind: 'bootstrap' }
  /** `encrypted`: `<MAC>.cfx`, which only its maker's tools and the phone can read. */
  | { readonly kind: 'device-config'; readonly mac: Mac; readonly model?: string; readonly encrypted?: boolean }
  /** A template's shared part, included by device files. */
  | { readonly kind: 'global-config'; readonly name: string }
  /**
   * `<MODEL>.img`, `<MODEL>_<version>.img`; `mac` where its folder names a phone. With `image`, the SHA-256 of one image
   * in lower-case hex, `model` is empty.
   */
  | { readonly kind: 'firmware'; readonly model: string; readonly mac?: Mac; readonly image?: string }

  /** Any other file, by the id it was given; `mac` where a phone asks by its personal address. */
  | { readonly kind: 'auxiliary'; readonly id: string; readonly name: string; readonly mac?: Mac }

/** Who asks, and over what: transports differ in what may be disclosed on them. */
export interface Asker {
  readonly peer: Endpoint
  readonly transport: 'http' | 'https' | 'tftp'
  readonly userAgent: string | undefined
  /** The common name of the client's certificate, where one was checked. */
  readonly clientName?: string | undefined
}

/** The same three endings for every file; codes are HTTP's, TFTP translates (RFC 1350 §5). */
export type FileAnswer =
  | { readonly kind: 'file'; readonly resource: Resource }
  | { readonly kind: 'refuse'; readonly status: 403 | 404 | 503; readonly reason: string }

/** What HTTP provisioning and TFTP ask of the owner of files. */
export interface ProvisioningPort {
  fileFor(request: FileRequest, asker: Asker): Promise<FileAnswer>
}

/** What the redirect service asks of the owner of its list. */
export interface RedirectPort {
  isOn(): boolean
  /** The folder that a phone is sent to; undefined for one that is not on the list. */
  locationOf(mac: Mac, address: string): Promise<string | undefined>
}

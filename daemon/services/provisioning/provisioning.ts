// SPDX-License-Identifier: Apache-2.0

import { type PinnedFile, pinnedKey } from '#daemon/domain/pinned'
import { textOf, withLines } from '#daemon/domain/provisioning/device-file'
import { resolve } from '#daemon/domain/provisioning/placeholder'
import type { AuxiliaryServing } from '#daemon/services/auxiliary/serving'
import type { FirmwareSource } from '#daemon/services/firmware/source'
import type { Access, PhoneAccess } from '#daemon/services/phone-secrets/access'
import type { PinnedFiles } from '#daemon/services/pinned-files'
import type { Fetch } from '#daemon/services/provisioning/served/log'
import { type Vault, VaultError } from '#daemon/services/vault'
import type { Store } from '#daemon/store/store'
import { levels, phoneLdap, phones, scopes, templateMapping, templates } from '#daemon/store/tables'
import { bootstrapFile } from '#daemon/vendors/audiocodes/bootstrap'
import { personalUrl, phoneUrls } from '#daemon/vendors/audiocodes/urls'
import type { Evidence } from '#protocols/lib/exchange'
import { type Ipv4, peerAddress } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { Asker, FileAnswer, FileRequest, ProvisioningPort } from '#protocols/provisioning/port'
import { type Disclosure, opened, WITHOUT_SECRETS, WITHOUT_USER } from './disclosure.ts'
import { withoutPasswords } from './passwords.ts'
import {
  type NoFile,
  type Reader,
  type RenderedDevice,
  Renderer,
  type RendererOptions,
  type Situation,
} from './renderer.ts'
import { TextResources } from './text-resource.ts'

export interface ProvisioningOptions extends RendererOptions {
  readonly store: Store
  readonly vault: Vault
  readonly identify: (evidence: Evidence) => { readonly model: string; readonly firmware: string } | undefined
  readonly firmware: FirmwareSource
  /** Who is the phone that it asks for; without it nobody gets secrets. */
  readonly access?: Pick<PhoneAccess, 'judge'>
  /** Directories, ring tones, certificates and keys. */
  readonly auxiliary?: Pick<AuxiliaryServing, 'fileFor'>
  /** Files that were uploaded for single phones. */
  readonly pinned?: Pick<PinnedFiles, 'get' | 'bytes'>
  /** The password in the well-known first file; only ever one that everybody knows. */
  readonly openPassword?: string | undefined
  /** Last changes to a phone's own file, e.g. while its log is collected. */
  readonly amend?: (mac: Mac, file: string, server: Ipv4) => string
}

type DeviceRequest = Extract<FileRequest, { kind: 'device-config' }>

/** What many files are made of: a change to one of these makes the renderer begin anew. */
const ANY_MAC = '000000000000' as Mac
const SHARED_TABLES = [templates, templateMapping, levels, scopes, phoneLdap]

/** Renders a phone's files when they are fetched, always from current data; there is nothing to generate. */
export class Provisioning implements ProvisioningPort {
  readonly #options: ProvisioningOptions
  readonly #texts: TextResources
  readonly #disclosures: Readonly<Record<Access['level'], Disclosure>>
  readonly renderer: Renderer
  #stopWatching: (() => void)[] = []
  #told: (fetch: Fetch) => void = () => {}

  constructor(options: ProvisioningOptions) {
    this.#options = options
    this.#texts = new TextResources(options.now)
    const secrets = opened((sealed, place) => this.openSecret(sealed, place))
    this.#disclosures = { nothing: WITHOUT_USER, names: WITHOUT_SECRETS, secrets }
    this.renderer = new Renderer(options.store, options)
  }

  async start(): Promise<void> {
    const { store } = this.#options
    this.#stopWatching = SHARED_TABLES.map((table) => store.watch<unknown>(table, 'now', () => this.renderer.forget()))
    this.renderer.forget()
  }

  stop(): void {
    for (const stop of this.#stopWatching.splice(0)) stop()
  }

  /**
   * A renderer of its own upon tables that are only thought of, with the configuration as it is now. One text stands for
   * all passwords that are made for phones: no change of the tables changes them.
   */
  imagined(reader: Reader): Renderer {
    const { directory, accountPassword, ...options } = { ...this.#options }
    const account = accountPassword?.(ANY_MAC)
    const renderer: Renderer = new Renderer(reader, {
      ...options,
      accountPassword: () => account,
      ...(directory && { directory: directory.over?.(reader, () => renderer.tree) ?? directory }),
    })
    return renderer
  }

  /** Calls with each phone's file that was served, before what is added for the moment. */
  tell(listener: (fetch: Fetch) => void): void {
    this.#told = listener
  }

  /** What a phone would be served, with what it may have. */
  made(mac: Mac, situation: Situation, level: Access['level']): RenderedDevice | NoFile {
    return this.renderer.device(mac, situation, this.#disclosures[level])
  }

  async fileFor(request: FileRequest, asker: Asker): Promise<FileAnswer> {
    const stranger = this.#unknownTenant(request)
    if (stranger !== undefined) return refuse(404, stranger)
    switch (request.kind) {
      case 'firmware':
        return this.#options.firmware.fileFor(request, asker)
      case 'auxiliary':
        return this.#options.auxiliary?.fileFor(request, asker) ?? refuse(404, 'there are no such files')
      case 'bootstrap':
        return this.#bootstrap(request, asker)
      case 'global-config':
        return this.#globalConfig(request, asker)
      case 'device-config':
        return this.#deviceConfig(request, asker)
    }
  }

  #bootstrap({ scope }: FileRequest, asker: Asker): FileAnswer {
    const address = peerAddress(asker.peer.address)
    const place = this.renderer.placeOf(address)
    const layers = this.renderer.common(address, scope)
    if ('kind' in place) return refuse(place.status, place.reason)
    if ('kind' in layers) return refuse(layers.status, layers.reason)
    const { openPassword } = this.#options
    const text = bootstrapFile({
      urls: phoneUrls(place.server, this.#options.ports),
      keepAliveMinutes: this.#options.keepAliveMinutes,
      emsUserName: resolve(layers, 'EmsUserName')?.value ?? 'system',
      ...(openPassword !== undefined && { emsUserPassword: openPassword }),
    })
    return this.#text(`bootstrap ${place.server}`, text)
  }

  #globalConfig({ name, scope }: Extract<FileRequest, { kind: 'global-config' }>, asker: Asker): FileAnswer {
    const template = this.renderer.templateOfShared(name)
    if (!template) return refuse(404, `no template has a shared file named ${name}`)
    const address = peerAddress(asker.peer.address)
    const text = this.renderer.shared(template, address, scope)
    if (typeof text !== 'string') return refuse(text.status, text.reason)
    const server = this.renderer.placeOf(address)
    return this.#text(`global ${template.id} ${'server' in server ? server.server : ''}`, text)
  }

  async #deviceConfig(request: DeviceRequest, asker: Asker): Promise<FileAnswer> {
    const { mac, model: askedModel, scope, token } = request
    const { store, identify, amend, ports, access: judge } = this.#options
    const ending = request.encrypted ? 'cfx' : 'cfg'
    const pinned = this.#options.pinned?.get(mac, ending)
    const access = await judge?.judge(mac, store.get(phones, mac)?.value, token, asker, pinned === undefined)
    if (access === 'busy') return refuse(503, 'too many files of other phones are asked for from there')
    if (pinned) {
      const answer = await this.#pinned(pinned, access?.level ?? 'names')
      if (answer) return answer
    }
    if (ending === 'cfx') return refuse(404, `no encrypted file is pinned to ${mac}`)
    const phone = store.get(phones, mac)?.value
    const claimed = identify(asker.userAgent === undefined ? { mac } : { mac, userAgent: asker.userAgent })
    const situation = {
      address: peerAddress(asker.peer.address),
      named: scope,
      token: access?.token,
      model: phone?.model || claimed?.model || askedModel?.toUpperCase() || '',
      firmware: claimed?.firmware || phone?.firmware || '',
    }
    const level = access?.level ?? 'names'
    const rendered = this.made(mac, situation, level)
    if (rendered.kind === 'none') return refuse(rendered.status, rendered.reason)
    const { server } = rendered
    const own = access?.token === undefined ? [] : [personalUrl(phoneUrls(server, ports), access.token, scope)]
    const text = withLines(
      textOf(rendered.file),
      own.map((url) => `provisioning/configuration/url=${url}`),
    )
    const answer = this.#text(`device ${mac} ${level}`, amend?.(mac, text, server) ?? text, level === 'secrets')
    if (phone && answer.kind === 'file') {
      const { etag } = answer.resource
      const personal = token !== undefined && access?.token === token
      this.#told({ phone, situation, rendered, etag, level, transport: asker.transport, personal })
    }
    return answer
  }

  /**
   * Byte for byte to the phone itself. Others get a `.cfg` without its passwords; of what they may not know at all, and of
   * what nobody here can read, nothing.
   */
  async #pinned(file: PinnedFile, level: Access['level']): Promise<FileAnswer | undefined> {
    const key = pinnedKey(file)
    if (level !== 'secrets' && file.ending === 'cfx') return refuse(403, `${key} goes to the phone itself only`)
    if (level === 'nothing') return undefined
    const bytes = await this.#options.pinned?.bytes(file)
    if (!bytes) return refuse(503, `the pinned file ${key} cannot be read: pin it again`)
    if (level === 'names') return this.#text(`pinned ${key}`, withoutPasswords(bytes.toString('utf8')))
    return {
      kind: 'file',
      resource: {
        contentType: file.ending === 'cfx' ? 'application/octet-stream' : 'text/plain; charset=utf-8',
        ...{ size: bytes.length, etag: `"${file.hash.slice(0, 32)}"`, modified: new Date(file.at), confidential: true },
        open: (start, end) => bytes.subarray(start, end + 1),
      },
    }
  }

  /** One that was sealed with another key, or for another place, is left out: somebody has to enter it again. */
  openSecret(sealed: string, place: string): string | undefined {
    try {
      return this.#options.vault.open(sealed, place)
    } catch (error) {
      if (error instanceof VaultError) return undefined
      throw error
    }
  }

  /** Tenants' own URLs end with their tenants; while none is defined, any name serves. */
  #unknownTenant({ scope }: FileRequest): string | undefined {
    if (scope?.kind !== 'tenant' || !this.renderer.tree.has('tenant') || this.renderer.named(scope)) return undefined
    return `there is no tenant ${scope.name}`
  }

  #text(key: string, text: string, confidential = false): FileAnswer {
    return { kind: 'file', resource: { ...this.#texts.resource(key, text), confidential } }
  }
}

function refuse(status: 403 | 404 | 503, reason: string): FileAnswer {
  return { kind: 'refuse', status, reason }
}

// SPDX-License-Identifier: Apache-2.0

import type { Phone } from '#daemon/domain/phone'
import { textOf } from '#daemon/domain/provisioning/device-file'
import { resolve } from '#daemon/domain/provisioning/placeholder'
import type { FirmwareSource } from '#daemon/services/firmware/source'
import { type Vault, VaultError } from '#daemon/services/vault'
import type { Store } from '#daemon/store/store'
import { leases, levels, phoneLdap, phones, scopes, templateMapping, templates } from '#daemon/store/tables'
import { bootstrapFile } from '#daemon/vendors/audiocodes/bootstrap'
import { phoneUrls } from '#daemon/vendors/audiocodes/urls'
import type { Evidence } from '#protocols/lib/exchange'
import { type Ipv4, peerAddress } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { Asker, FileAnswer, FileRequest, ProvisioningPort } from '#protocols/provisioning/port'
import { type Disclosure, opened, WITHOUT_SECRETS } from './disclosure.ts'
import { Renderer, type RendererOptions } from './renderer.ts'
import { TextResources } from './text-resource.ts'

export interface ProvisioningOptions extends RendererOptions {
  readonly store: Store
  readonly vault: Vault
  readonly identify: (evidence: Evidence) => { readonly model: string; readonly firmware: string } | undefined
  readonly firmware: FirmwareSource
  /** Last changes to a phone's own file, e.g. while its log is collected. */
  readonly amend?: (mac: Mac, file: string, server: Ipv4) => string
}

type DeviceRequest = Extract<FileRequest, { kind: 'device-config' }>

/** What many files are made of: a change to one of these makes the renderer begin anew. */
const SHARED_TABLES = [templates, templateMapping, levels, scopes, phoneLdap]

/** Renders a phone's files when they are fetched, always from current data; there is nothing to generate. */
export class Provisioning implements ProvisioningPort {
  readonly #options: ProvisioningOptions
  readonly #texts: TextResources
  readonly #open: Disclosure
  readonly renderer: Renderer
  #stopWatching: (() => void)[] = []

  constructor(options: ProvisioningOptions) {
    this.#options = options
    this.#texts = new TextResources(options.now)
    this.#open = opened((sealed, place) => this.#secret(sealed, place))
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

  async fileFor(request: FileRequest, asker: Asker): Promise<FileAnswer> {
    const stranger = this.#unknownTenant(request)
    if (stranger !== undefined) return refuse(404, stranger)
    switch (request.kind) {
      case 'firmware':
        return this.#options.firmware.fileFor(request, asker)
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
    const text = bootstrapFile({
      urls: phoneUrls(place.server, this.#options.ports),
      keepAliveMinutes: this.#options.keepAliveMinutes,
      emsUserName: resolve(layers, 'EmsUserName')?.value ?? 'system',
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

  #deviceConfig({ mac, model: askedModel, scope }: DeviceRequest, asker: Asker): FileAnswer {
    const { store, identify, amend } = this.#options
    const phone = store.get(phones, mac)?.value
    const claimed = identify(asker.userAgent === undefined ? { mac } : { mac, userAgent: asker.userAgent })
    const situation = {
      address: peerAddress(asker.peer.address),
      named: scope,
      model: phone?.model || claimed?.model || askedModel?.toUpperCase() || '',
      firmware: claimed?.firmware || phone?.firmware || '',
    }
    const trusted = phone?.approval === 'approved' && this.#isAt(phone, asker)
    const rendered = this.renderer.device(mac, situation, trusted ? this.#open : WITHOUT_SECRETS)
    if (rendered.kind === 'none') return refuse(rendered.status, rendered.reason)
    const text = textOf(rendered.file)
    return this.#text(`device ${mac}`, amend?.(mac, text, rendered.server) ?? text)
  }

  /** A file's URL can be guessed from a MAC: whoever asks from elsewhere than the phone gets it without secrets. */
  #isAt({ mac, address, externalAddress }: Phone, asker: Asker): boolean {
    const peer = peerAddress(asker.peer.address)
    if (peer === undefined) return false
    const lease = this.#options.store.get(leases, peer)?.value
    const holder = lease?.state === 'leased' && lease.expiresAt > this.#options.now() ? lease.mac : undefined
    return holder === undefined ? address === peer || externalAddress === peer : holder === mac
  }

  /** One that was sealed with another key, or for another place, is left out: somebody has to enter it again. */
  #secret(sealed: string, place: string): string | undefined {
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

  #text(key: string, text: string): FileAnswer {
    return { kind: 'file', resource: this.#texts.resource(key, text) }
  }
}

function refuse(status: 403 | 404 | 503, reason: string): FileAnswer {
  return { kind: 'refuse', status, reason }
}

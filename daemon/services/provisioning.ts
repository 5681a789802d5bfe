// SPDX-License-Identifier: Apache-2.0

import { clockValues } from '#daemon/domain/dhcp/daylight-saving'
import type { Phone, User } from '#daemon/domain/phone'
import { type Layer, resolve } from '#daemon/domain/placeholder'
import type { Placement } from '#daemon/domain/placement'
import type { Scope, ScopeTree } from '#daemon/domain/scope'
import { type Subnet, subnetOf } from '#daemon/domain/subnet'
import { globalFileName, render, renderOwn, type Template, templateFor } from '#daemon/domain/template'
import type { Store } from '#daemon/store/store'
import { leases, phones, users } from '#daemon/store/tables'
import { bootstrapFile } from '#daemon/vendors/audiocodes/bootstrap'
import { type PhonePorts, type PhoneUrls, phoneUrls } from '#daemon/vendors/audiocodes/urls'
import type { Evidence } from '#protocols/lib/exchange'
import { type Ipv4, peerAddress } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { Asker, FileAnswer, FileRequest, NamedScope, ProvisioningPort } from '#protocols/provisioning/port'
import type { FirmwareSource } from './firmware/source.ts'
import { TextResources } from './text-resource.ts'

export interface ProvisioningOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly identify: (evidence: Evidence) => { readonly model: string; readonly firmware: string } | undefined
  readonly subnets: readonly Subnet[]
  /** Our address towards phones of no known subnet. */
  readonly serverAddress: Ipv4 | undefined
  readonly ports: PhonePorts
  readonly keepAliveMinutes: number
  readonly templates: readonly Template[]
  readonly builtIn: Readonly<Record<string, string>>
  readonly firmware: FirmwareSource
  /** How phones ask a directory, by the id of the scope they are in; secrets only where `secrets` says so. */
  readonly directory?: { layer(region: string, server: string, secrets: boolean): Layer | undefined }
  /** Last changes to a phone's own file, e.g. while its log is collected. */
  readonly amend?: (mac: Mac, file: string, server: Ipv4) => string
  /** Regions and sites; without them a phone's subnet alone tells its place. */
  readonly scopes?: Places
}

/** What provisioning asks of the scope tree. */
export interface Places {
  tree(): ScopeTree
  placementOf(phone: Phone): Placement
  ofAddress(address: Ipv4): Scope | undefined
}

type DeviceRequest = Extract<FileRequest, { kind: 'device-config' }>

/** Renders a phone's files when they are fetched, always from current data; there is nothing to generate. */
export class Provisioning implements ProvisioningPort {
  readonly #options: ProvisioningOptions
  readonly #clocks = new Map<string, Readonly<Record<string, string>>>()
  readonly #texts: TextResources

  constructor(options: ProvisioningOptions) {
    this.#options = options
    this.#texts = new TextResources(options.now)
  }

  async fileFor(request: FileRequest, asker: Asker): Promise<FileAnswer> {
    const stranger = this.#unknownTenant(request)
    if (stranger !== undefined) return refuse(404, stranger)
    if (request.kind === 'firmware') return this.#options.firmware.fileFor(request, asker)
    const subnet = this.#subnetOf(asker)
    const server = subnet?.serverAddress ?? this.#options.serverAddress
    if (!server) {
      return refuse(503, `no server address is set for ${asker.peer.address}: set server.address, or a subnet for it`)
    }
    const system = this.#systemLayers(phoneUrls(server, this.#options.ports), server, subnet)
    const layers = [...system, ...this.#scopeLayers(this.#scopeOf(request, asker))]
    switch (request.kind) {
      case 'bootstrap':
        return this.#bootstrap(layers, server)
      case 'global-config':
        return this.#globalConfig(request.name, layers)
      case 'device-config':
        return this.#deviceConfig(request, server, asker, layers, [
          ...system,
          ...this.#scopeLayers(this.#scopeAt(asker)),
        ])
    }
  }

  #bootstrap(layers: readonly Layer[], server: Ipv4): FileAnswer {
    const text = bootstrapFile({
      urls: phoneUrls(server, this.#options.ports),
      keepAliveMinutes: this.#options.keepAliveMinutes,
      emsUserName: resolve(layers, 'EmsUserName')?.value ?? 'system',
    })
    return this.#text(`bootstrap ${server}`, text)
  }

  #globalConfig(name: string, layers: readonly Layer[]): FileAnswer {
    const template = this.#options.templates.find(
      (candidate) => globalFileName(candidate).toLowerCase() === name.toLowerCase(),
    )
    if (!template) return refuse(404, `no template has a shared file named ${name}`)
    return this.#text(
      `global ${template.id} ${resolve(layers, 'ServerIP')?.value}`,
      render(template.global, layers).text,
    )
  }

  /** `shared` are the layers with which this asker is given the file that its own includes. */
  #deviceConfig(
    request: DeviceRequest,
    server: Ipv4,
    asker: Asker,
    layers: readonly Layer[],
    shared: readonly Layer[],
  ): FileAnswer {
    const { store, templates, identify } = this.#options
    const { mac, model: askedModel } = request
    const phone = store.get(phones, mac)?.value
    const claimed = identify(asker.userAgent === undefined ? { mac } : { mac, userAgent: asker.userAgent })
    const model = phone?.model || claimed?.model || askedModel?.toUpperCase() || ''
    const template = templateFor(templates, model, claimed?.firmware || phone?.firmware || '')
    if (!template) {
      return refuse(404, model === '' ? `the model of ${mac} is not known yet` : `no template knows the model ${model}`)
    }
    const approved = phone?.approval === 'approved' ? phone : undefined
    const user = approved && this.#userOf(approved)
    const directory = this.#directoryLayer(request, asker, resolve(layers, 'ServerIP')?.value ?? '')
    const own = [...layers, ...directory, ...userLayer(user), deviceLayer(mac, model, template, approved)]
    const file = renderOwn(template, shared, own)
    return this.#text(`device ${mac}`, this.#options.amend?.(mac, file, server) ?? file)
  }

  /** The same for every phone of a place, but for the password: that is for phones that were let in, at their own address. */
  #directoryLayer(request: DeviceRequest, asker: Asker, server: string): Layer[] {
    const { directory, store } = this.#options
    const phone = store.get(phones, request.mac)?.value
    const secrets = phone?.approval === 'approved' && this.#isAt(phone, asker)
    const layer = directory?.layer(this.#scopeOf(request, asker)?.id ?? '', server, secrets)
    return layer ? [layer] : []
  }

  /** A file's URL can be guessed from a MAC: whoever asks from elsewhere than the phone gets it without secrets. */
  #isAt({ mac, address, externalAddress }: Phone, asker: Asker): boolean {
    const peer = peerAddress(asker.peer.address)
    if (peer === undefined) return false
    const lease = this.#options.store.get(leases, peer)?.value
    const holder = lease?.state === 'leased' && lease.expiresAt > this.#options.now() ? lease.mac : undefined
    return holder === undefined ? address === peer || externalAddress === peer : holder === mac
  }

  #userOf(phone: Phone): User | undefined {
    return this.#options.store.get(users, phone.owner || phone.userName.toLowerCase())?.value
  }

  /** Tenants' own URLs end with their tenants; while none is defined, any name serves. */
  #unknownTenant({ scope }: FileRequest): string | undefined {
    const tree = this.#options.scopes?.tree()
    if (scope?.kind !== 'tenant' || !tree?.has('tenant') || this.#named(scope)) return undefined
    return `there is no tenant ${scope.name}`
  }

  #named({ kind, name }: NamedScope): Scope | undefined {
    const found = this.#options.scopes?.tree().find(name, kind === 'tenant' ? kind : undefined)
    return found?.kind === 'found' ? found.scope : undefined
  }

  /** One layer for each scope on the way to where the phone is, the nearest last. */
  #scopeLayers(scope: Scope | undefined): Layer[] {
    const path = scope ? (this.#options.scopes?.tree().path(scope.id) ?? []) : []
    return path
      .filter(({ timeZone }) => timeZone !== '')
      .map(({ kind, name, timeZone }) => ({ name: `${kind} ${name}`, values: this.#clockOf({ timeZone }) }))
  }

  /** What people said of the phone, then what its URL says, then what its address does. */
  #scopeOf(request: FileRequest, asker: Asker): Scope | undefined {
    const { scopes, store } = this.#options
    if (!scopes) return undefined
    const phone = request.kind === 'device-config' ? store.get(phones, request.mac)?.value : undefined
    const placed = phone && scopes.placementOf(phone)
    if (placed?.why === 'user' || placed?.why === 'set') return placed.scope
    const named = request.scope && this.#named(request.scope)
    if (named) return named
    return placed?.why === 'subnet' ? placed.scope : this.#scopeAt(asker)
  }

  #scopeAt(asker: Asker): Scope | undefined {
    const address = peerAddress(asker.peer.address)
    return address && this.#options.scopes?.ofAddress(address)
  }

  #systemLayers(urls: PhoneUrls, server: Ipv4, subnet: Subnet | undefined): Layer[] {
    const system: Layer = {
      name: 'system',
      values: {
        ServerIP: server,
        KeepActivePeriod: String(this.#options.keepAliveMinutes),
        KeepAliveUrl: urls.keepAlive,
        ConfigurationUrl: urls.configuration,
        FirmwareUrl: urls.firmware,
      },
    }
    const layers = [{ name: 'built-in', values: this.#options.builtIn }, system]
    if (!subnet) return layers
    const values = { Primary_NTP: subnet.ntpServers[0], ...this.#clockOf(subnet) }
    return [...layers, { name: `subnet ${subnet.name}`, values }]
  }

  /** Worked out once a year for each zone: it takes some hundred looks at the calendar. */
  #clockOf({
    timeZone,
    daylightSaving: mode = 'dayOfWeek',
  }: Pick<Subnet, 'timeZone' | 'daylightSaving'>): Readonly<Record<string, string>> {
    if (timeZone === undefined) return {}
    const now = this.#options.now()
    const key = `${timeZone} ${mode} ${new Date(now).getUTCFullYear()}`
    const values = this.#clocks.get(key) ?? clockValues(timeZone, mode, now)
    this.#clocks.set(key, values)
    return values
  }

  #subnetOf(asker: Asker): Subnet | undefined {
    const address = peerAddress(asker.peer.address)
    return address === undefined ? undefined : subnetOf(this.#options.subnets, address)
  }

  #text(key: string, text: string): FileAnswer {
    return { kind: 'file', resource: this.#texts.resource(key, text) }
  }
}

function refuse(status: 403 | 404 | 503, reason: string): FileAnswer {
  return { kind: 'refuse', status, reason }
}

function userLayer(user: User | undefined): Layer[] {
  if (!user) return []
  const { name, displayName, phoneNumber, authName, language } = user
  const line = { Line1Enabled: '1', Line1Id: firstNumber(phoneNumber) || name, Line1AuthName: authName || name }
  const values = { ...line, DisplayName: displayName, ...(language !== '' && { Language: language }) }
  return [{ name: `user ${name}`, values }]
}

/** A phone has one line of ours: the first of the user's numbers. */
function firstNumber(numbers: string): string {
  return numbers.split(',', 1)[0]?.trim() ?? ''
}

function deviceLayer(mac: Mac, model: string, template: Template, phone: Phone | undefined): Layer {
  const { language = '', vlanMode = '', vlanId = '', vlanPriority = '' } = phone ?? {}
  const said = { Language: language, VLANMode: vlanMode, VLANID: vlanId, VLANPriority: vlanPriority }
  const set = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== ''))
  return { name: `device ${mac}`, values: { ...set, mac, Model: model, GlobalFile: globalFileName(template) } }
}

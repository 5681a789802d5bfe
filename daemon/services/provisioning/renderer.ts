// SPDX-License-Identifier: Apache-2.0
import { fileLines } from '#daemon/domain/auxiliary'
import type { Phone, User } from '#daemon/domain/phone'
import { placementOf } from '#daemon/domain/placement'
import { type Addition, deviceFile, type FileLine, sharedText } from '#daemon/domain/provisioning/device-file'
import type { Program } from '#daemon/domain/provisioning/language'
import type { LevelKey, LevelSettings } from '#daemon/domain/provisioning/level-settings'
import type { Layer } from '#daemon/domain/provisioning/placeholder'
import {
  type ChosenTemplate,
  chooseTemplate,
  globalFileName,
  type Template,
  type TemplateQuestion,
} from '#daemon/domain/provisioning/template'
import { type Scope, ScopeTree, SYSTEM } from '#daemon/domain/scope'
import { type Subnet, subnetOf } from '#daemon/domain/subnet'
import {
  auxiliaryFiles,
  levelFiles,
  levels,
  phones,
  scopes,
  templateMapping,
  templates as templatesTable,
  users,
} from '#daemon/store/tables'
import { type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { NamedScope } from '#protocols/provisioning/port'
import { Clocks } from './clocks.ts'
import { type Disclosure, WITHOUT_SECRETS } from './disclosure.ts'
import {
  accountLayer,
  deviceLayer,
  factsLayer,
  filesLayer,
  firmwareLayer,
  settingsLayer,
  systemLayer,
  userLayer,
} from './layers.ts'
import { levelAdditions } from './level-additions.ts'
import { isPassword, withoutPasswords } from './passwords.ts'
import type {
  Basis,
  NoFile,
  Place,
  Reader,
  RenderedDevice,
  RendererOptions,
  SharedLines,
  Situation,
} from './rendering.ts'

export type { Basis, NoFile, Reader, RenderedDevice, RendererOptions, Situation } from './rendering.ts'

/** What was asked for templates is remembered for so many questions. */
const MOST_CHOICES = 10_000

/** Makes phones' files of what the tables hold. What many phones share is worked out once, until `forget` is called. */
export class Renderer {
  readonly #reader: Reader
  readonly #options: RendererOptions
  readonly #clocks: Clocks
  readonly #stacks = new Map<string, readonly Layer[]>()
  readonly #shared = new Map<string, SharedLines>()
  readonly #choices = new Map<string, ChosenTemplate | undefined>()
  #tree: ScopeTree | undefined
  #templates: ReadonlyMap<string, Template> | undefined

  constructor(reader: Reader, options: RendererOptions) {
    this.#reader = reader
    this.#options = options
    this.#clocks = new Clocks(options.now)
  }

  /** Templates, settings, places or the configuration changed. */
  forget(): void {
    this.#stacks.clear()
    this.#shared.clear()
    this.#choices.clear()
    this.#tree = undefined
    this.#templates = undefined
  }

  get tree(): ScopeTree {
    this.#tree ??= new ScopeTree(this.#reader.get(scopes, 'tree')?.value.scopes ?? [])
    return this.#tree
  }

  /** By id: those that were made here before those that were shipped. */
  get templates(): ReadonlyMap<string, Template> {
    this.#templates ??= new Map(
      [
        ...Array.from(this.#reader.entries(templatesTable), ({ value }) => value),
        ...this.#options.shipped.filter(({ id }) => !this.#reader.get(templatesTable, id)),
      ].map((template) => [template.id, template]),
    )
    return this.#templates
  }

  /** The part of a template, by the name that `;#use` gives it. */
  partOf(part: string): Program | undefined {
    const [id = '', which] = part.split('/')
    const template = this.templates.get(id)
    return template && this.#options.programs.of(which === 'global' ? template.global : template.private)
  }

  /** Our address as seen from another one; a refusal when none is set. */
  placeOf(address: Ipv4 | undefined): Place | NoFile {
    const subnet = address === undefined ? undefined : subnetOf(this.#options.subnets, address)
    const server = subnet?.serverAddress ?? this.#options.serverAddress
    if (server) return { server, subnet }
    const reason = `no server address is set for ${address ?? 'phones of unknown address'}`
    return { kind: 'none', status: 503, reason: `${reason}: set server.address, or a subnet for it` }
  }

  /** The phone as a table knows it: where it would ask from, and as what. */
  situationOf(phone: Phone): Situation {
    const address = parseIpv4(phone.address) ?? parseIpv4(phone.externalAddress)
    return { address, model: phone.model, firmware: phone.firmware }
  }

  device(mac: Mac, situation: Situation, disclosure: Disclosure): RenderedDevice | NoFile {
    const basis = this.basisOf(mac, situation)
    return basis.kind === 'none' ? basis : this.deviceOf(basis, disclosure)
  }

  /** Cheap: nothing is filled in yet. */
  basisOf(mac: Mac, situation: Situation): Basis | NoFile {
    const { address, named, model, firmware } = situation
    const place = this.placeOf(address)
    if ('kind' in place) return place
    const phone = this.#reader.get(phones, mac)?.value
    const approved = phone?.approval === 'approved' ? phone : undefined
    const user = approved && this.#userOf(approved)
    const scope = this.#scopeOf(phone, named, address)
    const path = this.tree.path(scope.id)
    const own = this.#level(`device/${mac}`)?.template ?? ''
    const template = this.#choice(model, firmware, own, scope, path)
    if (!template) {
      const reason = model === '' ? `the model of ${mac} is not known yet` : `no template knows the model ${model}`
      return { kind: 'none', status: 404, reason }
    }
    const nearby = address === undefined ? scope : this.scopeAt(address)
    return { kind: 'basis', mac, situation, place, approved, user, scope, nearby, path, template }
  }

  deviceOf(basis: Basis, disclosure: Disclosure): RenderedDevice {
    const { mac, situation, place, scope, nearby, path, template: chosen } = basis
    const { template } = chosen
    const user = disclosure.user ? basis.user : undefined
    const approved = disclosure.user ? basis.approved : undefined
    // On the phone's own word it learns nothing that is secret about whom it says to belong to.
    const proven = approved?.ownerFrom === 'admin' && approved.owner === user?.name
    const toUser = proven ? disclosure : WITHOUT_SECRETS
    const { ports, needsOwnFirmwareUrl } = this.#options
    const stack = this.#stack(place, scope, template, disclosure)
    const personal = [
      ...(needsOwnFirmwareUrl?.(mac, situation.model) ? firmwareLayer(place.server, ports, mac, stack) : []),
      ...(user
        ? [userLayer(user, proven, toUser), ...this.#settings(`user ${user.name}`, `user/${user.name}`, toUser)]
        : []),
      ...(approved ? [deviceLayer(approved)] : []),
      ...this.#settings(`device ${mac}`, `device/${mac}`, disclosure),
      factsLayer(mac, situation.model, template),
    ]
    const layers = [
      ...this.#accountLayer(mac, disclosure),
      ...stack,
      ...personal,
      filesLayer(place.server, ports, mac, situation.token, disclosure),
    ]
    const shared = this.#sharedLines(template, place, nearby)
    const parts = {
      template: template.title,
      global: this.#options.programs.of(template.global),
      private: this.#options.programs.of(template.private),
      additions: this.#additions(template, path, user, mac),
      own: layers,
      partOf: (part: string) => this.partOf(part),
    }
    const whole = deviceFile(parts, shared.set)
    const told = ({ text, from }: FileLine) =>
      (disclosure.passwords && (proven || !`${from},`.startsWith(`user ${user?.name},`))) || !isPassword(text)
    const file = { ...whole, lines: whole.lines.filter(told) }
    return { kind: 'file', file, template: chosen, scope, server: place.server, layers, personal, shared: shared.all }
  }

  /** The levels that a phone's files come from, the nearest last; its user's only if people said whose it is. */
  levelsOf(mac: Mac): LevelKey[] {
    const phone = this.#reader.get(phones, mac)?.value
    const basis = phone && this.basisOf(mac, this.situationOf(phone))
    if (!phone || !basis || basis.kind === 'none') return []
    const scopes = basis.path.filter(({ id }) => id !== SYSTEM.id).map(({ id }) => `scope/${id}` as const)
    const user = phone.ownerFrom === 'admin' && basis.user?.name === phone.owner ? [`user/${phone.owner}` as const] : []
    return ['system', `template/${basis.template.template.id}`, ...scopes, ...user, `device/${mac}`]
  }

  /** The template that a phone would get, and why; undefined when there is none for it. */
  chosen(question: TemplateQuestion): ChosenTemplate | undefined {
    const mapping = this.#reader.get(templateMapping, 'rules')?.value ?? { rules: [] }
    return chooseTemplate(this.templates, mapping, question)
  }

  /** The same for a phone of the table, with the place that it is in. */
  chosenFor(phone: Phone): { readonly template: ChosenTemplate | undefined; readonly path: readonly Scope[] } {
    const { address, model, firmware } = this.situationOf(phone)
    const scope = this.#scopeOf(phone, undefined, address)
    const path = this.tree.path(scope.id)
    const own = this.#level(`device/${phone.mac}`)?.template ?? ''
    return { template: this.#choice(model, firmware, own, scope, path), path }
  }

  /** The layers of a place, the farthest first; without our own address where none is known. */
  layersAt(scope: Scope, template: Template | undefined, disclosure: Disclosure): readonly Layer[] {
    const [subnet] = this.#options.subnets
    const server = this.#options.serverAddress ?? subnet?.serverAddress
    return server ? this.#stack({ server, subnet: undefined }, scope, template, disclosure) : []
  }

  /** The shared file of a template, for whoever asks from an address. It is without secrets: all can fetch it. */
  shared(template: Template, address: Ipv4 | undefined, named?: NamedScope): string | NoFile {
    const place = this.placeOf(address)
    if ('kind' in place) return place
    const scope = (named && this.named(named)) ?? this.scopeAt(address)
    const layers = this.#stack(place, scope, template, WITHOUT_SECRETS)
    return this.#sharedText(template, layers)
  }

  /** Passwords that somebody wrote into a template go into the phones' own files instead. */
  #sharedText(template: Template, layers: readonly Layer[]): string {
    return withoutPasswords(sharedText(this.#options.programs.of(template.global), layers, (part) => this.partOf(part)))
  }

  templateOfShared(name: string): Template | undefined {
    const wanted = name.toLowerCase()
    const named = (template: Template) => [globalFileName(template), ...(template.aliases ?? [])]
    return [...this.templates.values()].find((one) => named(one).some((name) => name.toLowerCase() === wanted))
  }

  /** What all who ask from an address are told, before their model is known. */
  common(address: Ipv4 | undefined, named?: NamedScope): readonly Layer[] | NoFile {
    const place = this.placeOf(address)
    if ('kind' in place) return place
    return this.#stack(place, (named && this.named(named)) ?? this.scopeAt(address), undefined, WITHOUT_SECRETS)
  }

  /** The scope that a URL names. */
  named({ kind, name }: NamedScope): Scope | undefined {
    const found = this.tree.find(name, kind === 'tenant' ? kind : undefined)
    return found.kind === 'found' ? found.scope : undefined
  }

  scopeAt(address: Ipv4 | undefined): Scope {
    const { ofAddress } = this.#options
    if (address === undefined) return SYSTEM
    return (ofAddress ? ofAddress(this.tree, address) : this.tree.ofAddress(address)) ?? SYSTEM
  }

  /** What people said of the phone, then what its URL says, then what its address does. */
  #scopeOf(phone: Phone | undefined, named: NamedScope | undefined, address: Ipv4 | undefined): Scope {
    const { ofAddress } = this.#options
    const propose = ofAddress && ((at: Ipv4) => ofAddress(this.tree, at))
    const owner = phone && phone.owner !== '' ? this.#reader.get(users, phone.owner)?.value : undefined
    const placed = phone && placementOf(phone, owner, this.tree, propose)
    if (placed?.why === 'user' || placed?.why === 'set') return placed.scope
    const said = named && this.named(named)
    if (said) return said
    return placed?.why === 'subnet' ? placed.scope : this.scopeAt(address)
  }

  /** Looked for once for all phones that ask the same. */
  #choice(
    model: string,
    firmware: string,
    own: string,
    scope: Scope,
    path: readonly Scope[],
  ): ChosenTemplate | undefined {
    const key = [scope.id, own, model, firmware].join('\n')
    if (this.#choices.has(key)) return this.#choices.get(key)
    const chosen = this.chosen({ model, firmware, own, path })
    // Clients name models and versions as they like.
    if (this.#choices.size >= MOST_CHOICES) this.#choices.clear()
    this.#choices.set(key, chosen)
    return chosen
  }

  #userOf(phone: Phone): User | undefined {
    return this.#reader.get(users, phone.owner || phone.userName.toLowerCase())?.value
  }

  #level(key: LevelKey): LevelSettings | undefined {
    return this.#reader.get(levels, key)?.value
  }

  #settings(name: string, key: LevelKey, disclosure: Disclosure): Layer[] {
    return settingsLayer(name, key, this.#level(key), disclosure)
  }

  /** All layers that do not depend on the phone itself, the farthest first. */
  #stack(place: Place, scope: Scope, template: Template | undefined, disclosure: Disclosure): readonly Layer[] {
    const year = new Date(this.#options.now()).getUTCFullYear()
    const { server, subnet } = place
    const key = [scope.id, server, subnet?.name ?? '', template?.id ?? '', disclosure.name, year].join('\n')
    const known = this.#stacks.get(key)
    if (known) return known
    const { builtIn, ports, keepAliveMinutes } = this.#options
    const ofTemplate = template
      ? this.#settings(`template ${template.title}`, `template/${template.id}`, disclosure)
      : []
    const layers = [
      { name: 'built-in', values: builtIn },
      systemLayer(server, ports, keepAliveMinutes),
      ...this.#settings('system', 'system', disclosure),
      ...ofTemplate,
      ...this.#subnetLayer(subnet),
      ...this.#directoryLayer(scope, server, disclosure),
      ...this.tree.path(scope.id).flatMap((place) => this.#scopeLayers(place, disclosure)),
    ]
    this.#stacks.set(key, layers)
    return layers
  }

  #accountLayer(mac: Mac, disclosure: Disclosure): Layer[] {
    const password = disclosure.passwords ? this.#options.accountPassword?.(mac) : undefined
    return password === undefined ? [] : [accountLayer(password, disclosure)]
  }

  #subnetLayer(subnet: Subnet | undefined): Layer[] {
    if (!subnet) return []
    const values = { Primary_NTP: subnet.ntpServers[0], ...this.#clocks.of(subnet) }
    return [{ name: `subnet ${subnet.name}`, values }]
  }

  /** The same for every phone of a place, but for the password. */
  #directoryLayer(scope: Scope, server: Ipv4, disclosure: Disclosure): Layer[] {
    const id = scope.id === SYSTEM.id ? '' : scope.id
    const open = this.#options.directory?.layer(id, server, disclosure.passwords)
    if (!open) return []
    const secrets = new Set(['LDAPPassword'])
    const { LDAPPassword: password, ...values } = open.values
    if (password === undefined) return [open]
    const shown = disclosure.shown ? disclosure.shown(password) : password
    return [{ ...open, secrets, values: { ...values, LDAPPassword: shown } }]
  }

  #scopeLayers(scope: Scope, disclosure: Disclosure): Layer[] {
    // What is set for the system stands before the model's template.
    if (scope.id === SYSTEM.id) return []
    const name = `${scope.kind} ${scope.name}`
    const clock = scope.timeZone === '' ? [] : [{ name, values: this.#clocks.of(scope) }]
    return [...clock, ...this.#settings(name, `scope/${scope.id}`, disclosure)]
  }

  #additions(template: Template, path: readonly Scope[], user: User | undefined, mac: Mac): Addition[] {
    const levels: readonly (readonly [string, LevelKey])[] = [
      ['system', 'system'],
      [`template ${template.title}`, `template/${template.id}`],
      ...path
        .filter(({ id }) => id !== SYSTEM.id)
        .map(({ kind, name, id }) => [`${kind} ${name}`, `scope/${id}`] as const),
      ...(user ? [[`user ${user.name}`, `user/${user.name}`] as const] : []),
      [`device ${mac}`, `device/${mac}`],
    ]
    const { programs } = this.#options
    return levels.flatMap(([from, key]) => {
      const files = fileLines(
        this.#reader.get(levelFiles, key)?.value,
        (id) => this.#reader.get(auxiliaryFiles, id)?.value,
      )
      const told = files === '' ? [] : [{ from: `${from}, files`, program: programs.of(files) }]
      return [...told, ...levelAdditions(from, this.#level(key), programs)]
    })
  }

  /** The lines of the shared file as a phone that asks from `nearby` gets it. */
  #sharedLines(template: Template, place: Place, nearby: Scope): SharedLines {
    const layers = this.#stack(place, nearby, template, WITHOUT_SECRETS)
    const key = [nearby.id, place.server, place.subnet?.name ?? '', template.id].join('\n')
    const known = this.#shared.get(key)
    if (known) return known
    const all = this.#sharedText(template, layers).split('\n')
    const lines = { all, set: new Set(all) }
    this.#shared.set(key, lines)
    return lines
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Phone, User } from '#daemon/domain/phone'
import type { DeviceFile } from '#daemon/domain/provisioning/device-file'
import type { Layer } from '#daemon/domain/provisioning/placeholder'
import type { ChosenTemplate, Template } from '#daemon/domain/provisioning/template'
import type { Scope, ScopeTree } from '#daemon/domain/scope'
import type { Subnet } from '#daemon/domain/subnet'
import type { Store } from '#daemon/store/store'
import type { PhonePorts } from '#daemon/vendors/audiocodes/urls'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { NamedScope } from '#protocols/provisioning/port'
import type { Programs } from './programs.ts'

/** The tables as they are, or as they would be after a change. */
export type Reader = Pick<Store, 'get' | 'entries'>

interface DirectoryLayers {
  layer(region: string, server: string, secrets: boolean): Layer | undefined
}

/** What files are made of, apart from the tables. */
export interface RendererOptions {
  readonly programs: Programs
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly shipped: readonly Template[]
  readonly builtIn: Readonly<Record<string, string>>
  readonly subnets: readonly Subnet[]
  /** Our address towards phones of no known subnet. */
  readonly serverAddress: Ipv4 | undefined
  readonly ports: PhonePorts
  readonly keepAliveMinutes: number
  /** How phones ask a directory, by the id of the scope they are in; secrets only where `secrets` says so. */
  readonly directory?: DirectoryLayers & {
    /** The same upon other tables. */
    over?(reader: Reader, tree: () => ScopeTree): DirectoryLayers
  }
  /** What the account that a phone reports with has where nobody set another password. */
  readonly accountPassword?: (mac: Mac) => string | undefined
  /** Whether a phone's firmware URL must say who asks: it gets another image than its place does, and nothing else tells. */
  readonly needsOwnFirmwareUrl?: (mac: Mac, model: string) => boolean
  /** The scope that an address proposes; by default the tree's own subnets tell. */
  readonly ofAddress?: (tree: ScopeTree, address: Ipv4) => Scope | undefined
}

/** Who asks for a file, and from where. */
export interface Situation {
  /** Where the request came from; undefined for a phone that is only thought of. */
  readonly address: Ipv4 | undefined
  /** What the URL names. */
  readonly named?: NamedScope | undefined
  /** Of the phone's personal address, where its file may tell it. */
  readonly token?: string | undefined
  readonly model: string
  readonly firmware: string
}

export interface RenderedDevice {
  readonly kind: 'file'
  readonly file: DeviceFile
  readonly template: ChosenTemplate
  readonly scope: Scope
  readonly server: Ipv4
  /** The farthest first. */
  readonly layers: readonly Layer[]
  /** Those of them that are the phone's and its user's alone. */
  readonly personal: readonly Layer[]
  /** The lines of the shared file as this phone gets it. */
  readonly shared: readonly string[]
}

/** What decides which texts and levels make a phone's file. */
export interface Basis {
  readonly kind: 'basis'
  readonly mac: Mac
  readonly situation: Situation
  readonly place: Place
  /** As it is known, if it may have what is its user's. */
  readonly approved: Phone | undefined
  readonly user: User | undefined
  readonly scope: Scope
  /** Whose shared file it gets: by its address. */
  readonly nearby: Scope
  /** From the system to `scope`. */
  readonly path: readonly Scope[]
  readonly template: ChosenTemplate
}

export interface NoFile {
  readonly kind: 'none'
  readonly status: 404 | 503
  readonly reason: string
}

export interface SharedLines {
  readonly all: readonly string[]
  readonly set: ReadonlySet<string>
}

export interface Place {
  readonly server: Ipv4
  readonly subnet: Subnet | undefined
}

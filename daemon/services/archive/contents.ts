// SPDX-License-Identifier: Apache-2.0
import type { Template } from '#daemon/domain/provisioning/template'
import type { ScopeKind } from '#daemon/domain/scope'

/** Whose value it is: as `LevelKey`, but scopes by path, for ids mean nothing elsewhere. */
export type LevelName = 'system' | `template/${string}` | `scope/${string}` | `user/${string}` | `device/${string}`

export interface ScopeEntry {
  readonly kind: ScopeKind
  /** From the top, with slashes between. */
  readonly path: string
  readonly description: string
  /** Undefined: the file says nothing of it. */
  readonly timeZone: string | undefined
  readonly subnets: readonly string[] | undefined
}

export interface ValueEntry {
  readonly level: LevelName
  readonly name: string
  readonly value: string
}

export interface LinesEntry {
  readonly level: LevelName
  readonly text: string
}

export interface MappingEntry {
  readonly model: string
  /** Path of the scope; empty for the system. */
  readonly place: string
  readonly template: string
}

/** An image that a model gets in a place; the image itself is no part of an archive. */
export interface FirmwareEntry {
  readonly model: string
  /** Path of the scope; empty for the system. Or a MAC. */
  readonly place: string
  /** SHA-256, in hex. */
  readonly image: string
}

/** Something to tell of a file: rejected is what was not taken. */
export interface ArchiveNote {
  readonly kind: 'rejected' | 'note'
  readonly file: string
  /** From 1. */
  readonly line?: number
  readonly message: string
}

/** A phone's file as the other system gave it out. */
export interface TheirFile {
  /** In its archive. */
  readonly path: string
  readonly text: string
}

/** A whole configuration as files hold it, whoever wrote them. */
export interface ArchiveContents {
  /** Each before what lies in it. */
  readonly scopes: readonly ScopeEntry[]
  readonly templates: readonly Template[]
  readonly mapping: readonly MappingEntry[]
  readonly values: readonly ValueEntry[]
  readonly lines: readonly LinesEntry[]
  /** The template that was chosen for a phone, by MAC. */
  readonly chosen: ReadonlyMap<string, string>
  readonly firmware: readonly FirmwareEntry[]
  /** Users and phones as CSV. */
  readonly people: { readonly path: string; readonly bytes: Uint8Array } | undefined
  /** By MAC. */
  readonly phoneFiles: ReadonlyMap<string, TheirFile>
  /** Other cfg files that those may include, by name in lower case. */
  readonly includes: ReadonlyMap<string, string>
  readonly notes: readonly ArchiveNote[]
}

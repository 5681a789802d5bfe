// SPDX-License-Identifier: Apache-2.0
import type { AuxiliaryFile, AuxiliaryKind, Slot } from '#daemon/domain/auxiliary'
import type { LevelKey } from '#daemon/domain/provisioning/level-settings'
import type { Saved } from './saved.ts'

/** Files beside the configuration: directories, ring tones, certificates and keys. */
export interface AuxiliaryPort {
  list(): readonly AuxiliaryFile[]
  get(id: string): AuxiliaryFile | undefined
  /** Which level has which file for what. */
  assignments(): readonly { readonly level: LevelKey; readonly slot: Slot; readonly file: string }[]
  /** Errors name `file`. */
  add(kind: AuxiliaryKind, name: string, bytes: Buffer, by: string): Promise<Saved<AuxiliaryFile>>
  /** Refused while it is used; `conflict`: there is no such file. */
  remove(id: string, by: string): Promise<Saved<undefined>>
  /** An empty `file` takes the level's own choice back. */
  assign(level: LevelKey, slot: Slot, file: string, by: string): Promise<Saved<undefined>>
}

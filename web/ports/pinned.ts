// SPDX-License-Identifier: Apache-2.0
import type { PinnedFile } from '#daemon/domain/pinned'
import type { Mac } from '#protocols/lib/mac'
import type { Saved } from './saved.ts'

/** Files that were uploaded for single phones, and are given instead of what would be made for them. */
export interface PinnedPort {
  list(): readonly PinnedFile[]
  of(mac: Mac): readonly PinnedFile[]
  /** The name is that of the file: `<MAC>.cfg` or `<MAC>.cfx`. Errors name `file`. */
  pin(name: string, bytes: Buffer, by: string): Promise<Saved<PinnedFile>>
  /** False when there was none. */
  unpin(mac: Mac, ending: PinnedFile['ending'], by: string): Promise<boolean>
}

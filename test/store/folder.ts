// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { LevelStore, type LevelStoreOptions } from '#daemon/store/level-store'

/** An empty folder that is removed when the test ends. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** An open store that is closed when the test ends. */
export async function openStore(options: LevelStoreOptions): Promise<LevelStore> {
  const store = new LevelStore(options)
  await store.open()
  onTestFinished(() => store.close())
  return store
}

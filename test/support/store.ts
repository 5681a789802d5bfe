// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { LevelStore } from '#daemon/store/level-store'

/** A real store, open, in a fresh folder; closed and removed when the test ends. */
export async function freshStore(): Promise<LevelStore> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-store-'))
  const store = new LevelStore({ folder: join(folder, 'store') })
  await store.open()
  onTestFinished(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  return store
}

// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LevelStore } from '#daemon/store/level-store'
import { storeContract } from '#test/contract/store'

storeContract('LevelStore', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'offhook-contract-'))
  let writes = 0
  return {
    create: () =>
      new LevelStore({
        folder: join(parent, 'store'),
        onGroup: () => {
          writes += 1
        },
      }),
    writes: () => writes,
    dispose: () => rm(parent, { recursive: true, force: true }),
  }
})

// SPDX-License-Identifier: Apache-2.0
import type { ScopeTree } from '#daemon/domain/scope'
import { type Change, put, type Store } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'

/** Records in one commit. */
const BATCH = 500
/** Another writer may be first now and then; more often than this is not chance. */
const MOST_TRIES = 20

/** Puts users whose region is not in the tree into `heir` (empty: the system), and unplaces phones alike. */
export async function moveOut(store: Store, tree: ScopeTree, heir: string): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const changes = strays(store, tree, heir)
    if (changes.length === 0) return
    // Without its batch a changed record is simply found again, as it is then.
    await Promise.allSettled(
      Array.from({ length: Math.ceil(changes.length / BATCH) }, (_, i) =>
        store.commit(changes.slice(i * BATCH, (i + 1) * BATCH), { durable: true }),
      ),
    )
    const trouble = store.trouble()
    if (trouble !== undefined) throw new Error(trouble)
  }
}

function strays(store: Store, tree: ScopeTree, heir: string): Change[] {
  const changes: Change[] = []
  for (const { key, value, revision } of store.entries(users)) {
    if (value.region === '' || tree.get(value.region)) continue
    changes.push(put(users, key, { ...value, region: heir }, revision))
  }
  for (const { key, value, revision } of store.entries(phones)) {
    if (value.scope === '' || tree.get(value.scope)) continue
    changes.push(put(phones, key, { ...value, scope: heir }, revision))
  }
  return changes
}

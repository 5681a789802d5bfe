// SPDX-License-Identifier: Apache-2.0
import { isEmpty, NO_SETTINGS } from '#daemon/domain/provisioning/level-settings'
import { Conflict, put, remove, type Store } from '#daemon/store/store'
import { levels } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'

/** Chooses a template for one phone, or none again: what else is set for the phone stays. */
export async function chooseTemplateFor(store: Store, mac: Mac, template: string): Promise<void> {
  const key = `device/${mac}`
  for (;;) {
    const stored = store.get(levels, key)
    const before = stored?.value ?? NO_SETTINGS
    if (before.template === template) return
    const after = { ...before, template }
    const expected = stored?.revision ?? 'absent'
    try {
      const change = isEmpty(after) ? remove(levels, key, expected) : put(levels, key, after, expected)
      await store.commit([change], { durable: true })
      return
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Phone } from '#daemon/domain/phone'
import { checkDevice, type DeviceDraft } from '#daemon/domain/user'
import type { Announce } from '#daemon/messages'
import type { Alarms } from '#daemon/services/alarms/alarms'
import { Conflict, put, remove, type Store } from '#daemon/store/store'
import { commands, logCollections, phones, timelines } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { DevicesPort } from '#web/ports/devices'
import type { Saved } from '#web/ports/saved'
import type { Actor } from '#web/ports/scopes'

export interface DevicesOptions {
  readonly store: Store
  readonly alarms: Pick<Alarms, 'active' | 'clearAll'>
  readonly announce: Announce
}

/** What people say of phones, and forgetting them. */
export class Devices implements DevicesPort {
  readonly #options: DevicesOptions

  constructor(options: DevicesOptions) {
    this.#options = options
  }

  async change(draft: DeviceDraft, by: Actor): Promise<Saved<Phone>> {
    const facts = checkDevice(draft)
    if ('message' in facts) return { kind: 'refused', errors: [facts] }
    const { mac, ...said } = facts
    const set = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== ''))
    const phone = await this.#edit(mac, (before) => ({ ...before, ...set }))
    if (!phone) return { kind: 'conflict' }
    this.#options.announce('fleet.phone.edited', { mac, fields: Object.keys(set).join(', '), by })
    return { kind: 'saved', value: phone }
  }

  /** The phone's own record goes last: until then it can be asked for again. */
  async remove(mac: Mac, by: Actor): Promise<Saved<Phone>> {
    const { store, alarms, announce } = this.#options
    const phone = store.get(phones, mac)?.value
    if (!phone) return { kind: 'conflict' }
    const own = alarms.active().filter((alarm) => alarm.mac === mac)
    await alarms.clearAll(
      own.map(({ id }) => id),
      by,
    )
    const around = [commands, logCollections, timelines].filter((table) => store.get<unknown>(table, mac))
    await store.commit([...around.map((table) => remove(table, mac)), remove(phones, mac)], { durable: true })
    announce('fleet.phone.removed', { mac, model: phone.model, by })
    return { kind: 'saved', value: phone }
  }

  async #edit(mac: Mac, edit: (phone: Phone) => Phone): Promise<Phone | undefined> {
    const { store } = this.#options
    for (;;) {
      const stored = store.get(phones, mac)
      if (!stored) return undefined
      const after = edit(stored.value)
      try {
        await store.commit([put(phones, mac, after, stored.revision)], { durable: true })
        return after
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }
}

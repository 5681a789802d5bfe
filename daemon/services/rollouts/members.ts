// SPDX-License-Identifier: Apache-2.0
import type { Member } from '#daemon/domain/rollout/rollout'
import type { Store } from '#daemon/store/store'
import { rolloutMembers } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'

/** Who takes part in which rollout: kept from the members' own records. */
export class Members {
  readonly #of = new Map<string, Map<Mac, Member>>()
  readonly #rolloutsOf = new Map<Mac, Set<string>>()
  #unwatch = () => {}

  start(store: Store, moved: (rollout: string) => void): void {
    this.#unwatch = store.watch(rolloutMembers, 0, ({ key, value }) => {
      const [rollout, mac] = key.split('/') as [string, Mac]
      if (value) this.#keep(rollout, mac, value)
      else this.#forget(rollout, mac)
      moved(rollout)
    })
  }

  stop(): void {
    this.#unwatch()
  }

  of(rollout: string): Iterable<Member> {
    return this.#of.get(rollout)?.values() ?? []
  }

  count(rollout: string): number {
    return this.#of.get(rollout)?.size ?? 0
  }

  get(rollout: string, mac: Mac): Member | undefined {
    return this.#of.get(rollout)?.get(mac)
  }

  rolloutsOf(mac: Mac): Iterable<string> {
    return this.#rolloutsOf.get(mac) ?? []
  }

  #keep(rollout: string, mac: Mac, member: Member): void {
    const all = this.#of.get(rollout) ?? new Map<Mac, Member>()
    this.#of.set(rollout, all)
    all.set(mac, member)
    const some = this.#rolloutsOf.get(mac) ?? new Set<string>()
    this.#rolloutsOf.set(mac, some)
    some.add(rollout)
  }

  #forget(rollout: string, mac: Mac): void {
    const all = this.#of.get(rollout)
    all?.delete(mac)
    if (all?.size === 0) this.#of.delete(rollout)
    const some = this.#rolloutsOf.get(mac)
    some?.delete(rollout)
    if (some?.size === 0) this.#rolloutsOf.delete(mac)
  }
}

export function memberKey(rollout: string, mac: Mac): string {
  return `${rollout}/${mac}`
}

// SPDX-License-Identifier: Apache-2.0
import type { Ipv4 } from '#protocols/lib/ipv4'
import { parseIpv4 } from '#protocols/lib/ipv4'
import type { Phone, User } from './phone.ts'
import { type Scope, type ScopeTree, SYSTEM } from './scope.ts'

/** Where a phone is, and on whose word. */
export interface Placement {
  readonly scope: Scope
  /** Its user's region; set for the phone itself; the subnet of its address; or nothing of these. */
  readonly why: 'user' | 'set' | 'subnet' | 'none'
  /** The address that decided, with `why: 'subnet'`. */
  readonly address?: string
}

/** A user's region comes first, then what was set for the phone, then the subnet: the address only proposes. */
export function placementOf(
  phone: Pick<Phone, 'scope' | 'address' | 'externalAddress'>,
  user: Pick<User, 'region'> | undefined,
  tree: ScopeTree,
  ofAddress: (address: Ipv4) => Scope | undefined = (address) => tree.ofAddress(address),
): Placement {
  const ofUser = user && user.region !== '' ? tree.get(user.region) : undefined
  if (ofUser) return { scope: ofUser, why: 'user' }
  const set = phone.scope === '' ? undefined : tree.get(phone.scope)
  if (set) return { scope: set, why: 'set' }
  for (const address of [phone.address, phone.externalAddress]) {
    const parsed = parseIpv4(address)
    const scope = parsed && ofAddress(parsed)
    if (scope) return { scope, why: 'subnet', address }
  }
  return { scope: SYSTEM, why: 'none' }
}

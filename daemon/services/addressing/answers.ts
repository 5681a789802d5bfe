// SPDX-License-Identifier: Apache-2.0
import type { Subnet } from '#daemon/domain/subnet'
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'

/** The client hears nothing; `reason` is for people. */
export function silent(reason: string): LeaseAnswer {
  return { kind: 'silent', reason }
}

export function nak(subnet: Subnet, reason: string): LeaseAnswer {
  return { kind: 'nak', server: subnet.serverAddress, reason }
}

/** [RFC 2131 §4.3.2]: a client that has moved to another network learns it at once. */
export function wrongNetwork(subnet: Subnet, { address }: LeaseQuery): LeaseAnswer {
  return nak(subnet, `${address ?? 'no address'} is not in subnet ${subnet.name}`)
}

export function noSubnet({ link, address }: LeaseQuery): string {
  return `no subnet of ours holds ${link ?? address ?? 'the own link'}`
}

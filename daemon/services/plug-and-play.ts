// SPDX-License-Identifier: Apache-2.0
import type { Identity } from '#daemon/domain/phone'
import { type Subnet, subnetOf } from '#daemon/domain/subnet'
import type { Evidence } from '#protocols/lib/exchange'
import { parseIpv4 } from '#protocols/lib/ipv4'
import { parseMac } from '#protocols/lib/mac'
import type { Profile, ProfileAnswer, ProfileQuery, SipPort } from '#protocols/sip/port'

export interface PlugAndPlayOptions {
  readonly subnets: () => readonly Subnet[]
  readonly identify: (evidence: Evidence) => Identity | undefined
}

/** Tells our phones, and nobody else's, where their first file is: what DHCP option 160 would tell them. */
export class PlugAndPlay implements SipPort {
  readonly #options: PlugAndPlayOptions

  constructor(options: PlugAndPlayOptions) {
    this.#options = options
  }

  async profileFor(query: ProfileQuery): Promise<ProfileAnswer> {
    const evidence = evidenceOf(query)
    const identity = this.#options.identify(evidence)
    return { outcome: this.#decide(query, identity), evidence }
  }

  #decide({ peer }: ProfileQuery, identity: Identity | undefined): ProfileAnswer['outcome'] {
    if (!identity) return { kind: 'ignore', reason: 'no phone of ours: it is left to its own server' }
    const address = parseIpv4(peer.address)
    const subnet = address && subnetOf(this.#options.subnets(), address)
    if (!subnet) return { kind: 'ignore', reason: `no subnet of ours holds ${peer.address}` }
    const { provisioningUrl: url, serverAddress: server } = subnet
    const reply: Profile = { url, server, keepsOrder: identity.vendor === 'AudioCodes' }
    return { kind: 'reply', reply }
  }
}

/** AudioCodes' phones tell their model and no MAC; others put the MAC into From. */
function evidenceOf({ peer, vendor, model, version, userAgent, fromUser }: ProfileQuery): Evidence {
  const mac = parseMac(fromUser.replace(/^mac%3a/i, ''))
  const address = parseIpv4(peer.address)
  const isForeign = vendor !== '' && !/audiocodes/i.test(vendor)
  return {
    ...(mac && { mac }),
    ...(address && { address }),
    ...(userAgent && { userAgent }),
    ...(model && !isForeign && { model }),
    ...(version && { firmware: version }),
  }
}

// SPDX-License-Identifier: Apache-2.0
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Phone } from '#daemon/domain/phone'
import { type Trust, type TrustRules, trustOf } from '#daemon/domain/trust'
import type { Announce } from '#daemon/messages'
import type { Alarms } from '#daemon/services/alarms/alarms'
import type { AtHome } from '#daemon/services/at-home'
import { certifiedMac } from '#daemon/vendors/audiocodes/client-certificate'
import { peerAddress } from '#protocols/lib/ipv4'
import { formatMac, type Mac } from '#protocols/lib/mac'
import type { Asker } from '#protocols/provisioning/port'
import type { Guesses } from './guesses.ts'
import type { PersonalUrls } from './personal-urls.ts'

export interface PhoneAccessOptions {
  readonly urls: PersonalUrls
  readonly home: AtHome
  readonly guesses: Guesses
  readonly rules: () => TrustRules
  readonly alarms: Pick<Alarms, 'raise' | 'clear'>
  readonly announce: Announce
}

/** What one request for a phone's file gets. */
export interface Access {
  readonly level: Trust['level']
  /** The token to write into the file. */
  readonly token?: string
}

const ALARM = 'PHONE WITHOUT ITS PERSONAL ADDRESS'

/** Decides who is the phone that it asks for, and gives each phone the address that is good for it alone. */
export class PhoneAccess {
  readonly #options: PhoneAccessOptions

  constructor(options: PhoneAccessOptions) {
    this.#options = options
  }

  /** `token` as the request has it; without `mayOffer` the file cannot hold a new one. `busy`: too many guesses come from there, and nobody has proved anything. */
  async judge(
    mac: Mac,
    phone: Phone | undefined,
    token: string | undefined,
    asker: Asker,
    mayOffer = true,
  ): Promise<Access | 'busy'> {
    const { urls, home, guesses, rules } = this.#options
    const address = peerAddress(asker.peer.address)
    const certified = certifiedMac(asker.clientName) === mac
    const right = token !== undefined && urls.fits(mac, token)
    const known = certified || right || (address !== undefined && home.holderOf(address) === mac)
    if (!known && !(await guesses.asked(asker.peer.address, mac))) return 'busy'
    if (!phone) return { level: 'nothing' }
    const state = urls.stateOf(mac)
    const proof = address && home.proofOf(phone, address)
    const asking = { approval: phone.approval, tftp: asker.transport === 'tftp', certified, state, proof }
    const trust = trustOf({ ...asking, token: right ? 'right' : token === undefined ? 'none' : 'wrong' }, rules())
    if (trust.level !== 'secrets') {
      if (phone.approval === 'approved') await this.#withheld(phone, asker, trust.why, known)
      return { level: trust.level }
    }
    if (right) await this.#taken(mac)
    if (!trust.offer || (!mayOffer && !right)) return { level: 'secrets' }
    return { level: 'secrets', token: right ? token : await urls.offer(mac) }
  }

  /** Whether a request comes from the phone's own address, as the rules would have it, or has its certificate. */
  isAtHome(phone: Phone, asker: Asker): boolean {
    const address = peerAddress(asker.peer.address)
    const proof = address && this.#options.home.proofOf(phone, address)
    const own = proof === 'lease' || (proof === 'report' && this.#options.rules().ownAddress === 'report')
    return own || certifiedMac(asker.clientName) === phone.mac
  }

  async #taken(mac: Mac): Promise<void> {
    const { urls, alarms } = this.#options
    await urls.used(mac)
    void alarms.clear(ALARM, sourceOf(mac))
  }

  /** Says so once a minute, and as an alarm where it is the phone itself that has lost its address. */
  async #withheld({ mac, model, label }: Phone, asker: Asker, why: string, known: boolean): Promise<void> {
    const { urls, alarms, announce } = this.#options
    const from = asker.peer.address
    if (!(await urls.withheld(mac, from, why))) return
    announce('secrets.withheld', { mac, from, why, transport: asker.transport })
    if (!known || urls.stateOf(mac) !== 'held' || asker.transport === 'tftp') return
    void alarms.raise({
      ...{ name: ALARM, source: sourceOf(mac), mac, remoteHost: from, severity: 'warning' },
      ...{ eventType: 'other', probableCause: PROBABLE_CAUSE.authenticationFailure },
      description: `The phone ${label || model} ${formatMac(mac)} asked at its own address (${from}) for its file without its personal address, and got neither its user nor passwords.`,
      remedy:
        'If somebody reset it at the phone, give it a new personal address on its page. If not, somebody else may use its hardware address.',
    })
  }
}

function sourceOf(mac: Mac): string {
  return `IPPhone/${mac}`
}

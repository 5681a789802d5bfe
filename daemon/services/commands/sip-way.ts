// SPDX-License-Identifier: Apache-2.0
import type { Command, CommandKind } from '#daemon/domain/command'
import type { Phone } from '#daemon/domain/phone'
import { type Subnet, subnetOf } from '#daemon/domain/subnet'
import type { AtHome } from '#daemon/services/at-home'
import { parseIpv4 } from '#protocols/lib/ipv4'
import type { Credentials, SipCall, SipCaller } from '#protocols/sip/port'

export interface SipWayOptions {
  readonly home: AtHome
  readonly caller: SipCaller
  readonly subnets: () => readonly Subnet[]
  readonly settings: () => SipWaySettings
}

export interface SipWaySettings {
  /** Where phones listen. */
  readonly port: number
  readonly credentials: Credentials | undefined
}

export interface Told {
  readonly outcome: 'accepted' | 'not accepted'
  readonly detail: string
}

/** The `Event` of each command that has one; AudioCodes documents these for gateways, and phones may know them, too. */
const EVENTS: Readonly<Partial<Record<CommandKind, string>>> = {
  restart: 'check-sync;reboot=true',
  check: 'check-sync;reboot=false',
  // A phone that checks looks at its firmware, too.
  'update firmware': 'check-sync;reboot=false',
}

/** NOTIFY check-sync, and MESSAGE for texts: the phone answers at once, or we know that it does not. */
export class SipWay {
  readonly #options: SipWayOptions

  constructor(options: SipWayOptions) {
    this.#options = options
  }

  /** The call that tells it; else a sentence that says why there is none. */
  callFor(phone: Phone, command: Command): SipCall | string {
    const { kind, text } = command
    const event = EVENTS[kind === 'update firmware' && command.restart ? 'restart' : kind]
    if (event === undefined && kind !== 'message') return 'SIP has no word for it'
    const address = parseIpv4(phone.address)
    const subnet = address && subnetOf(this.#options.subnets(), address)
    if (!address || !subnet) return 'its address is in no subnet of ours'
    if (!this.#options.home.proofOf(phone, address)) {
      return 'it is behind a NAT, or its address is not proven: neither its reports nor its lease come from there'
    }
    const { port, credentials } = this.#options.settings()
    const common = { to: { address, port }, user: phone.phoneNumber, from: subnet.serverAddress }
    // Only who was let in may learn our name and password.
    const secret = phone.approval === 'approved' && credentials ? { credentials } : {}
    if (event === undefined) {
      return { ...common, ...secret, method: 'MESSAGE', headers: [['content-type', 'text/plain']], body: text }
    }
    const headers = [
      ['event', event],
      ['subscription-state', 'active'],
    ] as const
    return { ...common, ...secret, method: 'NOTIFY', headers, body: '' }
  }

  async tell(call: SipCall): Promise<Told> {
    const answer = await this.#options.caller.call(call)
    switch (answer.kind) {
      case 'answered': {
        const detail = `it answered ${answer.status}${answer.reason === '' ? '' : ` ${answer.reason.slice(0, 60)}`}`
        return { outcome: answer.status < 300 ? 'accepted' : 'not accepted', detail }
      }
      case 'silent':
        return { outcome: 'not accepted', detail: 'it did not answer in 32 s' }
      case 'not sent':
        return { outcome: 'not accepted', detail: answer.reason }
    }
  }
}

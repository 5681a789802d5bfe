// SPDX-License-Identifier: Apache-2.0
import type { LeaseQuery } from '#protocols/dhcp/port'
import { optionCode } from '#protocols/lib/dhcp-option'
import { parseIpv4 } from '#protocols/lib/ipv4'
import { type Mac, parseMac } from '#protocols/lib/mac'
import type { MadeUp } from '#web/ports/dhcp'
import type { FieldError, Saved } from '#web/ports/saved'

/** A client nobody has, for questions that are not about its address. */
const ANY_MAC = '020000000001' as Mac
/** As many as option 55 of one message has room for. */
const MOST_ASKED = 255

/** The message as the DHCP server would have read it; every field that cannot be understood is named. */
export function madeUpQuery(message: MadeUp): Saved<LeaseQuery> {
  const errors: FieldError[] = []
  const complain = (field: keyof MadeUp, sentence: string) => {
    errors.push({ field, message: sentence })
    return undefined
  }
  const hex = (field: 'circuitId' | 'remoteId') => {
    const text = message[field]
    const digits = text.replace(/^0x/i, '').replaceAll(':', '').toLowerCase()
    if (text === '' || /^(?:[0-9a-f]{2}){1,255}$/.test(digits)) return digits || undefined
    return complain(field, `"${text}" is not hex`)
  }
  const mac = message.mac === '' ? ANY_MAC : parseMac(message.mac)
  if (!mac) complain('mac', `"${message.mac}" is not a MAC address`)
  const link = message.giaddr === '' ? undefined : parseIpv4(message.giaddr)
  if (message.giaddr !== '' && !link) complain('giaddr', `"${message.giaddr}" is not an IPv4 address`)
  const wanted = asked(message.ask)
  if (typeof wanted === 'string') complain('ask', wanted)
  const [circuitId, remoteId] = [hex('circuitId'), hex('remoteId')]
  if (errors.length > 0 || !mac || typeof wanted === 'string') return { kind: 'refused', errors }
  const value: LeaseQuery = {
    ...{ kind: message.kind, mac, clientKey: mac, link, wanted, circuitId, remoteId },
    ...{ vendorClass: message.vendorClass || undefined, userClass: message.userClass || undefined },
    ...{ address: undefined, hostname: undefined, leaseSeconds: undefined, server: undefined },
    peer: { address: link ?? '0.0.0.0', port: 67 },
  }
  return { kind: 'saved', value }
}

function asked(text: string): number[] | string {
  const codes: number[] = []
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue
    const code = optionCode(part)
    if (code === undefined) return `there is no option "${part}"`
    codes.push(code)
  }
  return codes.length <= MOST_ASKED ? codes : `at most ${MOST_ASKED} options can be asked for`
}

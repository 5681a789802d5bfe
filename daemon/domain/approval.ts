// SPDX-License-Identifier: Apache-2.0
import { type Cidr, contains, parseIpv4 } from '#protocols/lib/ipv4'
import type { Phone } from './phone.ts'

/** Lets phones in by themselves. All conditions that are given must hold; there is at least one. */
export interface ApprovalRule {
  /** Its address, as the phone says and as we see it, is in here. */
  readonly subnet?: Cidr
  /** `440HD`, or `C4*`; without regard to case. */
  readonly model?: string
  /** The first six hex digits of the MAC, in lower case. */
  readonly oui?: string
  /** Name or path of the region that it is put into; empty to follow its address. */
  readonly region: string
}

/** The first rule that lets the phone in. */
export function ruleFor(rules: readonly ApprovalRule[], phone: Phone): ApprovalRule | undefined {
  return rules.find((rule) => holds(rule, phone))
}

function holds({ subnet, model, oui }: ApprovalRule, phone: Phone): boolean {
  // What the phone says of its address proves nothing: the peer of its report must be there, too.
  const addresses = [phone.address, phone.externalAddress].map(parseIpv4)
  if (subnet && !addresses.every((address) => address !== undefined && contains(subnet, address))) return false
  if (oui !== undefined && !phone.mac.startsWith(oui)) return false
  return model === undefined || matches(model, phone.model)
}

function matches(pattern: string, model: string): boolean {
  const [wanted, found] = [pattern.toLowerCase(), model.toLowerCase()]
  return wanted.endsWith('*') ? found.startsWith(wanted.slice(0, -1)) : found === wanted
}

/**
 * Whether people sign in on the phone itself, as on those for Skype for Business and Teams: it needs no user of ours to
 * be let in. Their firmware says `UC_`.
 */
export function signsInItself({ firmware, userAgent }: Pick<Phone, 'firmware' | 'userAgent'>): boolean {
  return /^UC[_.]/i.test(firmware) || /_UC_/i.test(userAgent)
}

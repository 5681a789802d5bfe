// SPDX-License-Identifier: Apache-2.0
import type { Approval } from './phone.ts'

/** Why we believe that who asks from an address is a certain phone. `report`: it only said so itself. */
export type AddressProof = 'lease' | 'report'

/**
 * A phone's personal address: `offered` until the phone first uses it, `held` from then on. `revoked`: a person took it
 * back, and the phone gets no secrets until somebody gives it a new one.
 */
export type PersonalUrlState = 'none' | 'offered' | 'held' | 'revoked'

/** What admins allow. */
export interface TrustRules {
  /** Give each phone an address of its own, after which no other is good for it. */
  readonly personalUrls: boolean
  /** What proves that a phone is at its own address. */
  readonly ownAddress: AddressProof
  readonly secretsOverTftp: boolean
  /** Whoever knows the MAC of an approved phone gets its secrets. */
  readonly secretsByMac: boolean
}

/** All that is known of one request for a phone's own file. */
export interface Asking {
  readonly approval: Approval
  readonly tftp: boolean
  /** Its certificate says that it is this phone. */
  readonly certified: boolean
  /** Whether the address it asked for is its personal one. */
  readonly token: 'right' | 'wrong' | 'none'
  readonly state: PersonalUrlState
  readonly proof: AddressProof | undefined
}

/** What a file may hold: nothing of its user, the user's name and numbers, or passwords and keys, too. */
export type Trust =
  | { readonly level: 'nothing' | 'names'; readonly why: string }
  /** `offer`: its personal address stands in the file. */
  | { readonly level: 'secrets'; readonly offer: boolean }

/** What may be told to who asks. */
export function trustOf(asking: Asking, rules: TrustRules): Trust {
  const { approval, tftp, certified, token, state, proof } = asking
  const own = proof === 'lease' || (proof === 'report' && rules.ownAddress === 'report')
  if (approval !== 'approved') return { level: 'nothing', why: 'it is not approved' }
  if (state === 'revoked') return { level: 'nothing', why: 'its personal address was revoked' }
  if (tftp && !rules.secretsOverTftp) return { level: 'names', why: 'files by TFTP carry no secrets' }
  if (token === 'right') return { level: 'secrets', offer: rules.personalUrls }
  if (certified || rules.secretsByMac) return { level: 'secrets', offer: rules.personalUrls && (certified || own) }
  if (rules.personalUrls && state === 'held') return { level: 'nothing', why: 'it asked without its personal address' }
  if (own) return { level: 'secrets', offer: rules.personalUrls }
  return { level: 'names', why: 'it is not proven that it asks from its own address' }
}

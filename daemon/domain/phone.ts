// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'

/** Whether an admin has let the phone in. Only approved phones get a user and secrets. */
export type Approval = 'pending' | 'approved' | 'rejected'

/** The phone's last word about itself; `silent` until it has sent a keep-alive. */
export type ReportedStatus = 'silent' | 'started' | 'registered' | 'unregistered' | 'offline'

/** A phone that some protocol has seen. Times are milliseconds since the epoch; empty text means not known. */
export interface Phone {
  readonly mac: Mac
  readonly vendor: string
  readonly model: string
  readonly firmware: string
  /** Made by the simulator: shown as such everywhere, never mixed up with a desk. */
  readonly virtual: boolean
  readonly approval: Approval
  readonly status: ReportedStatus
  /** The address the phone says it has, as sent. */
  readonly address: string
  /** The TCP peer of its last report: the phone itself or the NAT before it. */
  readonly externalAddress: string
  readonly subnet: string
  /** Key of the users table, lower case; empty while nobody is signed in. */
  readonly userName: string
  readonly displayName: string
  readonly phoneNumber: string
  readonly location: string
  readonly userAgent: string
  /** Keys of the keep-alive that we have no field for, as sent. */
  readonly extra: Readonly<Record<string, string>>
  readonly firstSeenAt: number
  /** When the last keep-alive arrived; 0 for none. */
  readonly reportedAt: number
}

/** A person (or a number, in a contact centre) who uses phones. */
export interface User {
  /** The login name in lower case; the key. */
  readonly name: string
  readonly displayName: string
  readonly phoneNumber: string
  readonly createdAt: number
}

/** What the dashboard counts a phone as. */
export type Presence = 'registered' | 'not registered' | 'disconnected' | 'starting' | 'seen'

/** What a vendor module makes of a piece of evidence: which phone sent it, as far as the evidence tells. */
export interface Identity {
  readonly vendor: string
  /** The base model, e.g. `440HD`; empty when only the vendor is known. */
  readonly model: string
  /** Empty when the evidence does not tell. */
  readonly firmware: string
  readonly mac: Mac | undefined
}

/** The simulator's MACs: a locally administered prefix that no real phone has. */
const VIRTUAL_PREFIX = '020ff4'

export function isVirtual(mac: Mac): boolean {
  return mac.startsWith(VIRTUAL_PREFIX)
}

/** A phone of which nothing is known but its hardware address. */
export function newPhone(mac: Mac, now: number): Phone {
  return {
    mac,
    vendor: '',
    model: '',
    firmware: '',
    virtual: isVirtual(mac),
    approval: 'pending',
    status: 'silent',
    address: '',
    externalAddress: '',
    subnet: '',
    userName: '',
    displayName: '',
    phoneNumber: '',
    location: '',
    userAgent: '',
    extra: {},
    firstSeenAt: now,
    reportedAt: 0,
  }
}

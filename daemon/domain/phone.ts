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
  /** Who is signed in, as the phone reports it; empty while nobody is. */
  readonly userName: string
  readonly displayName: string
  readonly phoneNumber: string
  readonly location: string
  readonly userAgent: string
  /** Keys of the keep-alive that we have no field for, as sent. */
  readonly extra: Readonly<Record<string, string>>
  /** Whose phone it is: key of the users table; empty for nobody's. */
  readonly owner: string
  /** Who said so. A phone's own word is no proof: no secret goes out on its strength. */
  readonly ownerFrom: '' | 'admin' | 'report'
  /** Id of the scope that an admin put it in; empty to follow its user, or else its address. */
  readonly scope: string
  /** What people call it. */
  readonly label: string
  readonly serial: string
  readonly language: string
  /** As written in the import: `Disabled`, `Automatic Configuration`, `Manual Configuration` …; empty when not set. */
  readonly vlanMode: string
  readonly vlanId: string
  readonly vlanPriority: string
  readonly firstSeenAt: number
  /** When the last keep-alive arrived; 0 for none. */
  readonly reportedAt: number
}

/** A person (or a number, in a contact centre) who uses phones. */
export interface User {
  /** The login name in lower case; the key. */
  readonly name: string
  readonly displayName: string
  /** A number or extension, or several with commas between them; the first is the phone's line. */
  readonly phoneNumber: string
  /** The line's address, e.g. `sip:anna@example.net`; empty when it is the number. */
  readonly lineUri: string
  /** Id of the scope; empty for the system. */
  readonly region: string
  /** Name for SIP authentication; empty when it is the login name. */
  readonly authName: string
  /** Sealed for the place `sipPasswordPlace(name)`; empty for none. Never leaves the daemon but in a phone's own file. */
  readonly sipPassword: string
  /** The language of the phone's display; empty for the template's. */
  readonly language: string
  readonly createdAt: number
}

/** A user as others may see one: without the password. */
export type PublicUser = Omit<User, 'sipPassword'> & { readonly hasPassword: boolean }

export function publicUser({ sipPassword, ...user }: User): PublicUser {
  return { ...user, hasPassword: sipPassword !== '' }
}

/** The place to which the user's SIP password is sealed. */
export function sipPasswordPlace(name: string): string {
  return `user/${name}/sip`
}

/** A user of whom nothing is known but the name. */
export function newUser(name: string, now: number): User {
  const unknown = { phoneNumber: '', lineUri: '', region: '', authName: '', sipPassword: '', language: '' }
  return { name, displayName: name, ...unknown, createdAt: now }
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

/** What only people say of a phone, before they have said anything. */
export const UNASSIGNED = {
  owner: '',
  ownerFrom: '',
  scope: '',
  label: '',
  serial: '',
  language: '',
  vlanMode: '',
  vlanId: '',
  vlanPriority: '',
} as const satisfies Partial<Phone>

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
    ...UNASSIGNED,
    firstSeenAt: now,
    reportedAt: 0,
  }
}

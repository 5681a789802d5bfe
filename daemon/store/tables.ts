// SPDX-License-Identifier: Apache-2.0
import type { StoredAccount } from '#daemon/domain/account'
import type { Alarm } from '#daemon/domain/alarm'
import type { BootTimeline } from '#daemon/domain/boot'
import type { Contact, DirectoryAccount } from '#daemon/domain/directory'
import type { Lease } from '#daemon/domain/lease'
import type { Phone, User } from '#daemon/domain/phone'
import type { Table } from './store.ts'

// A name is part of every key on disk: renaming a table is a migration.

/** Keyed by address: the one record that decides who holds it. */
export const leases: Table<Lease> = { name: 'leases' }
/** Keyed by MAC. */
export const phones: Table<Phone> = { name: 'phones' }
/** Keyed by the user's id. */
export const users: Table<User> = { name: 'users' }
/** Keyed by the phone's MAC. */
export const timelines: Table<BootTimeline> = { name: 'timelines' }
/** Active alarms, keyed by `Alarm.id`. */
export const alarms: Table<Alarm> = { name: 'alarms' }
/** Keyed by the account's name in lower case. */
export const accounts: Table<StoredAccount> = { name: 'accounts' }
/** Phonebook entries that are no users, keyed by `Contact.id`. */
export const contacts: Table<Contact> = { name: 'contacts' }
/** Names with which phones search the directory, keyed by name in lower case. */
export const directoryAccounts: Table<DirectoryAccount> = { name: 'directoryAccounts' }

// SPDX-License-Identifier: Apache-2.0
import type { StoredAccount } from '#daemon/domain/account'
import type { Alarm, AlarmEvent } from '#daemon/domain/alarm'
import type { AuxiliaryFile, LevelFiles } from '#daemon/domain/auxiliary'
import type { BackupRun } from '#daemon/domain/backup'
import type { BootTimeline } from '#daemon/domain/boot'
import type { CommandQueue } from '#daemon/domain/command'
import type { ForwardCursor, StoredDestination, ToldAlarm } from '#daemon/domain/destination'
import type { Contact, DirectoryAccount, SyncRun } from '#daemon/domain/directory'
import type { Firmware, FirmwareChoices } from '#daemon/domain/firmware'
import type { Job, Target } from '#daemon/domain/job'
import type { Lease } from '#daemon/domain/lease'
import type { Collection } from '#daemon/domain/log-collection'
import type { Maintenance } from '#daemon/domain/maintenance'
import type { Phone, User } from '#daemon/domain/phone'
import type { StoredPhoneLdap } from '#daemon/domain/phone-ldap'
import type { PhoneSecrets } from '#daemon/domain/phone-secrets'
import type { PinnedFile } from '#daemon/domain/pinned'
import type { PresenceHistory } from '#daemon/domain/presence-history'
import type { LevelSettings } from '#daemon/domain/provisioning/level-settings'
import type { StoredRevision } from '#daemon/domain/provisioning/revision'
import type { ServedFiles } from '#daemon/domain/provisioning/served'
import type { Template, TemplateMapping } from '#daemon/domain/provisioning/template'
import type { Redirect } from '#daemon/domain/redirect'
import type { Member, Rollout } from '#daemon/domain/rollout/rollout'
import type { ScopeRecord } from '#daemon/domain/scope'
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
/** What phones counted as, keyed by MAC. */
export const presences: Table<PresenceHistory> = { name: 'presences' }
/** Active alarms, keyed by `Alarm.id`. */
export const alarms: Table<Alarm> = { name: 'alarms' }
/** What happened to alarms, keyed by `AlarmEvent.sequence` in twelve digits; bounded. */
export const alarmEvents: Table<AlarmEvent> = { name: 'alarmEvents' }
/** Keyed by the account's name in lower case. */
export const accounts: Table<StoredAccount> = { name: 'accounts' }
/** Phonebook entries that are no users, keyed by `Contact.id`. */
export const contacts: Table<Contact> = { name: 'contacts' }
/** Names with which phones search the directory, keyed by name in lower case. */
export const directoryAccounts: Table<DirectoryAccount> = { name: 'directoryAccounts' }
/** Where alarms are forwarded to, keyed by the destination's id; those of the configuration file are not among them. */
export const destinations: Table<StoredDestination> = { name: 'destinations' }
/** Keyed by the destination's id. */
export const forwardCursors: Table<ForwardCursor> = { name: 'forwardCursors' }
/** Alarms that a destination was told of and not yet that they are over, keyed by its id, a slash and `Alarm.id`. */
export const toldAlarms: Table<ToldAlarm> = { name: 'toldAlarms' }
/** One record, `tree`, holds them all: names, places and subnets must agree with each other. */
export const scopes: Table<ScopeRecord> = { name: 'scopes' }
/** Times in which alarms of a scope are not forwarded, keyed by `Maintenance.id`. */
export const maintenances: Table<Maintenance> = { name: 'maintenances' }
/** How phones ask a directory, keyed `system` or `region/<name>`. */
export const phoneLdap: Table<StoredPhoneLdap> = { name: 'phoneLdap' }
/** How the last copy of an upstream directory went, keyed by its name. */
export const directorySyncs: Table<SyncRun> = { name: 'directorySyncs' }
/** Who we are in SNMPv3, under the key `engine`: the id in hex, and how often we started. */
export const snmpEngine: Table<{ readonly id: string; readonly boots: number }> = { name: 'snmpEngine' }
/** What phones are told to do, keyed by MAC. */
export const commands: Table<CommandQueue> = { name: 'commands' }
/** Phones that are asked for their logs, keyed by MAC. */
export const logCollections: Table<Collection> = { name: 'logCollections' }
/** Actions on many phones, keyed by `Job.id`. */
export const jobs: Table<Job> = { name: 'jobs' }
/** What became of each phone of a job, keyed by the job's id, a slash and the MAC. */
export const jobTargets: Table<Target> = { name: 'jobTargets' }
/** Templates that were made or changed here, keyed by `Template.id`; a shipped one with the same id gives way to it. */
export const templates: Table<Template> = { name: 'templates' }
/** One record, `rules`: which template the phones of a model get in a place. */
export const templateMapping: Table<TemplateMapping> = { name: 'templateMapping' }
/** What people set for each level, keyed by `LevelKey`. */
export const levels: Table<LevelSettings> = { name: 'levels' }
/** Images that phones may be given, keyed by the SHA-256 of their bytes, which lie in a file of that name. */
export const firmwares: Table<Firmware> = { name: 'firmwares' }
/** One record, `choices`, says which image is for which model and place. */
export const firmwareChoices: Table<FirmwareChoices> = { name: 'firmwareChoices' }
/** What is secret between a phone and us, keyed by MAC. */
export const phoneSecrets: Table<PhoneSecrets> = { name: 'phoneSecrets' }
/** How the last one went, under `backup` and `rehearsal`; who last looked at the key, under `recovery key`. */
export const backupRuns: Table<BackupRun> = { name: 'backupRuns' }
/** Changes of what phones' files are made of, keyed by their sequence in twelve digits; bounded. */
export const revisions: Table<StoredRevision> = { name: 'revisions' }
/** Files that phones may be told to fetch, keyed by `AuxiliaryFile.id`. */
export const auxiliaryFiles: Table<AuxiliaryFile> = { name: 'auxiliaryFiles' }
/** Which of them each level has, keyed by `LevelKey`. */
export const levelFiles: Table<LevelFiles> = { name: 'levelFiles' }
/** Files that single phones are given as they were uploaded, keyed `<mac>.cfg` or `<mac>.cfx`. */
export const pinnedFiles: Table<PinnedFile> = { name: 'pinnedFiles' }
/** What each phone was served, keyed by MAC; under `since`, when that began to be remembered. */
export const servedFiles: Table<ServedFiles> = { name: 'servedFiles' }
/** Where phones are sent that ask the redirect service, keyed by MAC. */
export const redirects: Table<Redirect> = { name: 'redirects' }
/** New firmware on its way into the fleet, keyed by `Rollout.id`. */
export const rollouts: Table<Rollout> = { name: 'rollouts' }
/** The part of each phone in a rollout, keyed by the rollout's id, a slash and the MAC. */
export const rolloutMembers: Table<Member> = { name: 'rolloutMembers' }

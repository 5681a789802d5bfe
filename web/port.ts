// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import type { BootStep } from '#daemon/domain/boot'
import type { Explanation } from '#daemon/domain/dhcp/explanation'
import type { Lease } from '#daemon/domain/lease'
import type { Phone, Presence, PublicUser } from '#daemon/domain/phone'
import type { PresenceChange } from '#daemon/domain/presence-history'
import type { Mac } from '#protocols/lib/mac'
import type { Health } from '#protocols/server'
import type { AlarmsPort } from './ports/alarms.ts'
import type { ApprovalsPort } from './ports/approvals.ts'
import type { ArchivePort } from './ports/archive.ts'
import type { AuxiliaryPort } from './ports/auxiliary.ts'
import type { BackupPort } from './ports/backup.ts'
import type { ChangesPort } from './ports/changes.ts'
import type { CommandsPort } from './ports/commands.ts'
import type { ConfigurationPort } from './ports/configuration.ts'
import type { DevicesPort } from './ports/devices.ts'
import type { DhcpDesk } from './ports/dhcp.ts'
import type { DirectoryPort } from './ports/directory.ts'
import type { FirmwarePort } from './ports/firmware.ts'
import type { ForwardingPort } from './ports/forwarding.ts'
import type { JobsPort } from './ports/jobs.ts'
import type { LevelsPort } from './ports/levels.ts'
import type { MessageRow } from './ports/messages.ts'
import type { ParametersPort } from './ports/parameters.ts'
import type { PeopleFilesPort } from './ports/people-files.ts'
import type { PhoneLogsPort } from './ports/phone-logs.ts'
import type { PersonalUrlsPort } from './ports/phone-secrets.ts'
import type { PinnedPort } from './ports/pinned.ts'
import type { NamePort, RedirectsPort } from './ports/redirects.ts'
import type { RolloutsPort } from './ports/rollouts.ts'
import type { ScopePreviewsPort, ScopesPort } from './ports/scopes.ts'
import type { ServedPort } from './ports/served.ts'
import type { TemplatesPort } from './ports/templates.ts'
import type { UsersPort } from './ports/users.ts'

export interface FleetSummary {
  readonly registered: number
  readonly notRegistered: number
  readonly disconnected: number
  /** Started but not yet registered, and seen but never reported. */
  readonly starting: number
  readonly seen: number
  readonly pendingApproval: number
  readonly total: number
}

export interface DeviceRow {
  readonly phone: Phone
  readonly presence: Presence
}

export interface DeviceQuery {
  /** Free text, matched against MAC, user, display name, address, model and firmware without regard to case. */
  readonly text: string
  readonly presence?: Presence
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface DevicePage {
  readonly rows: readonly DeviceRow[]
  readonly page: number
  readonly pageCount: number
  readonly total: number
}

export interface DeviceDetail extends DeviceRow {
  /** Whose phone it is. */
  readonly user: PublicUser | undefined
  readonly lease: Lease | undefined
  /** The last boots, oldest step first. */
  readonly steps: readonly BootStep[]
  /** What it counted as, oldest first. */
  readonly presences: readonly PresenceChange[]
}

/** The fleet as pages see it. */
export interface FleetView {
  summary(): FleetSummary
  devices(query: DeviceQuery): DevicePage
  /** The latest reports, newest first. */
  recent(limit: number): readonly DeviceRow[]
  device(mac: Mac): DeviceDetail | undefined
  /** Calls back with the MAC of each phone that changed; returns the way to stop. */
  follow(listener: (mac: Mac) => void): () => void
}

export interface Account {
  readonly name: string
  /** True until the one-time password has been replaced by the admin's own. */
  readonly mustChangePassword: boolean
}

export type SignIn =
  | { readonly kind: 'welcome'; readonly account: Account }
  | { readonly kind: 'wrong' }
  /** Too many wrong tries for this account or address. */
  | { readonly kind: 'wait'; readonly seconds: number }

export interface AccountsPort {
  /** `from` is the client's address: wrong tries are throttled by it and by account. */
  signIn(name: string, password: string, from: string): Promise<SignIn>
  /** Returns why the new password is refused, or undefined when it is set. */
  changePassword(name: string, current: string, next: string): Promise<string | undefined>
}

export interface ServerRow {
  readonly name: string
  readonly health: Health
}

/** All that the web app asks of the daemon. */
export interface WebPort {
  readonly fleet: FleetView
  readonly accounts: AccountsPort
  /** Absent until a service offers it; its pages are then missing, too. */
  readonly scopes?: ScopesPort
  readonly scopePreviews?: ScopePreviewsPort
  readonly users?: UsersPort
  readonly peopleFiles?: PeopleFilesPort
  readonly archive?: ArchivePort
  readonly directory?: DirectoryPort
  readonly commands?: CommandsPort
  readonly changes?: ChangesPort
  readonly served?: ServedPort
  readonly templates?: TemplatesPort
  readonly levels?: LevelsPort
  readonly approvals?: ApprovalsPort
  readonly jobs?: JobsPort
  readonly personalUrls?: PersonalUrlsPort
  readonly auxiliary?: AuxiliaryPort
  readonly pinned?: PinnedPort
  readonly redirects?: RedirectsPort
  readonly nameCheck?: NamePort
  readonly parameters?: ParametersPort
  readonly devices?: DevicesPort
  readonly firmware?: FirmwarePort
  readonly rollouts?: RolloutsPort
  servers(): readonly ServerRow[]
  alarms(): readonly Alarm[]
  /** Absent until their services offer them; their pages are then missing, too. */
  readonly alarmDesk?: AlarmsPort
  readonly phoneLogs?: PhoneLogsPort
  readonly forwarding?: ForwardingPort
  readonly configuration: ConfigurationPort
  readonly backup?: BackupPort
  /** What log lines mean. */
  readonly messages?: readonly MessageRow[]
  /** What there is to see and to do about DHCP. */
  readonly dhcpDesk?: DhcpDesk
  /** The last DHCP exchanges of a client, newest first. */
  explain(mac: Mac): readonly Explanation[]
  /** Opens a small part of the API to commands on this machine. */
  readonly localToken?: string
  /** The Prometheus exposition text and its content type. */
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>
  /** One sentence when the store cannot write. */
  storeTrouble(): string | undefined
  /** Milliseconds since the epoch. */
  now(): number
}

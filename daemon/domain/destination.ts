// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from './alarm.ts'

/** Which alarms a destination gets. All conditions must hold; an empty list holds always. */
export interface DestinationFilter {
  readonly leastSeverity: Alarm['severity']
  /** Alarms that lie in one of these scopes or below it (`emea` has `emea/berlin`). */
  readonly scopes: readonly string[]
  /** Alarm names in any case; `*` stands for any characters and `?` for one. */
  readonly names: readonly string[]
  readonly about: 'all' | 'phones' | 'appliance'
  /** Events, which nothing ever clears, too. */
  readonly events: boolean
  /** Acknowledgements and comments, too. */
  readonly notes: boolean
}

interface Common {
  readonly name: string
  readonly filter: DestinationFilter
  /** Most messages in a second; undefined for no limit. */
  readonly ratePerSecond?: number | undefined
  /** Tell every active alarm once more at each start of the daemon. */
  readonly resendAtStart: boolean
  /** Seconds between two signs of life; undefined for none. */
  readonly heartbeatSeconds?: number | undefined
}

export interface SnmpSettings extends Common {
  readonly kind: 'snmp'
  /** An IPv4 address or a name. */
  readonly host: string
  readonly port: number
  readonly version: '1' | '2c' | '3'
  readonly inform: boolean
  readonly profile: 'ovoc' | 'rfc3877' | 'offhook'
  /** Of the first try; each further one waits twice as long. */
  readonly timeoutSeconds: number
  /** Tries after the first one. */
  readonly retries: number
  /** Version 3. */
  readonly user?: string | undefined
  readonly authProtocol?: 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | undefined
  readonly privProtocol?: 'aes128' | 'aes256' | 'aes256c' | undefined
}

export interface MailSettings extends Common {
  readonly kind: 'mail'
  readonly host: string
  readonly port: number
  /** `tls` from the first byte, or STARTTLS [RFC3207]: insisted on, or used where it is offered. */
  readonly security: 'starttls' | 'starttls-if-offered' | 'tls' | 'none'
  /** Authorities that sign the server's certificate, in PEM; undefined for those of the system. */
  readonly caFile?: string | undefined
  readonly user?: string | undefined
  readonly from: string
  readonly to: readonly string[]
  /** At most one mail in so many minutes, with all that came meanwhile; undefined for a mail for each alarm. */
  readonly digestMinutes?: number | undefined
}

export interface SyslogSettings extends Common {
  readonly kind: 'syslog'
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly caFile?: string | undefined
  /** 0 to 23 [RFC5424 §6.2.1]. */
  readonly facility: number
}

export interface WebhookSettings extends Common {
  readonly kind: 'webhook'
  readonly url: string
  readonly caFile?: string | undefined
  readonly timeoutSeconds: number
}

/** A way that alarms leave the appliance, without its secrets. */
export type DestinationSettings = SnmpSettings | MailSettings | SyslogSettings | WebhookSettings

/** Secrets by the name of their field. Never logged, shown or kept in clear. */
export type DestinationSecrets = Readonly<Record<string, string>>

/** The fields of each kind that are secrets. */
export const SECRET_FIELDS: Readonly<Record<DestinationSettings['kind'], readonly string[]>> = {
  snmp: ['community', 'authKey', 'privKey'],
  mail: ['password'],
  syslog: [],
  webhook: ['signingKey', 'token'],
}

/** A destination that a person added, as it is kept; its secrets are sealed. */
export interface StoredDestination {
  readonly settings: DestinationSettings
  readonly sealed: DestinationSecrets
}

/** How far a destination is through the alarm events. */
export interface ForwardCursor {
  /** The first event that was not looked at yet. */
  readonly next: number
  /** Events before it that were taken and are not acknowledged yet; all others before it are dealt with. */
  readonly open: readonly number[]
  readonly paused: boolean
  /** All active alarms are to be told again. */
  readonly resend: boolean
}

/** What a destination believes to be active: enough to take it back when nothing else is left of the alarm. */
export type ToldAlarm = Pick<
  Alarm,
  'id' | 'name' | 'source' | 'severity' | 'description' | 'remedy' | 'eventType' | 'probableCause' | 'raisedAt'
>

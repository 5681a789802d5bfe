// SPDX-License-Identifier: Apache-2.0
import { type Alarm, type EventType, PROBABLE_CAUSE } from './alarm.ts'

/** What is known of an alarm that phones send: X.733 facts and what to do. */
export interface PhoneAlarmKind {
  readonly name: string
  readonly eventType: EventType
  /** ITU-ALARM-TC number; 0 is other. */
  readonly probableCause: number
  readonly remedy: string
  /** A later report that the phone is registered ends it. */
  readonly endsWithRegistration?: boolean
}

/** The nine alarms of AudioCodes' phones, without the `IPPHONE ` before each. */
export const PHONE_ALARMS: readonly PhoneAlarmKind[] = [
  {
    name: 'REGISTRATION FAILURE',
    eventType: 'communications',
    probableCause: PROBABLE_CAUSE.communicationsProtocolError,
    remedy:
      'Check that the phone reaches its SIP server, and that the server knows its user and password. It ends by itself when the phone registers.',
    endsWithRegistration: true,
  },
  {
    name: 'LYNC LOGIN FAILURE',
    eventType: 'communications',
    probableCause: PROBABLE_CAUSE.communicationsProtocolError,
    remedy:
      'The additional information says where it failed: with TlsConnectionFailure look at certificates and DNS, with NtpServerError at the phone’s time server. Otherwise have the user sign in again.',
    endsWithRegistration: true,
  },
  {
    name: 'SURVIVABLE MODE START',
    eventType: 'other',
    probableCause: 0,
    remedy:
      'The phone works with few services because its server is out of reach. Look at the server and the way to it; calls may go through the branch appliance meanwhile.',
  },
  {
    name: 'REQUIRES RESET',
    eventType: 'processingError',
    probableCause: PROBABLE_CAUSE.configurationOrCustomizationError,
    remedy: 'Restart the phone when nobody is using it: a setting waits for that.',
  },
  {
    name: 'GENERAL LOCAL EVENT',
    eventType: 'other',
    probableCause: 0,
    remedy: 'Read the description: the phone reports something of its own. Collect its log if it is not clear.',
  },
  {
    name: 'WEB SUCCESSIVE LOGIN FAILED TRIALS',
    eventType: 'processingError',
    probableCause: PROBABLE_CAUSE.authenticationFailure,
    remedy:
      'Somebody tried passwords on the phone’s own web page. Find out who; keep that page away from the users’ network.',
  },
  {
    name: 'SPEAKER FIRMWARE DOWNLOAD FAILURE',
    eventType: 'processingError',
    probableCause: PROBABLE_CAUSE.softwareError,
    remedy: 'Check that the speaker’s firmware file is where the phone looks for it, and that it can be fetched.',
  },
  {
    name: 'SPEAKER FIRMWARE UPGRADE FAILURE',
    eventType: 'equipment',
    probableCause: PROBABLE_CAUSE.softwareError,
    remedy: 'Connect the speaker anew and let the phone try again; if it fails again, try another file or speaker.',
  },
  {
    name: 'CONFERENCE SPEAKER CONNECTION FAILURE',
    eventType: 'equipment',
    probableCause: PROBABLE_CAUSE.inputOutputDeviceError,
    remedy: 'Check the speaker’s cable or pairing and its power; restart the phone if the speaker works elsewhere.',
  },
]

const BY_NAME = new Map(PHONE_ALARMS.map((kind) => [kind.name, kind]))

/** A name in the one spelling we keep: upper case, single blanks, no `IPPHONE ` before it. */
export function phoneAlarmName(text: string): string {
  return text
    .toUpperCase()
    .replaceAll(/[\s_-]+/g, ' ')
    .trim()
    .replace(/^IP ?PHONE /, '')
}

/** What is known of an alarm by its name; of one that nobody told us of, nearly nothing. */
export function phoneAlarmKind(name: string): PhoneAlarmKind {
  const remedy = 'This kind of alarm is not known here: read its description, or look at the phone.'
  return BY_NAME.get(name) ?? { name, eventType: 'other', probableCause: 0, remedy }
}

const EVENT_TYPES: readonly EventType[] = [
  ...(['other', 'communications', 'qualityOfService'] as const),
  ...(['processingError', 'equipment', 'environmental'] as const),
]

/** What the phone says itself, as AudioCodes' number; undefined where it is none. */
export function eventTypeOf(text: string): EventType | undefined {
  const word = text
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
    .replace(/alarm$/, '')
  return /^[0-5]$/.test(text) ? EVENT_TYPES[Number(text)] : EVENT_TYPES.find((type) => type.toLowerCase() === word)
}

export function probableCauseOf(text: string): number | undefined {
  return /^\d{1,4}$/.test(text) ? Number(text) : undefined
}

const MONTH_MS = 30 * 24 * 3600 * 1000
const AHEAD_MS = 5 * 60_000

/** When it began: the phone's date, unless its clock is plainly wrong; else the time of receipt. */
export function beganAt(date: number | undefined, now: number): number {
  return date !== undefined && date > now - MONTH_MS && date <= now + AHEAD_MS ? Math.min(date, now) : now
}

/**
 * Which of a phone's active alarms a clear means: those of its name, and of its description if it has one. Unique ids
 * tell nothing apart: senders give every alarm the same.
 */
export function clearedBy(
  active: readonly Alarm[],
  { name, description }: { readonly name: string; readonly description: string },
): readonly Alarm[] {
  const named = active.filter((alarm) => alarm.name === name)
  const exact = named.filter((alarm) => description === '' || alarm.description === description)
  // One alarm of the name, and a clear in other words: there is nothing else that it could mean.
  return exact.length > 0 || named.length !== 1 ? exact : named
}

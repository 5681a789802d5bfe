// SPDX-License-Identifier: Apache-2.0
import type { Phone } from '#daemon/domain/phone'
import { formatMac } from '#protocols/lib/mac'
import type { Moment, TimeFormat } from '#web/format'
import type { DeviceRow } from '#web/port'
import { type PresenceWords, presenceWords } from './presence.ts'

/** One phone as tables show it. */
export interface PhoneRow {
  readonly mac: string
  readonly macText: string
  readonly href: string
  /** Display name, else user name of who is signed in, else of whose phone it is; empty for nobody. */
  readonly user: string
  readonly number: string
  readonly address: string
  readonly model: string
  readonly firmware: string
  readonly virtual: boolean
  readonly presence: PresenceWords
  readonly reported: Moment
  /** Changes when the row says something new, not merely because time went by. */
  readonly mark: string
}

export function phoneRow({ phone, presence }: DeviceRow, time: TimeFormat, now: number): PhoneRow {
  return {
    mac: phone.mac,
    macText: formatMac(phone.mac),
    href: `/devices/${phone.mac}`,
    user: userText(phone),
    number: phone.phoneNumber,
    address: phone.address || phone.externalAddress,
    model: phone.model,
    firmware: phone.firmware,
    virtual: phone.virtual,
    presence: presenceWords(presence),
    reported: time.moment(phone.reportedAt, now),
    mark: `${presence} ${phone.reportedAt}`,
  }
}

export function userText(phone: Phone): string {
  return phone.displayName.trim() || phone.userName.trim() || phone.owner
}

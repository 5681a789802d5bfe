// SPDX-License-Identifier: Apache-2.0
import { type Phone, sipPasswordPlace, type User } from '#daemon/domain/phone'
import { type LevelKey, type LevelSettings, secretPlace } from '#daemon/domain/provisioning/level-settings'
import { type Layer, resolve } from '#daemon/domain/provisioning/placeholder'
import { globalFileName, type Template } from '#daemon/domain/provisioning/template'
import { type PhonePorts, phoneUrls } from '#daemon/vendors/audiocodes/urls'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { Disclosure } from './disclosure.ts'

/** What we know ourselves: our address as this phone reaches it, and what follows from it. */
export function systemLayer(server: Ipv4, ports: PhonePorts, keepAliveMinutes: number): Layer {
  const urls = phoneUrls(server, ports)
  return {
    name: 'system',
    values: {
      ServerIP: server,
      KeepActivePeriod: String(keepAliveMinutes),
      KeepAliveUrl: urls.keepAlive,
      ConfigurationUrl: urls.configuration,
      FirmwareUrl: urls.firmware,
    },
  }
}

/**
 * For a phone that gets an image of its own: behind a NAT, and with a user agent that does not name it, nothing but the
 * folder of its URL tells which phone asks. `below` is all that is set farther off: another server stays what it is.
 */
export function firmwareLayer(server: Ipv4, ports: PhonePorts, mac: Mac, below: readonly Layer[]): Layer[] {
  const { firmware } = phoneUrls(server, ports)
  if (resolve(below, 'FirmwareUrl')?.value !== firmware) return []
  return [{ name: 'firmware of this phone', values: { FirmwareUrl: `${firmware}${mac}/` } }]
}

/** Where auxiliary files are fetched: each address only where it may be told. */
export function filesLayer(
  server: Ipv4,
  ports: PhonePorts,
  mac: Mac,
  token: string | undefined,
  { user, shown }: Disclosure,
): Layer {
  const { configuration } = phoneUrls(server, ports)
  // What people look at never holds the token.
  const own = shown ? shown('') : token
  const values = {
    FilesUrl: `${configuration}files/`,
    ...(user && { ApprovedFilesUrl: `${configuration}files/` }),
    ...(own !== undefined && { OwnFilesUrl: `${configuration}t/${own}/${mac}/` }),
  }
  return { name: 'files', values }
}

/** What people set for a level. */
export function settingsLayer(
  name: string,
  key: LevelKey,
  settings: LevelSettings | undefined,
  { secret }: Disclosure,
): Layer[] {
  if (!settings) return []
  const opened = Object.entries(settings.sealed).map(([name, sealed]) => [name, secret(sealed, secretPlace(key, name))])
  const values: Readonly<Record<string, string | undefined>> = { ...settings.values, ...Object.fromEntries(opened) }
  return Object.keys(values).length > 0 ? [{ name, values, secrets: new Set(Object.keys(settings.sealed)) }] : []
}

/** The password only where it was people who said whose phone it is. */
export function userLayer(user: User, proven: boolean, { secret }: Disclosure): Layer {
  const { name, displayName, phoneNumber, authName, language, sipPassword } = user
  const line = { Line1Enabled: '1', Line1Id: firstNumber(phoneNumber) || name, Line1AuthName: authName || name }
  const values = { ...line, DisplayName: displayName, ...(language !== '' && { Language: language }) }
  const password = proven && sipPassword !== '' ? secret(sipPassword, sipPasswordPlace(name)) : undefined
  if (password === undefined) return { name: `user ${name}`, values }
  return { name: `user ${name}`, values: { ...values, Line1AuthPassword: password }, secrets: LINE_SECRETS }
}

const LINE_SECRETS: ReadonlySet<string> = new Set(['Line1AuthPassword'])

/** A phone has one line of ours: the first of the user's numbers. */
function firstNumber(numbers: string): string {
  return numbers.split(',', 1)[0]?.trim() ?? ''
}

/** What people said of the phone itself. */
export function deviceLayer(phone: Phone): Layer {
  const { language, vlanMode, vlanId, vlanPriority } = phone
  const said = { Language: language, VLANMode: vlanMode, VLANID: vlanId, VLANPriority: vlanPriority }
  return { name: `device ${phone.mac}`, values: Object.fromEntries(Object.entries(said).filter(([, v]) => v)) }
}

/** What nobody can set otherwise. */
export function factsLayer(mac: Mac, model: string, template: Template): Layer {
  return { name: 'the phone', values: { mac, Model: model, GlobalFile: globalFileName(template) } }
}

const ACCOUNT_SECRETS: ReadonlySet<string> = new Set(['EmsUserPassword'])

/** What the account that phones report with has by default: any level may set another one. */
export function accountLayer(password: string, { shown = (secret) => secret }: Disclosure): Layer {
  return { name: 'phone account', values: { EmsUserPassword: shown(password) }, secrets: ACCOUNT_SECRETS }
}

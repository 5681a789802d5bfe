// SPDX-License-Identifier: Apache-2.0
import { type DestinationSettings, SECRET_FIELDS } from '#daemon/domain/destination'
import type { DestinationDraft, DestinationKind, FormField } from '#web/ports/forwarding'

type Kind = DestinationSettings['kind']
type Part = Partial<FormField> & Pick<FormField, 'name' | 'label'>

const V3 = { when: { field: 'version', values: ['3'] } } as const
const AUTH = ['', 'md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']
const PRIV = ['', 'aes128', 'aes256', 'aes256c']
const SECURITY = ['starttls', 'starttls-if-offered', 'tls', 'none']
/** Where a value does not say it itself. */
const LABELS: Readonly<Record<string, string>> = {
  '': 'none',
  offhook: 'OFFHOOK-MIB',
  ovoc: 'AudioCodes’ manager',
  rfc3877: 'RFC 3877',
  starttls: 'STARTTLS, insisted on',
  'starttls-if-offered': 'STARTTLS where it is offered',
  tls: 'TLS from the start',
  udp: 'UDP',
  tcp: 'TCP',
  md5: 'MD5',
  sha1: 'SHA-1',
  sha224: 'SHA-224',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
  aes128: 'AES-128',
  aes256: 'AES-256',
  aes256c: 'AES-256 (Cisco)',
}
const FILTER_NAMES = ['leastSeverity', 'scopes', 'names', 'about', 'events', 'notes']

/** The forms of all kinds: the settings of `config/forwarding.ts` under the names that they have there. */
export function destinationKinds(scopes: string): readonly DestinationKind[] {
  const hints = { scopes }
  return [
    kind('snmp', 'SNMP', 'Traps or informs to a network management system.', hints, [
      field('Connection', { name: 'host', label: 'Host', hint: 'An IPv4 address or a name.', required: true }),
      number('Connection', { name: 'port', label: 'UDP port', initial: '162' }),
      select('Connection', { name: 'version', label: 'Version', initial: '2c' }, ['1', '2c', '3']),
      secret('Connection', { name: 'community', label: 'Community', when: { field: 'version', values: ['1', '2c'] } }),
      field('Connection', { name: 'user', label: 'User', ...V3 }),
      select('Connection', { name: 'authProtocol', label: 'Authentication', ...V3 }, AUTH),
      secret('Connection', { name: 'authKey', label: 'Authentication key', hint: 'At least 8 characters.', ...V3 }),
      select('Connection', { name: 'privProtocol', label: 'Privacy', ...V3 }, PRIV),
      secret('Connection', { name: 'privKey', label: 'Privacy key', hint: 'At least 8 characters.', ...V3 }),
      check('Delivery', {
        ...{ name: 'inform', label: 'Inform', initial: 'true', when: { field: 'version', values: ['2c', '3'] } },
        hint: 'Sent until it is acknowledged; a trap may get lost.',
      }),
      select(
        'Delivery',
        { name: 'profile', label: 'Profile', hint: 'Whose OIDs the receiver knows.', initial: 'offhook' },
        ['offhook', 'ovoc', 'rfc3877'],
      ),
      number('Delivery', { name: 'timeoutSeconds', label: 'Timeout', hint: 'Seconds; it doubles.', initial: '2' }),
      number('Delivery', { name: 'retries', label: 'Retries', hint: 'Before a pause.', initial: '2' }),
    ]),
    kind('mail', 'Mail', 'A mail for each alarm, or a digest.', hints, [
      field('Connection', { name: 'host', label: 'Mail server', required: true }),
      number('Connection', { name: 'port', label: 'Port', hint: 'By default 587, 465 with TLS, 25 without STARTTLS.' }),
      select('Connection', { name: 'security', label: 'Security', initial: 'starttls' }, SECURITY),
      field('Connection', { name: 'caFile', label: 'Authorities', hint: 'A PEM file, if they are your own.' }),
      field('Connection', { name: 'user', label: 'User' }),
      secret('Connection', { name: 'password', label: 'Password' }),
      field('Delivery', { name: 'from', label: 'From', required: true }),
      list('Delivery', { name: 'to', label: 'To', hint: 'One address on each line.', required: true }),
      number('Delivery', { name: 'digestMinutes', label: 'Digest', hint: 'At most one mail in so many minutes.' }),
    ]),
    kind('syslog', 'Syslog', 'RFC 5424 messages to a collector.', hints, [
      field('Connection', { name: 'host', label: 'Host', required: true }),
      number('Connection', { name: 'port', label: 'Port', hint: 'By default 514, or 6514 with TLS.' }),
      select('Connection', { name: 'transport', label: 'Transport', initial: 'tcp' }, ['udp', 'tcp', 'tls']),
      field('Connection', { name: 'caFile', label: 'Authorities', hint: 'A PEM file, if they are your own.' }),
      field('Delivery', { name: 'facility', label: 'Facility', hint: 'E.g. local0.', initial: 'local0' }),
    ]),
    kind('webhook', 'Webhook', 'A signed JSON message by HTTP for each alarm.', hints, [
      field('Connection', { name: 'url', label: 'URL', hint: 'Begins with http:// or https://.', required: true }),
      field('Connection', { name: 'caFile', label: 'Authorities', hint: 'A PEM file, if they are your own.' }),
      secret('Connection', { name: 'signingKey', label: 'Signing key', hint: 'At least 16 characters.' }),
      secret('Connection', { name: 'token', label: 'Token', hint: 'Sent as Authorization: Bearer.' }),
      number('Delivery', { name: 'timeoutSeconds', label: 'Timeout', hint: 'Seconds.', initial: '10' }),
    ]),
  ]
}

/** What was entered, as a configuration file would say it. Texts that are no number stay texts, for the check to refuse. */
export function treeOf(draft: DestinationDraft, secrets: Readonly<Record<string, string>>): Record<string, unknown> {
  const fields = fieldsOf(draft.kind)
  const tree: Record<string, unknown> = { name: draft.name, kind: draft.kind }
  const filter: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(draft.values)) {
    const field = fields.find((one) => one.name === name)
    if (field?.type === 'secret' || (field && !isUsed(field, draft.values))) continue
    const value = read(field, text)
    const place = FILTER_NAMES.includes(name) ? filter : tree
    if (value !== undefined) Object.defineProperty(place, name, { value, enumerable: true })
  }
  const used = Object.entries(secrets).filter(([name, text]) => {
    const field = fields.find((one) => one.name === name)
    return text !== '' && field !== undefined && isUsed(field, draft.values)
  })
  return { ...tree, filter, ...Object.fromEntries(used) }
}

/** The other way: what a form shows. */
export function valuesOf(settings: DestinationSettings, facilities: readonly string[]): Record<string, string> {
  const { filter, ...rest } = settings
  const values: Record<string, string> = {}
  for (const { name, type } of fieldsOf(settings.kind)) {
    if (type === 'secret') continue
    const value: unknown = { ...rest, ...filter }[name as keyof typeof rest]
    values[name] = shown(name === 'facility' ? facilities[Number(value)] : value)
  }
  return values
}

/** Which secrets a kind has. */
export function secretsOf(kind: string): readonly string[] {
  return Object.hasOwn(SECRET_FIELDS, kind) ? SECRET_FIELDS[kind as Kind] : []
}

function fieldsOf(kind: string): readonly FormField[] {
  return destinationKinds('').find((one) => one.kind === kind)?.fields ?? []
}

function isUsed({ when }: FormField, values: Readonly<Record<string, string>>): boolean {
  return !when || when.values.includes(values[when.field] ?? '')
}

function read(field: FormField | undefined, text: string): unknown {
  if (field?.type === 'check') return text === 'true'
  if (field?.type === 'list') {
    return text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
  }
  if (text.trim() === '') return undefined
  if (field?.type === 'number' && /^\d{1,9}(\.\d{1,6})?$/.test(text.trim())) return Number(text)
  return text.trim()
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.join('\n')
  if (value === undefined || value === false) return ''
  return String(value)
}

function kind(
  name: Kind,
  label: string,
  meaning: string,
  hints: { readonly scopes: string },
  fields: readonly FormField[],
): DestinationKind {
  const severities = ['indeterminate', 'warning', 'minor', 'major', 'critical']
  const common = [
    check('Delivery', { name: 'resendAtStart', label: 'Tell all active alarms at each start' }),
    number('Delivery', { name: 'ratePerSecond', label: 'Most messages in a second', hint: 'Empty for no limit.' }),
    ...(name === 'mail' ? [] : [heartbeat]),
    select('Filter', { name: 'leastSeverity', label: 'Least severity', initial: 'indeterminate' }, severities),
    select('Filter', { name: 'about', label: 'About', initial: 'all' }, ['all', 'phones', 'appliance']),
    list('Filter', {
      name: 'names',
      label: 'Names',
      hint: 'One on each line; * and ? stand for others. Empty for all.',
    }),
    list('Filter', { name: 'scopes', label: 'Scopes', hint: hints.scopes }),
    check('Filter', { name: 'events', label: 'Events, which nothing ever clears, too' }),
    check('Filter', { name: 'notes', label: 'Acknowledgements and comments, too' }),
  ]
  return { kind: name, label, meaning, fields: [...fields, ...common] }
}

const heartbeat: FormField = number('Delivery', {
  ...{ name: 'heartbeatSeconds', label: 'Sign of life', hint: 'Seconds between two; empty for none.' },
})

function field(group: string, part: Part): FormField {
  return { hint: '', type: 'text', required: false, initial: '', group, ...part }
}

function number(group: string, part: Part): FormField {
  return field(group, { type: 'number', ...part })
}

function check(group: string, part: Part): FormField {
  return field(group, { type: 'check', ...part })
}

function list(group: string, part: Part): FormField {
  return field(group, { type: 'list', ...part })
}

function secret(group: string, part: Part): FormField {
  return field(group, { type: 'secret', ...part })
}

function select(group: string, part: Part, values: readonly string[]): FormField {
  const options = values.map((value) => ({ value, label: LABELS[value] ?? value }))
  return field(group, { type: 'select', options, initial: values[0] ?? '', ...part })
}

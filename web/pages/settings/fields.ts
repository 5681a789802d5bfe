// SPDX-License-Identifier: Apache-2.0
import { isSecretName } from '#daemon/domain/provisioning/level-settings'
import type { Field, Option, Section, Values } from '#web/kit/form'
import type { LevelDraft, LevelView } from '#web/ports/levels'
import type { FieldError } from '#web/ports/saved'

/** Placeholders with fields of their own; all others stand in a list. */
interface Known {
  readonly legend: string
  readonly hint?: string
  readonly fields: readonly (Pick<
    Field,
    'label' | 'hint' | 'kind' | 'options' | 'suggestions' | 'placeholder' | 'mono'
  > & {
    readonly placeholderName: string
  })[]
}

const YES_NO: readonly Option[] = [
  { value: '', label: 'Not set here' },
  { value: '1', label: 'Yes' },
  { value: '0', label: 'No' },
]
const LANGUAGES = [
  ...['English', 'Spanish', 'Russian', 'Portuguese', 'German', 'Ukraine', 'French', 'Italian', 'Hebrew', 'Polish'],
  ...['Korean', 'Finnish', 'Chinese', 'ChineseTraditional', 'Magyar', 'Japanese', 'Slovak', 'Czech', 'Dutch'],
]

function choices(...values: readonly (readonly [string, string])[]): Option[] {
  return [{ value: '', label: 'Not set here' }, ...values.map(([value, label]) => ({ value, label }))]
}

const GROUPS: readonly Known[] = [
  {
    legend: 'Language and time',
    fields: [
      { placeholderName: 'Language', label: 'Language of the display', suggestions: LANGUAGES },
      { placeholderName: 'Primary_NTP', label: 'Time server', mono: true, placeholder: '10.1.0.9' },
    ],
  },
  {
    legend: 'Telephone system',
    hint: 'For phones with generic SIP firmware; those for Skype for Business find theirs by themselves.',
    fields: [
      { placeholderName: 'Proxy_address', label: 'SIP proxy', mono: true },
      { placeholderName: 'Proxy_port', label: 'Its port', mono: true, placeholder: '5060' },
      { placeholderName: 'Proxy_gateway', label: 'SIP domain', mono: true, hint: 'Where it differs from the proxy.' },
      {
        ...{ placeholderName: 'SipTransport', label: 'Transport', kind: 'select' },
        options: choices(['UDP', 'UDP'], ['TCP', 'TCP'], ['TLS', 'TLS']),
      },
      { placeholderName: 'Outbound_proxy', label: 'Outbound proxy', mono: true, hint: 'The primary one.' },
      { placeholderName: 'Outbound_proxy_port', label: 'Its port', mono: true },
      {
        ...{ placeholderName: 'Redundant_outbound_proxy_enable', label: 'Redundant mode', kind: 'select' },
        options: choices(['0', 'No redundancy'], ['1', 'Primary and backup']),
      },
      { placeholderName: 'Redundant_outbound_proxy', label: 'Backup', mono: true },
      { placeholderName: 'SRTP', label: 'Require encrypted speech (SRTP)', kind: 'select', options: YES_NO },
      { placeholderName: 'MwiVmNumber', label: 'Voice mail number', placeholder: '1000' },
      { placeholderName: 'SipDigitMap', label: 'Digit map', mono: true, placeholder: '*xx|0xx.T' },
    ],
  },
  {
    legend: 'When phones look for changes',
    hint: 'A phone fetches its file when it starts, and then as often as this says.',
    fields: [
      {
        ...{ placeholderName: 'ProvisioningPeriod', label: 'How often', kind: 'select' },
        options: choices(
          ['hourly', 'Every few hours'],
          ['daily', 'Every day'],
          ['weekly', 'Every week'],
          ['powerup', 'Only when it starts'],
        ),
      },
      { placeholderName: 'ProvisioningHours', label: 'Hours between two looks', kind: 'number', placeholder: '24' },
      { placeholderName: 'ProvisioningTime', label: 'Time of day', placeholder: '3:30', hint: 'Daily and weekly.' },
      {
        ...{ placeholderName: 'ProvisioningDay', label: 'Day of the week', kind: 'select' },
        options: choices(
          ['Sunday', 'Sunday'],
          ['Monday', 'Monday'],
          ['Tuesday', 'Tuesday'],
          ['Wednesday', 'Wednesday'],
          ['Thursday', 'Thursday'],
          ['Friday', 'Friday'],
          ['Saturday', 'Saturday'],
        ),
      },
      {
        ...{ placeholderName: 'ProvisioningRandomMinutes', label: 'Spread over minutes', kind: 'number' },
        hint: 'Each phone waits up to so long, so that not all come at once.',
      },
    ],
  },
  {
    legend: 'The phone itself',
    fields: [
      { placeholderName: 'IPPhoneUsername', label: 'Administrator’s name', hint: 'For the phone’s own web page.' },
      { placeholderName: 'IPPhonePassword', label: 'Administrator’s password', kind: 'password' },
      {
        ...{ placeholderName: 'VLANMode', label: 'VLAN', kind: 'select' },
        options: choices(
          ['CDP_LLDP', 'Told by the switch (CDP or LLDP)'],
          ['LLDP', 'Told by LLDP'],
          ['CDP', 'Told by CDP'],
          ['Manual', 'As set here'],
          ['Disable', 'None'],
        ),
      },
      { placeholderName: 'VLANID', label: 'VLAN number', kind: 'number' },
      { placeholderName: 'SpeedDialName1', label: 'Speed dial 1, label' },
      { placeholderName: 'SpeedDialNumber1', label: 'Speed dial 1, number' },
      { placeholderName: 'SpeedDialName2', label: 'Speed dial 2, label' },
      { placeholderName: 'SpeedDialNumber2', label: 'Speed dial 2, number' },
    ],
  },
]
const KNOWN_NAMES = new Set(GROUPS.flatMap(({ fields }) => fields.map(({ placeholderName }) => placeholderName)))
const SECRET_FIELDS = new Set(['IPPhonePassword'])
const LONGEST_LIST = 24_000

/** The form of a level. Behind each label: what holds where nothing is set here, and where it comes from. */
export function sectionsOf(view: LevelView, features: readonly Feature[], templates: readonly Option[]): Section[] {
  const note = (name: string) => {
    const value = view.placeholders.find((one) => one.name === name)
    const said = value?.said.findLast(({ source }) => source !== view.name || view.key === 'system')
    return said && value?.own === undefined
      ? `${said.value === '' ? 'empty' : said.value}, from ${said.source}`
      : undefined
  }
  return [
    ...(view.key.startsWith('device/') ? [templateSection(templates)] : []),
    ...GROUPS.map(({ legend, hint, fields }) => ({
      legend,
      ...(hint !== undefined && { hint }),
      fields: fields.map(({ placeholderName: name, ...field }) => {
        const isSecret = SECRET_FIELDS.has(name)
        const said = note(name)
        const isSet = view.placeholders.some((one) => one.name === name && one.own !== undefined)
        return {
          ...{ ...field, name: fieldOf(name), maxLength: 1024 },
          ...(said !== undefined && { note: said }),
          ...(isSecret && { hint: isSet ? 'It is set. Leave this empty to keep it.' : 'It is not set here.' }),
        }
      }),
    })),
    {
      legend: 'Key features',
      hint: 'What else is often wanted for a place or a person. They are lines in the phones’ files.',
      fields: features.map(({ id, title, explains, choices: all }) => ({
        ...{ name: `feature-${id}`, label: title, hint: explains, kind: 'select' as const },
        options: [{ value: '', label: 'Not set here' }, ...all.map(({ id: value, label }) => ({ value, label }))],
      })),
    },
    {
      legend: 'Lines and other placeholders',
      fields: [
        {
          ...{ name: 'lines', label: 'Lines', kind: 'textarea', rows: 8, mono: true, wide: true },
          ...{ maxLength: LONGEST_LIST, placeholder: 'voip/auto_answer/enabled=1' },
          hint: 'Added to the phones’ files behind those of levels farther away, so they win.',
        },
        {
          ...{ name: 'others', label: 'Other placeholders', kind: 'textarea', rows: 6, mono: true, wide: true },
          ...{ maxLength: LONGEST_LIST, placeholder: '; What the next one is for\nP_door=4711' },
          hint: 'One in each line: a name, an equals sign, its value. A line that begins with ; describes the next one. Templates write %ITCS_P_door%.',
        },
        {
          ...{ name: 'secrets', label: 'Other secrets', kind: 'textarea', rows: 3, mono: true, wide: true },
          ...{ maxLength: 8000, placeholder: 'P_gate_password=' },
          hint: 'The same, for values that nobody shall see. What is there stands without its value; leave it so to keep it, or delete its line.',
        },
      ],
    },
  ]
}

interface Feature {
  readonly id: string
  readonly title: string
  readonly explains: string
  readonly choices: readonly { readonly id: string; readonly label: string }[]
}

function templateSection(templates: readonly Option[]): Section {
  const options = [{ value: '', label: 'The one for its model and place' }, ...templates]
  return {
    legend: 'Template',
    fields: [{ name: 'template', label: 'Template of this phone', kind: 'select', options, wide: true }],
  }
}

function fieldOf(name: string): string {
  return `${SECRET_FIELDS.has(name) ? 'secret' : 'value'}-${name}`
}

/** What stands in the form at first. */
export function valuesOf(view: LevelView): Values {
  const own = view.placeholders.filter((one) => one.own !== undefined)
  const others = own.filter(({ name, own: value, secret }) => !secret && (!KNOWN_NAMES.has(name) || value === ''))
  return {
    ...{ lines: view.text, template: view.template },
    ...Object.fromEntries(
      own.filter(({ secret }) => !secret).map(({ name, own: value = '' }) => [fieldOf(name), value]),
    ),
    ...Object.fromEntries(Object.entries(view.chosen).map(([id, choice]) => [`feature-${id}`, choice])),
    others: others
      .map(
        ({ name, own: value = '', description }) => `${description === '' ? '' : `; ${description}\n`}${name}=${value}`,
      )
      .join('\n'),
    secrets: own
      .filter(({ name, secret }) => secret && !SECRET_FIELDS.has(name))
      .map(({ name }) => `${name}=`)
      .join('\n'),
  }
}

/** What the form says, with the errors of lines that cannot be read. */
export function draftOf(
  view: LevelView,
  values: Values,
): { readonly draft: LevelDraft; readonly errors: readonly FieldError[] } {
  const others = listOf('others', values.others ?? '')
  const secrets = listOf('secrets', values.secrets ?? '')
  const known = [...KNOWN_NAMES].map((name) => [name, values[fieldOf(name)] ?? ''] as const)
  const hadSecret = (name: string) => view.placeholders.some((one) => one.name === name && one.secret)
  return {
    errors: [...others.errors, ...secrets.errors],
    draft: {
      values: {
        ...Object.fromEntries(known.filter(([name, value]) => !SECRET_FIELDS.has(name) && value !== '')),
        ...others.values,
      },
      secrets: {
        ...Object.fromEntries(
          known.filter(([name, value]) => SECRET_FIELDS.has(name) && (value !== '' || hadSecret(name))),
        ),
        ...secrets.values,
      },
      lines: values.lines ?? '',
      features: Object.fromEntries(
        Object.entries(values).flatMap(([field, value]) =>
          field.startsWith('feature-') && value !== '' ? [[field.slice('feature-'.length), value]] : [],
        ),
      ),
      descriptions: { ...others.descriptions, ...secrets.descriptions },
      template: values.template ?? '',
    },
  }
}

function listOf(field: string, text: string) {
  // Without a prototype, so that every name that somebody types is only a name.
  const values: Record<string, string> = Object.create(null)
  const descriptions: Record<string, string> = Object.create(null)
  const errors: FieldError[] = []
  let description = ''
  for (const [index, line] of text.split('\n').entries()) {
    const [, name = '', value = ''] = /^\s*%?(?:ITCS_)?([^\s=%;]+)%?\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (line.trim() === '') continue
    if (line.trimStart().startsWith(';')) description = line.trim().slice(1).trim()
    else if (name === '') errors.push({ field, message: `Line ${index + 1} has no name and equals sign.` })
    else if (Object.hasOwn(values, name)) errors.push({ field, message: `${name} stands there twice.` })
    else {
      values[name] = value
      if (description !== '') descriptions[name] = description
      description = ''
    }
  }
  return { values, descriptions, errors }
}

/** Whether a secret has a field of its own. */
export function hasSecretField(name: string): boolean {
  return SECRET_FIELDS.has(name)
}

/** The form with the lines whose names are those of secrets among the secrets. */
export function secretsApart(values: Values): Values {
  const lines = (values.others ?? '').split('\n')
  const isSecret = (line: string) => isSecretName(/^\s*%?(?:ITCS_)?([^\s=%;]+)%?\s*=/.exec(line)?.[1] ?? '')
  const moved = lines.filter(isSecret)
  if (moved.length === 0) return values
  return {
    ...values,
    others: lines.filter((line) => !isSecret(line)).join('\n'),
    secrets: [...(values.secrets ?? '').split('\n'), ...moved].filter((line) => line.trim() !== '').join('\n'),
  }
}

/** Errors of placeholders without a field of their own are those of the list that they stand in. */
export function atFields(errors: readonly FieldError[]): FieldError[] {
  return errors.map(({ field, message }) => {
    const [, kind = '', name = ''] = /^(value|secret|description)-(.*)$/s.exec(field) ?? []
    if (kind === '' || KNOWN_NAMES.has(name)) return { field, message }
    return { field: kind === 'secret' ? 'secrets' : 'others', message }
  })
}

// SPDX-License-Identifier: Apache-2.0
import { COMMAND_KINDS } from '#daemon/domain/command'
import {
  AFTERWARDS,
  BATCH,
  CHANGE_KINDS,
  DELAY,
  isChangeKind,
  isJobKind,
  JOB_KINDS,
  type JobKind,
} from '#daemon/domain/job'
import { minuteOfDay } from '#daemon/domain/job-order'
import type { Approval } from '#daemon/domain/phone'
import type { Mac } from '#protocols/lib/mac'
import type { PhoneFilter } from '#web/choose-phones'
import type { Web } from '#web/context'
import type { Field, Option, Section, Values } from '#web/kit/form'
import { parseLocal } from '#web/local-time'
import { PRESENCES, presenceFromSlug } from '#web/pages/presence'
import type { JobDraft } from '#web/ports/jobs'
import type { FieldError } from '#web/ports/saved'
import { ACTIONS } from './words.ts'

const ANY: Option = { value: '', label: 'Any' }
const THEN: Readonly<Record<(typeof AFTERWARDS)[number], string>> = {
  '': 'Nothing: they get it when they next come by themselves',
  check: 'To check their configuration',
  restart: 'To restart',
}

export const USUAL: Values = {
  ...{ kind: 'restart', batch: String(BATCH.usual), retries: '1', expiry: '24', perSite: '0', passwords: 'random' },
}

/** What a new job is asked for; fields that only some actions need show with these. */
export function sectionsOf({ port }: Web): readonly Section[] {
  const scopes = port.scopes?.tree()
  const places: Option[] = (scopes?.below() ?? [])
    .map(({ id }) => ({ value: id, label: scopes?.pathText(id) ?? id }))
    .sort((a, b) => a.label.localeCompare(b.label))
  const templates = (port.templates?.titles() ?? []).map(({ id, title }) => ({ value: id, label: title }))
  const only = (...kinds: readonly JobKind[]) => ({ when: { field: 'kind', values: kinds } })
  const which: Field[] = [
    { name: 'text', label: 'With this in their user, MAC, IP, model or firmware', maxLength: 100 },
    {
      ...{ name: 'presence', label: 'Status', kind: 'select' },
      options: [ANY, ...PRESENCES.map(({ slug, label }) => ({ value: slug, label }))],
    },
    ...(places.length > 0
      ? [{ name: 'in', label: 'In', kind: 'select', options: [{ value: '', label: 'Any region' }, ...places] } as const]
      : []),
    {
      ...{ name: 'approval', label: 'Approval', kind: 'select' },
      options: [
        { value: '', label: 'Any that the action is for' },
        { value: 'approved', label: 'Let in' },
        { value: 'pending', label: 'Waiting' },
        { value: 'rejected', label: 'Kept out' },
      ],
    },
    {
      ...{ name: 'file', label: 'Or the phones of a CSV file', kind: 'file', accept: '.csv,text/csv,text/plain' },
      hint: 'One MAC address in each row, or with headings, in the columns that are called MAC. At most 8 MB; the choice above is not looked at then.',
    },
  ]
  const what: Field[] = [
    {
      ...{ name: 'kind', label: 'Action', kind: 'select', required: true },
      options: JOB_KINDS.map((value) => ({ value, label: ACTIONS[value] })),
    },
    { name: 'message', label: 'Text of the message', maxLength: 500, ...only('message') },
    {
      ...{ name: 'region', label: 'Region or site', kind: 'select', ...only('set region', 'approve') },
      options: [{ value: '', label: 'Where their user or address puts them' }, ...places],
    },
    { name: 'user', label: 'User', maxLength: 64, hint: 'Empty: nobody.', ...only('assign user') },
    {
      ...{ name: 'model', label: 'Model', maxLength: 60, placeholder: '440HD', ...only('set model') },
      hint: 'Until the phone itself says what it is.',
    },
    { name: 'language', label: 'Language', maxLength: 40, ...only('set language') },
    {
      ...{ name: 'vlanMode', label: 'VLAN mode', maxLength: 40, ...only('set VLAN mode') },
      suggestions: ['Disabled', 'Automatic Configuration', 'Manual Configuration', 'CDP', 'LLDP', 'CDP and LLDP'],
    },
    {
      ...{ name: 'template', label: 'Template', kind: 'select', ...only('set template') },
      options: [{ value: '', label: 'What the mapping rules say' }, ...templates],
    },
    {
      ...{ name: 'passwords', label: 'Passwords', kind: 'select', ...only('reset passwords') },
      options: [
        { value: 'random', label: 'A random one for each user' },
        { value: 'given', label: 'The same for all' },
      ],
      hint: 'SIP passwords: they go into the phones’ files and are shown nowhere. Your SIP server must know them, too.',
    },
    {
      ...{ name: 'password', label: 'The same password', kind: 'password', maxLength: 128, ...only('reset passwords') },
      autocomplete: 'new-password',
    },
    {
      ...{ name: 'restart', label: 'Also update the configuration, and restart', kind: 'check' },
      ...only('update firmware'),
      hint: 'Phones start anew, which has them fetch image and configuration. Without it they are asked to look for a new image, which not every firmware understands.',
    },
    {
      ...{ name: 'afterwards', label: 'Then tell the phones', kind: 'select', ...only(...CHANGE_KINDS) },
      options: AFTERWARDS.map((value) => ({ value, label: THEN[value] })),
    },
  ]
  const when: Field[] = [
    { name: 'startAt', label: 'Not before', kind: 'datetime-local', hint: 'Empty: at once.' },
    {
      name: 'from',
      label: 'Only between',
      maxLength: 5,
      placeholder: '22:00',
      hint: 'A quiet time of day, by the clock where each phone is.',
    },
    { name: 'to', label: 'and', maxLength: 5, placeholder: '05:30' },
  ]
  const pace: Field[] = [
    { name: 'batch', label: 'Phones at once', kind: 'number', required: true, min: BATCH.least, max: BATCH.most },
    {
      ...{ name: 'delay', label: 'Seconds between batches', kind: 'number', min: DELAY.least, max: DELAY.most },
      hint: `Empty: ${DELAY.usual} for restarts and firmware, ${DELAY.quick} for the rest.`,
    },
    {
      name: 'perSite',
      label: 'At work in one place at most',
      kind: 'number',
      min: 0,
      max: 10_000,
      hint: '0: any number.',
    },
    {
      ...{ name: 'retries', label: 'Tell again, if it failed', kind: 'number', required: true, min: 0, max: 10 },
      hint: 'After one minute, then two, then four …',
    },
    {
      ...{ name: 'expiry', label: 'Give up after hours', kind: 'number', required: true, min: 1, max: 720 },
      hint: 'Phones that are switched off are told when they come back, until then.',
    },
  ]
  return [
    { legend: 'Which phones', fields: which },
    { legend: 'What they do', fields: what },
    { legend: 'When', fields: when },
    { legend: 'How fast', fields: pace },
  ]
}

export function filterOf(values: Values): PhoneFilter {
  const approvals: readonly Approval[] = ['approved', 'pending', 'rejected']
  const approval = approvals.find((one) => one === values.approval)
  const presence = presenceFromSlug(values.presence ?? '')
  return { text: values.text ?? '', presence, approval, region: values.in ?? '' }
}

/** The draft without its phones, or the first thing that cannot be read. */
export function draftOf(
  values: Values,
  zone: string,
  macs: readonly Mac[],
  otherwiseDelay: (kind: JobKind) => number,
): JobDraft | FieldError {
  const kind = values.kind ?? ''
  if (!isJobKind(kind)) return { field: 'kind', message: 'Choose one of these.' }
  const { startAt: start = '', from = '', to = '' } = values
  const startAt = start === '' ? 0 : parseLocal(start, zone)
  if (startAt === undefined) return { field: 'startAt', message: 'There is no such day or time of day.' }
  const window = windowOf(from, to)
  if (window && 'field' in window) return window
  const number = (name: string) => Number(values[name])
  const value = changeOf(kind, values)
  return {
    ...{ kind, text: kind === 'message' ? (values.message ?? '') : '', macs, startAt },
    ...{ batch: number('batch'), retries: number('retries'), expiryHours: number('expiry') },
    ...{ delaySeconds: values.delay ? number('delay') : otherwiseDelay(kind), perSite: Number(values.perSite || '0') },
    ...(value !== undefined && { value }),
    ...(kind === 'reset passwords' && values.passwords === 'given' && { password: values.password ?? '' }),
    ...(kind === 'update firmware' && { restart: values.restart === '1' }),
    ...(isChangeKind(kind) && { afterwards: AFTERWARDS.find((one) => one === values.afterwards) ?? '' }),
    ...(window && { window }),
  }
}

/** What the form calls otherwise than the port does. */
export function renamed({ field, message }: FieldError, kind: string): FieldError {
  const named: Readonly<Record<string, string>> = {
    text: 'message',
    macs: 'text',
    window: 'from',
    value: valueField(kind),
  }
  return { field: named[field] ?? field, message }
}

function windowOf(from: string, to: string): { readonly from: number; readonly to: number } | FieldError | undefined {
  if (from === '' && to === '') return undefined
  const [first, last] = [minuteOfDay(from), minuteOfDay(to)]
  const message = 'Give a time of day such as 22:00.'
  if (first === undefined) return { field: 'from', message }
  return last === undefined ? { field: 'to', message } : { from: first, to: last }
}

function changeOf(kind: JobKind, values: Values): string | undefined {
  if (COMMAND_KINDS.some((one) => one === kind) || kind === 'reject' || kind === 'delete') return undefined
  return values[valueField(kind)] ?? ''
}

function valueField(kind: string): string {
  switch (kind) {
    case 'set region':
    case 'approve':
      return 'region'
    case 'assign user':
      return 'user'
    case 'set model':
      return 'model'
    case 'set language':
      return 'language'
    case 'set VLAN mode':
      return 'vlanMode'
    case 'set template':
      return 'template'
    case 'reset passwords':
      return 'passwords'
    default:
      return 'kind'
  }
}

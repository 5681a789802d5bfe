// SPDX-License-Identifier: Apache-2.0
import type { LintCode, Severity } from '#daemon/domain/provisioning/lint-codes'
import { LINT_CODES } from '#daemon/domain/provisioning/lint-codes'
import type { Parameter, ParameterFacts } from '#daemon/domain/provisioning/parameter'
import type { Badge, Tab } from '#web/kit/cell'

export const PARAMETERS = '/parameters'
export const CHECK = '/parameters/check'
export const DELTA = '/parameters/delta'

export function parameterTabs(current: string): { label: string; tabs: Tab[] } {
  const tab = (label: string, href: string): Tab => ({ label, href, current: href === current })
  return {
    label: 'Parameters',
    tabs: [tab('Catalogue', PARAMETERS), tab('Check a file', CHECK), tab('Compare two', DELTA)],
  }
}

const TYPES = { int: 'Number', bool: '0 or 1', string: 'Text', enum: 'One of' } as const
const RELOADS = { voip: 'telephony', ui: 'display', log: 'logging', ntp: 'clock' } as const

/** `Number from 0 to 300`. */
export function typeText({ type, min, max, maxLength, values = [] }: ParameterFacts): string {
  if (type === undefined) return 'Not known'
  if (type === 'enum') return `${TYPES.enum} ${values.join(', ')}`
  const range = min !== undefined && max !== undefined ? ` from ${min} to ${max}` : ''
  return `${TYPES[type]}${range}${maxLength === undefined ? '' : `, up to ${maxLength} characters`}`
}

/** What else is good to know of it, in words. */
export function notesOf(parameter: Parameter): string[] {
  const { variants } = parameter
  const reload = variants.find((facts) => facts.reload)?.reload
  return [
    ...(reload === 'reboot' ? ['Restarts the phone'] : reload ? [`Restarts its ${RELOADS[reload]}`] : []),
    ...(variants.some(({ secured }) => secured) ? ['Kept encrypted'] : []),
    ...(variants.every(({ hidden }) => hidden) ? ['Not in the phone’s own pages'] : []),
    ...(variants.some(({ index }) => index) ? perModel(parameter, indexText) : []),
    ...(parameter.source === 'manual' ? ['From a manual: models not told'] : []),
  ]
}

function indexText({ index }: ParameterFacts): string {
  return index ? `# from ${index[0]} to ${index[1]}` : 'no #'
}

/** Each model's own words where models differ. */
export function perModel(parameter: Parameter, say: (facts: ParameterFacts) => string): string[] {
  const [first, ...others] = parameter.variants
  if (!first) return []
  const words = say(first)
  if (others.every((facts) => say(facts) === words)) return [words]
  return parameter.variants.map((facts) => `${facts.models.join(', ')}: ${say(facts)}`)
}

const SEVERITIES: Readonly<Record<Severity, Badge>> = {
  error: { badge: 'Error', tone: 'bad' },
  warning: { badge: 'Warning', tone: 'warn' },
  hint: { badge: 'Hint', tone: 'info' },
}

export function severityBadge(severity: Severity): Badge {
  return SEVERITIES[severity]
}

export function remedyOf(code: LintCode): string {
  return LINT_CODES[code].remedy.replaceAll('`', '')
}

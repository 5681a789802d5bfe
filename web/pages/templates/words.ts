// SPDX-License-Identifier: Apache-2.0
import type { Badge, Tab } from '#web/kit/cell'
import type { TemplateOrigin, TextFinding } from '#web/ports/templates'

export const TEMPLATES = '/templates'
export const MAPPING = '/templates/mapping'
export const SETTINGS = '/settings'
export const TEMPLATES_TRAIL = [{ label: 'Templates', href: TEMPLATES }]

export const FLAVOURS = { sip: 'SIP', uc: 'UC' } as const
export const PART_TITLES = { global: 'Shared part', private: 'Own part of each phone' } as const

const ORIGINS: Readonly<Record<TemplateOrigin, Badge>> = {
  shipped: { badge: 'As shipped', tone: 'idle' },
  changed: { badge: 'Changed', tone: 'info' },
  own: { badge: 'Made here', tone: 'ok' },
}

const SEVERITIES: Readonly<Record<TextFinding['severity'], Badge>> = {
  error: { badge: 'Error', tone: 'bad' },
  warning: { badge: 'Warning', tone: 'warn' },
  hint: { badge: 'Hint', tone: 'info' },
}

export function originBadge(origin: TemplateOrigin): Badge {
  return ORIGINS[origin]
}

export function severityBadge(severity: TextFinding['severity']): Badge {
  return SEVERITIES[severity]
}

export function templateHref(id: string): string {
  return `${TEMPLATES}/of/${encodeURIComponent(id)}`
}

/** Of a level's own page: `scope/de` is `/settings/scope/de`. */
export function levelHref(key: string): string {
  return `${SETTINGS}/${key.split('/').map(encodeURIComponent).join('/')}`
}

export function templateTabs(current: string): { label: string; tabs: Tab[] } {
  const tab = (label: string, href: string): Tab => ({ label, href, current: href === current })
  return {
    label: 'What phones are told',
    tabs: [tab('Templates', TEMPLATES), tab('Mapping', MAPPING), tab('Settings', SETTINGS)],
  }
}

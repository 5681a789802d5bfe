// SPDX-License-Identifier: Apache-2.0
import { isOn } from '#daemon/domain/maintenance'
import type { Web } from '#web/context'
import { count } from '#web/format'
import type { Tab } from '#web/kit/cell'
import type { Fragments } from '#web/live/fragments'
import type { AlarmsPort } from '#web/ports/alarms'
import type { Views } from '#web/views'

export function alarmTabs({ port }: Web, current: 'active' | 'history' | 'maintenance'): Tab[] {
  const now = port.now()
  const running = (port.alarmDesk?.maintenance() ?? []).filter((window) => isOn(window, now)).length
  return [
    { label: 'Active', href: '/alarms', current: current === 'active' },
    { label: 'History', href: '/alarms/history', current: current === 'history' },
    {
      ...{ label: 'Maintenance', href: '/alarms/maintenance', current: current === 'maintenance' },
      ...(running > 0 ? { count: count(running) } : {}),
    },
  ]
}

/**
 * Says when lists of alarms have become old: after each event, when their number changes, and once a minute for the
 * times. The browser then asks for its list again.
 */
export function alarmFragments(alarms: AlarmsPort, views: Views, now: () => number): Fragments {
  return {
    'alarm-pulse': {
      scope: 'fleet',
      render: () => {
        const { events } = alarms.history({ text: '', kinds: [], severities: [], limit: 1 })
        const { total, folded, unknown } = alarms.counts()
        const minute = Math.floor(now() / 60_000)
        const pulse = [events[0]?.sequence ?? 0, total, folded, unknown, minute].join('-')
        return views.render('fragments/alarm-pulse', { pulse })
      },
    },
  }
}

// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { clockValues, daylightSaving } from '#daemon/domain/dhcp/daylight-saving'

const NOW = Date.parse('2026-11-20T12:00:00Z')

test.each([
  [
    'Europe/Berlin',
    { month: 3, day: 29, week: 5, dayOfWeek: 0, hour: 2 },
    { month: 10, day: 25, week: 5, hour: 3 },
    60,
  ],
  ['Europe/Dublin', { month: 3, day: 29, week: 5, hour: 1 }, { month: 10, day: 25, week: 5, hour: 2 }, 60],
  ['America/New_York', { month: 3, day: 8, week: 2, hour: 2 }, { month: 11, day: 1, week: 1, hour: 2 }, 60],
  ['Australia/Sydney', { month: 10, day: 4, week: 1, hour: 2 }, { month: 4, day: 5, week: 1, hour: 3 }, 60],
  ['Australia/Lord_Howe', { month: 10, hour: 2 }, { month: 4, hour: 2 }, 30],
])('%s changes its clocks by rule', (zone, start, end, minutes) => {
  expect(daylightSaving(zone, NOW)).toMatchObject({ start, end, minutes })
})

test.each(['Asia/Tokyo', 'America/Phoenix', 'UTC'])('%s does not', (zone) => {
  expect(daylightSaving(zone, NOW)).toBeUndefined()
  expect(clockValues(zone, 'dayOfWeek', NOW)).toMatchObject({ DayLightActivate: 'Disable' })
})

test('phone files get either form, and the offset of standard time', () => {
  expect(clockValues('America/St_Johns', 'dayOfWeek', NOW)).toEqual({
    ...{ TimeZoneLocation: '-03:30', DayLightActivate: 'Enable', DayLightMode: 'DayOfWeek', DayLightOffset: '60' },
    ...{ DayLightStartMonth: '3', DayLightStartWeek: '2', DayLightStartDayOfWeek: 'SUNDAY' },
    ...{ DayLightStartHour: '2', DayLightStartMinute: '0', DayLightEndMonth: '11', DayLightEndWeek: '1' },
    ...{ DayLightEndDayOfWeek: 'SUNDAY', DayLightEndHour: '2', DayLightEndMinute: '0' },
  })
  expect(clockValues('Europe/Berlin', 'fixedDate', NOW)).toMatchObject({
    ...{ TimeZoneLocation: '+01:00', DayLightMode: 'Fixed', DayLightStartDay: '29', DayLightEndDay: '25' },
  })
  expect(clockValues('Europe/Berlin', 'fixedDate', NOW)).not.toHaveProperty('DayLightStartWeek')
})

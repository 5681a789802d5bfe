// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { restart } from './fields.ts'
import { destinations } from './forwarding.ts'

export const alarms = z.strictObject({
  maxActive: z
    .int()
    .min(100)
    .max(200_000)
    .default(30_000)
    .meta(restart('Most active alarms', 'What comes beyond is counted in one alarm.')),
  historyDays: z
    .int()
    .min(1)
    .max(3_650)
    .default(90)
    .meta(restart('History days', 'How long it is remembered what happened.')),
  historyEvents: z
    .int()
    .min(1_000)
    .max(1_000_000)
    .default(50_000)
    .meta(restart('History events', 'Most of them; a destination that is down for longer misses the oldest.')),
  destinations: destinations.meta(restart('Destinations', 'Where alarms are forwarded to.')),
})

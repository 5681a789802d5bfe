// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { live, restart } from './fields.ts'
import { destinations } from './forwarding.ts'

const folding = z.strictObject({
  phones: z.int().min(2).default(5).meta(restart('Fewest', 'Fewer silent phones of one place are told one by one.')),
  share: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .meta(restart('Share', 'Which part of a place’s phones makes it one cause, 0 to 1.')),
  many: z
    .int()
    .min(2)
    .default(25)
    .meta(restart('Many', 'So many silent phones of one place are one cause whatever their share.')),
  seconds: z
    .int()
    .min(1)
    .max(3_600)
    .default(30)
    .meta(restart('Window', 'How long the first one waits for others before it is told on its own, in seconds.')),
})

const flapping = z.strictObject({
  times: z
    .int()
    .min(2)
    .max(100)
    .default(4)
    .meta(restart('Times', 'An alarm that is raised so often within the window is held active.')),
  minutes: z.int().min(1).max(1_440).default(10).meta(restart('Window', 'In minutes.')),
  quietMinutes: z
    .int()
    .min(1)
    .max(1_440)
    .default(10)
    .meta(restart('Rest', 'It is held until it neither came nor went for so many minutes.')),
})

export const alarms = z.strictObject({
  folding: folding.prefault({}).meta(live('Folding', 'Silent phones of one place become one alarm.')),
  flapping: flapping.prefault({}).meta(live('Flapping', 'Alarms that come and go are held.')),
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
  destinations: destinations.meta(live('Destinations', 'Where alarms are forwarded to.')),
})

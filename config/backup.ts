// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { cronPattern, live, secret } from './fields.ts'

/** Copies of everything, for the day when the machine is gone. */
export const backup = z.strictObject({
  enabled: z.boolean().default(true).meta(live('Backups', 'Make one by itself, as the schedule says.')),
  folder: z
    .string()
    .startsWith('/', 'the folder needs its whole path')
    .optional()
    .meta(live('Folder', 'Where they are kept; by default "backups" in the data folder. Another disk is better.')),
  schedule: cronPattern.default('30 2 * * *').meta(live('Schedule', 'A cron pattern, in the time zone of the pages.')),
  keepDays: z
    .int()
    .min(1)
    .max(3_650)
    .default(14)
    .meta(live('Kept days', 'Older ones are removed, but never the newest three.')),
  passphrase: secret(12)
    .optional()
    .meta({
      ...live('Passphrase', 'Opens backups beside the recovery key of this machine; at least 12 characters.'),
      secret: true,
    }),
  rehearse: cronPattern
    .optional()
    .meta(live('Rehearsal', 'A cron pattern: the newest backup is restored aside, and virtual phones boot from it.')),
})

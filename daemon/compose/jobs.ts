// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { partOf } from '#daemon/lifecycle'
import { Jobs, type Teller } from '#daemon/services/jobs/jobs'
import type { Foundation } from './foundation.ts'

/** Actions on many phones. */
export function composeJobs({ store, now, announce, onFault }: Foundation, teller: Teller) {
  const jobs = new Jobs({ store, now, announce, onFault, teller, random: randomBytes })
  return { parts: [partOf('jobs', jobs)], jobs }
}

// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { partOf } from '#daemon/lifecycle'
import type { Reading } from '#daemon/metrics'
import type { Approvals } from '#daemon/services/approvals'
import type { Commands } from '#daemon/services/commands/commands'
import { Devices } from '#daemon/services/devices'
import { Changes } from '#daemon/services/jobs/changes'
import { Jobs } from '#daemon/services/jobs/jobs'
import { Whereabouts } from '#daemon/services/jobs/whereabouts'
import type { Users } from '#daemon/services/people/users'
import type { Scopes } from '#daemon/services/scopes/scopes'
import { LOOP } from '#daemon/services/watch/boot-watch'
import { localTimeZone } from '#daemon/settings'
import type { Mac } from '#protocols/lib/mac'
import type { Foundation } from './foundation.ts'

interface Around {
  readonly people: { readonly scopes: Scopes; readonly users: Users }
  readonly commands: Commands
  readonly approvals: Approvals
  /** The version of the image that a phone shall run. */
  readonly versionFor: (mac: Mac) => string
  readonly hasTemplate: (id: string) => boolean
}

/** Actions on many phones, and what people say of one. */
export function composeJobs({ store, now, announce, onFault, vault, alarms, config }: Foundation, around: Around) {
  const { people, commands, approvals, versionFor, hasTemplate } = around
  const devices = new Devices({ store, alarms, announce })
  const changes = new Changes({ ...people, ...{ store, vault, random: randomBytes, approvals, devices, hasTemplate } })
  const timeZone = config.web.timeZone ?? localTimeZone()
  const whereabouts = new Whereabouts({ store, scopes: people.scopes, now, timeZone })
  const jobs = new Jobs({
    ...{ store, now, announce, onFault, changes, teller: commands, random: randomBytes },
    ...{ versionFor, whereOf: (mac) => whereabouts.of(mac) },
    heldBack: (mac) => {
      const loops = alarms.of(mac).some(({ name }) => name === LOOP)
      return loops ? 'it starts over and over, and is held back until that is over' : undefined
    },
  })
  return { parts: [partOf('jobs', jobs)], jobs, devices, whereabouts, readings: jobReadings(jobs) }
}

function jobReadings(jobs: Jobs): Reading[] {
  return [
    {
      name: 'offhook_jobs',
      help: 'Jobs by state.',
      label: 'state',
      read() {
        const sums: Record<string, number> = {}
        for (const { job } of jobs.list()) sums[job.state] = (sums[job.state] ?? 0) + 1
        return sums
      },
    },
    {
      name: 'offhook_job_phones',
      help: 'Phones of jobs under way by how far they are.',
      label: 'state',
      read() {
        const rows = jobs.list().filter(({ job }) => job.state === 'running' || job.state === 'stopped')
        const states = ['waiting', 'sent', 'confirmed', 'failed', 'skipped'] as const
        const sum = (state: (typeof states)[number]) => rows.reduce((all, { progress }) => all + progress[state], 0)
        return Object.fromEntries(states.map((state) => [state, sum(state)]))
      },
    },
  ]
}

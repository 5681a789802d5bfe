// SPDX-License-Identifier: Apache-2.0
import type { Part } from '#daemon/lifecycle'
import type { Foundation } from './foundation.ts'

/** How often alarms are looked after, in milliseconds. */
const TICK_MS = 60_000

/** Alarms: who raises them, and what keeps them in bounds. */
export function composeAlarms({ alarms }: Foundation) {
  let timer: NodeJS.Timeout | undefined
  const upkeep: Part = {
    name: 'alarms',
    async start() {
      await alarms.tick()
      timer = setInterval(() => void alarms.tick(), TICK_MS)
    },
    async stop() {
      clearInterval(timer)
      await alarms.tick()
    },
  }
  return { parts: [upkeep] }
}

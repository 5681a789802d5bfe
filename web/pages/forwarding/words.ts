// SPDX-License-Identifier: Apache-2.0
import { count } from '#web/format'
import type { Badge } from '#web/kit/cell'
import { pathPart } from '#web/pages/alarms/words'
import type { Tone } from '#web/pages/presence'
import type { Destination } from '#web/ports/forwarding'

/** Waiting for longer, in milliseconds, is told although nothing failed. */
const LATE = 60_000

/** How a destination fares, in a word and a sentence. */
export interface Wellness {
  readonly word: string
  readonly tone: Tone
  readonly sentence: string
}

export function wellness({ state, waiting, lag, lastError, lastDeliveredAt }: Destination): Wellness {
  const queue = waiting === 0 ? '' : `${waitingWords(waiting)}, the oldest for ${span(lag)}.`
  if (state === 'paused') {
    const sentence = queue || 'Alarms wait until somebody lets it go on.'
    return { word: 'Paused', tone: 'idle', sentence }
  }
  if (state === 'failing') {
    return { word: 'Failing', tone: 'bad', sentence: [lastError, queue].filter((part) => part !== '').join(' ') }
  }
  if (waiting > 0 && lag > LATE) return { word: 'Behind', tone: 'warn', sentence: queue }
  if (lastDeliveredAt === 0)
    return { word: 'Nothing sent yet', tone: 'info', sentence: queue || 'Send a test to try it.' }
  return { word: 'Working', tone: 'ok', sentence: queue }
}

export function wellnessBadge(destination: Destination): Badge {
  const { word, tone } = wellness(destination)
  return { badge: word, tone }
}

export function waitingWords(waiting: number): string {
  return `${count(waiting)} ${waiting === 1 ? 'message waits' : 'messages wait'}`
}

/** `40 s`, `9 min`, `3 h`, `2 days`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`
}

export function destinationHref(id: string): string {
  return `/forwarding/${pathPart(id)}`
}

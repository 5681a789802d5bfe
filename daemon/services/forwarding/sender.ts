// SPDX-License-Identifier: Apache-2.0
import type { Alarm, AlarmEvent } from '#daemon/domain/alarm'

/** One thing to tell. */
export interface Outgoing {
  /** `resent`: an active alarm once more; `test`: a made-up one that says so. */
  readonly kind: AlarmEvent['kind'] | 'resent' | 'test'
  /** The event's own number, 0 where there is no event. */
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly by: string
  readonly alarm: Alarm
}

/** One kind of wire. What it was given is told, in order, when its promise resolves. */
export interface Sender {
  /** Most parcels on the way at once. */
  readonly window: number
  /** Most messages in one parcel. */
  readonly most: number
  /** Least time between two parcels, in milliseconds, unless the first was full. */
  readonly pauseMillis: number
  /** Rejects with a SendError. It may tell a message twice when it cannot know that the first try arrived. */
  send(messages: readonly Outgoing[]): Promise<void>
  heartbeat?(activeAlarms: number, at: number): Promise<void>
  /** What is on the way is rejected. Idempotent. */
  close(): Promise<void>
}

/** Why something was not told; the message is a sentence for people and holds no secret. */
export class SendError extends Error {
  override readonly name = 'SendError'
  /** True when the receiver looked at this very message and will not have it. */
  readonly refused: boolean
  /** How long the receiver asks us to wait. */
  readonly waitMillis: number | undefined

  constructor(message: string, options: { refused?: boolean; waitMillis?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.refused = options.refused ?? false
    this.waitMillis = options.waitMillis
  }
}

const LONGEST = 300

/** A sentence about any failure, short and without control characters: receivers write into error texts, too. */
export function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]+/gu, ' ').trim()
  return line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line
}

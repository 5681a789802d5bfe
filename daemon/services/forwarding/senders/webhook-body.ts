// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto'
import type { Outgoing } from '#daemon/services/forwarding/sender'

/** The JSON that a webhook gets; fields are added in later versions, never taken away. Times are ISO 8601 in UTC. */
export function webhookBody(message: Outgoing): string {
  const { kind, sequence, at, by, alarm } = message
  return JSON.stringify({
    version: 1,
    kind,
    /** Grows with each event; null for what is no event: tests and alarms told again. */
    sequence: sequence === 0 ? null : sequence,
    at: iso(at),
    by,
    alarm: {
      ...{ id: alarm.id, name: alarm.name, source: alarm.source, severity: severityOf(message) },
      ...{ description: alarm.description, remedy: alarm.remedy, eventType: alarm.eventType },
      ...{ probableCause: alarm.probableCause, additionalInfo: alarm.additionalInfo, mac: alarm.mac ?? null },
      ...{ scope: alarm.scope, remoteHost: alarm.remoteHost, count: alarm.count, phones: alarm.blast ?? null },
      ...{ raisedAt: iso(alarm.raisedAt), lastAt: iso(alarm.lastAt) },
      acknowledged: alarm.acknowledged
        ? { by: alarm.acknowledged.by, at: iso(alarm.acknowledged.at), note: alarm.acknowledged.note }
        : null,
      comments: alarm.comments.map(({ by, at, text }) => ({ by, at: iso(at), text })),
    },
  })
}

export function heartbeatBody(activeAlarms: number, at: number): string {
  return JSON.stringify({ version: 1, kind: 'heartbeat', at: iso(at), activeAlarms })
}

/** HMAC-SHA256 over the time in seconds, a dot and the body: an old message cannot be sent again as a new one. */
export function signature(key: string, seconds: number, body: string): string {
  return `sha256=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`
}

function severityOf({ kind, alarm }: Outgoing): string {
  return kind === 'cleared' ? 'cleared' : alarm.severity
}

/** Dates beyond the calendar of JavaScript come from phones' clocks. */
function iso(millis: number): string | null {
  return Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : null
}

// SPDX-License-Identifier: Apache-2.0

const SHAPE = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)$/

/**
 * Milliseconds since the epoch of a wall-clock time as browsers send it (`2026-03-01T14:00`) in a zone (an IANA name);
 * undefined if there is no such day or time of day. Of an hour that a zone has twice, the first; an hour that it skips
 * is taken as the clock was before.
 */
export function parseLocal(text: string, zone: string): number | undefined {
  const match = SHAPE.exec(text)
  if (!match) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map(Number)
  const wall = Date.UTC(year, month - 1, day, hour, minute)
  if (new Date(wall).toISOString().slice(0, 16) !== `${match[0].slice(0, 10)}T${match[0].slice(11)}`) return undefined
  // The offsets in force a day earlier and later are all that can apply.
  const [before, after] = [wall - offset(wall - 86_400_000, zone), wall - offset(wall + 86_400_000, zone)]
  if (before + offset(before, zone) === wall) return before
  return after + offset(after, zone) === wall ? after : before
}

/** As an input of the type `datetime-local` wants it, e.g. `2026-03-01T14:00`; empty for no time. */
export function formatLocal(at: number, zone: string): string {
  if (!(at > 0 && at <= 8.64e15)) return ''
  return new Date(at + offset(at, zone)).toISOString().slice(0, 16)
}

/** How far the zone's clocks are ahead of UTC, in milliseconds. */
function offset(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', era: 'short', year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  } as const).formatToParts(at)
  const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((part) => part.type === type)?.value)
  const wall = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
  return wall - Math.floor(at / 1000) * 1000
}

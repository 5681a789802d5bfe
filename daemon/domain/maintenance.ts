// SPDX-License-Identifier: Apache-2.0

/** A time in which alarms of a scope are kept and shown, but not forwarded. Times in milliseconds since the epoch. */
export interface Maintenance {
  readonly id: string
  readonly title: string
  /** Empty for everything. */
  readonly scope: string
  readonly from: number
  readonly to: number
  readonly by: string
  readonly createdAt: number
  /** It comes again every week at the same time, until it is removed. */
  readonly weekly?: boolean
}

export const WEEK_MS = 7 * 24 * 3600 * 1000
const LONGEST_MS = 31 * 24 * 3600 * 1000
const TITLE = 100

/** Whether it is on at `now`. A weekly one is: in any week from its first on. */
export function isOn({ from, to, weekly }: Maintenance, now: number): boolean {
  if (now < from) return false
  return weekly ? (now - from) % WEEK_MS < to - from : now < to
}

/** Whether it will never be on again. */
export function isOver({ to, weekly }: Maintenance, now: number): boolean {
  return !weekly && now >= to
}

/** What is wrong with what a person entered, by field. */
export function faultsOf(
  draft: Pick<Maintenance, 'title' | 'scope' | 'from' | 'to' | 'weekly'>,
  scopes: readonly string[],
): { readonly field: string; readonly message: string }[] {
  const faults: { field: string; message: string }[] = []
  const title = draft.title.trim()
  if (title === '' || title.length > TITLE)
    faults.push({ field: 'title', message: `1 to ${TITLE} characters, please.` })
  if (draft.scope !== '' && !scopes.includes(draft.scope)) {
    faults.push({ field: 'scope', message: 'There is no such scope.' })
  }
  if (!Number.isSafeInteger(draft.from)) faults.push({ field: 'from', message: 'This is no time.' })
  if (!Number.isSafeInteger(draft.to)) faults.push({ field: 'to', message: 'This is no time.' })
  else if (draft.to <= draft.from) faults.push({ field: 'to', message: 'It ends before it begins.' })
  else if (draft.to - draft.from > (draft.weekly ? WEEK_MS : LONGEST_MS)) {
    faults.push({ field: 'to', message: draft.weekly ? 'At most a week, please.' : 'At most 31 days, please.' })
  }
  return faults
}

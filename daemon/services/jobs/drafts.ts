// SPDX-License-Identifier: Apache-2.0
import { BATCH, DELAY, isChangeKind, type Job } from '#daemon/domain/job'
import { contradiction, problemOfWindow } from '#daemon/domain/job-order'
import type { Mac } from '#protocols/lib/mac'
import type { JobDraft } from '#web/ports/jobs'
import type { FieldError } from '#web/ports/saved'

export const MOST_PHONES = 100_000
const LONGEST_TEXT = 500
const LONGEST_VERSION = 64
const HOUR = 3_600_000

/** The first thing wrong with a draft, but for what its change says. */
export function problemOf(draft: JobDraft): FieldError | undefined {
  const {
    kind,
    text,
    macs,
    batch,
    delaySeconds,
    retries,
    expiryHours,
    perSite = 0,
    window,
    afterwards,
    expects,
  } = draft
  const within = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most
  if (macs.length > MOST_PHONES) return { field: 'macs', message: `A job has at most ${MOST_PHONES} phones.` }
  if (kind === 'message' && (text.trim() === '' || text.trim().length > LONGEST_TEXT)) {
    return { field: 'text', message: `A message has 1 to ${LONGEST_TEXT} characters.` }
  }
  if (!within(batch, BATCH.least, BATCH.most)) {
    return { field: 'batch', message: `This must be a whole number from ${BATCH.least} to ${BATCH.most}.` }
  }
  if (!within(delaySeconds, DELAY.least, DELAY.most)) {
    return { field: 'delay', message: `This must be from ${DELAY.least} to ${DELAY.most} seconds.` }
  }
  if (!within(retries, 0, 10)) return { field: 'retries', message: 'This must be a whole number from 0 to 10.' }
  if (!within(expiryHours, 1, 720)) return { field: 'expiry', message: 'This must be from 1 to 720 hours.' }
  if (!within(perSite, 0, 10_000)) {
    return { field: 'perSite', message: 'This must be a whole number from 0 (any number) to 10000.' }
  }
  const wrong = window && problemOfWindow(window)
  if (wrong) return { field: 'window', message: wrong }
  if (afterwards && !isChangeKind(kind)) return { field: 'afterwards', message: 'This is for changes only.' }
  if (expects !== undefined && expects.length > LONGEST_VERSION) {
    return { field: 'expects', message: `A version has at most ${LONGEST_VERSION} characters.` }
  }
  return undefined
}

/** Another job that is at work on some of these phones, and that this one would undo or be undone by. */
export function contradictionOf(draft: JobDraft, openOf: (mac: Mac) => readonly Job[]): FieldError | undefined {
  const clashes = new Map<string, { readonly why: string; count: number }>()
  for (const mac of new Set(draft.macs)) {
    for (const open of openOf(mac)) {
      const why = contradiction(open, { ...draft, value: draft.value ?? '' })
      if (why === undefined) continue
      const clash = clashes.get(open.id) ?? { why: `the job “${open.kind}” that ${open.by} began (${why})`, count: 0 }
      clash.count++
      clashes.set(open.id, clash)
    }
  }
  const [clash] = clashes.values()
  if (!clash) return undefined
  const phonesText = clash.count === 1 ? 'One phone is' : `${clash.count} phones are`
  return { field: 'kind', message: `${phonesText} still to be done by ${clash.why}. Let it end, or cancel it.` }
}

/** A job out of a draft that was found good. */
export function jobOf(draft: JobDraft, id: string, by: string, at: number, size: number): Job {
  const { kind, text, value, afterwards, expects, restart, perSite, window, batch, retries } = draft
  const startAt = Math.max(at, draft.startAt)
  return {
    ...{ id, kind, text: text.trim(), by, at, startAt, batch, retries, size, nextAt: startAt, endedAt: 0 },
    ...{ expiresAt: startAt + draft.expiryHours * HOUR, delay: draft.delaySeconds * 1000 },
    state: startAt > at ? 'scheduled' : 'running',
    ...(value !== undefined && { value: value.trim() }),
    ...(afterwards && { afterwards }),
    ...(expects !== undefined && { expects }),
    ...(restart && { restart }),
    ...(perSite && { perSite }),
    ...(window && { window }),
  }
}

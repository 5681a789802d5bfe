// SPDX-License-Identifier: Apache-2.0
import { AFTERWARDS, BATCH, type DailyWindow, isChangeKind, type JobKind, usualDelay } from '#daemon/domain/job'
import { minuteOfDay } from '#daemon/domain/job-order'
import type { Approval } from '#daemon/domain/phone'
import type { PhoneFilter } from '#web/choose-phones'
import { Problem } from '#web/http/problem'
import { presenceFromSlug } from '#web/pages/presence'
import type { JobDraft } from '#web/ports/jobs'

/** Of a JSON body, or of a query, where all is text. */
export type Fields = Readonly<Record<string, unknown>>

export function textOf(fields: Fields, name: string): string {
  const value = fields[name]
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  throw new Problem(400, `"${name}" must be text.`)
}

/** A job without its phones; a Problem 400 that names the first field which is of another type. */
export function settingsOf(fields: Fields, kind: JobKind, isQuery: boolean): Omit<JobDraft, 'macs'> {
  const number = (name: string, otherwise: number) => {
    const given = fields[name] ?? otherwise
    const value = isQuery && typeof given === 'string' && /^\d{1,15}$/.test(given) ? Number(given) : given
    if (typeof value === 'number' && Number.isFinite(value)) return value
    throw new Problem(400, `"${name}" must be a number.`)
  }
  const has = (name: string) => fields[name] !== undefined && fields[name] !== null
  const window = windowOf(fields, isQuery)
  const afterwards = AFTERWARDS.find((one) => one === textOf(fields, 'afterwards'))
  if (afterwards === undefined) throw new Problem(400, '"afterwards" must be check or restart.')
  if (isQuery && has('password')) throw new Problem(400, 'A password does not belong into an address: send JSON.')
  return {
    ...{ kind, text: textOf(fields, 'text'), startAt: number('startAt', 0), perSite: number('perSite', 0) },
    ...{ batch: number('batch', BATCH.usual), delaySeconds: number('delaySeconds', usualDelay(kind)) },
    ...{ retries: number('retries', 0), expiryHours: number('expiryHours', 24) },
    ...((has('value') || isChangeKind(kind)) && { value: textOf(fields, 'value') }),
    ...(has('password') && { password: textOf(fields, 'password') }),
    ...(afterwards !== '' && { afterwards }),
    ...(has('expects') && { expects: textOf(fields, 'expects') }),
    ...(has('restart') && { restart: truth(fields, 'restart') }),
    ...(window && { window }),
  }
}

export function filterOf(given: unknown): PhoneFilter {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new Problem(400, '"filter" must be an object.')
  }
  const fields: Fields = { ...given }
  const [text, slug, approval] = ['text', 'presence', 'approval'].map((name) => textOf(fields, name)) as [
    ...[string, string, string],
  ]
  const unknown = Object.keys(fields).find((key) => !['text', 'presence', 'approval', 'region', 'model'].includes(key))
  // A filter that is not understood must not mean every phone.
  if (unknown !== undefined) throw new Problem(400, `"filter" knows no "${unknown.slice(0, 40)}".`)
  const presence = presenceFromSlug(slug)
  if (slug !== '' && !presence) throw new Problem(400, '"presence" names no status.')
  const approvals: readonly Approval[] = ['approved', 'pending', 'rejected']
  const wanted = approvals.find((one) => one === approval)
  if (approval !== '' && !wanted) throw new Problem(400, `"approval" must be one of ${approvals.join(', ')}.`)
  return {
    ...{ text: text.slice(0, 100), presence, approval: wanted },
    ...{ region: textOf(fields, 'region'), model: textOf(fields, 'model') },
  }
}

/** `{from, to}` in JSON; `from` and `to` in a query. */
export function windowOf(fields: Fields, isQuery: boolean): DailyWindow | undefined {
  const given = isQuery ? fields : fields.window
  if (given === undefined || given === null || (isQuery && fields.from === undefined && fields.to === undefined)) {
    return undefined
  }
  if (typeof given !== 'object') throw new Problem(400, '"window" must be an object with "from" and "to".')
  const said: Fields = { ...given }
  const [from, to] = [minuteOfDay(textOf(said, 'from')), minuteOfDay(textOf(said, 'to'))]
  if (from === undefined || to === undefined) throw new Problem(400, '"from" and "to" must be times such as 22:00.')
  return { from, to }
}

function truth(fields: Fields, name: string): boolean {
  const value = fields[name]
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new Problem(400, `"${name}" must be true or false.`)
}

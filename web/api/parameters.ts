// SPDX-License-Identifier: Apache-2.0
import { type Mac, parseMac } from '#protocols/lib/mac'
import { queryText, type WebContext } from '#web/context'
import { Problem } from '#web/http/problem'

// Each reads one query parameter and throws a Problem 400 that names it and says what it may be.

/** From 1 to `most`. */
export function wholeNumber(ctx: WebContext, name: string, otherwise: number, most: number): number {
  const text = queryText(ctx, name)
  if (text === '') return otherwise
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= most) return value
  throw new Problem(400, `"${name}" must be a whole number from 1 to ${most}.`)
}

/** What an edit was made upon: the `version` or `revision` that was read. */
export function readVersion(ctx: WebContext, name: 'version' | 'revision'): number {
  const version = wholeNumber(ctx, name, 0, Number.MAX_SAFE_INTEGER)
  if (version > 0) return version
  throw new Problem(400, `"${name}" must be the one that you read.`)
}

/** At most `longest` characters; what is longer is refused, not cut, so that a program notices. */
export function shortText(ctx: WebContext, name: string, longest: number): string {
  const text = queryText(ctx, name)
  if (text.length <= longest) return text
  throw new Problem(400, `"${name}" has at most ${longest} characters.`)
}

/** `true` or `false`; undefined when absent. */
export function flag(ctx: WebContext, name: string): boolean | undefined {
  const text = queryText(ctx, name)
  if (text === '') return undefined
  if (text === 'true' || text === 'false') return text === 'true'
  throw new Problem(400, `"${name}" must be true or false.`)
}

/** Any of `known`, with commas between them. */
export function choices<T extends string>(ctx: WebContext, name: string, known: readonly T[]): T[] {
  const wanted = queryText(ctx, name)
    .split(',')
    .filter((text) => text !== '')
  const found = known.filter((one) => wanted.includes(one))
  if (wanted.every((text) => found.some((one) => one === text))) return found
  throw new Problem(400, `"${name}" must be any of ${known.join(', ')}, with commas between them.`)
}

/** Milliseconds since the epoch, or a time with its zone as RFC 3339 writes it; undefined when absent. */
export function instant(ctx: WebContext, name: string): number | undefined {
  const text = queryText(ctx, name)
  if (text === '') return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isFinite(at)) return at
  throw new Problem(400, `"${name}" must be milliseconds since 1970 or a time such as 2026-03-01T14:00:00Z.`)
}

export function macParameter(ctx: WebContext, name: string): Mac | undefined {
  const text = queryText(ctx, name)
  if (text === '') return undefined
  const mac = parseMac(text)
  if (mac) return mac
  throw new Problem(400, `"${name}" must be a MAC address.`)
}

/** One field of a JSON or form body as text; a Problem 400 when it is of another type. */
export function bodyText(ctx: WebContext, name: string): string {
  const value = bodyFields(ctx)[name]
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  throw new Problem(400, `"${name}" must be text.`)
}

/** The body as an object; a Problem 400 for a list. An absent body has no fields. */
export function bodyFields(ctx: WebContext): Readonly<Record<string, unknown>> {
  const body: unknown = ctx.request.body
  if (body === undefined || body === null) return {}
  if (typeof body !== 'object' || Array.isArray(body)) throw new Problem(400, 'The body must be a JSON object.')
  return Object.fromEntries(Object.entries(body))
}

// SPDX-License-Identifier: Apache-2.0
import { parseHttpDate } from './date.ts'
import type { PhoneRequest, Resource } from './port.ts'

type Headers = PhoneRequest['headers']
type Validators = Pick<Resource, 'etag' | 'modified'>

const ENTITY_TAG = /(?:W\/)?"[^"]*"/g

/** Seconds since the epoch; a date ahead of our clock counts as now [RFC9110 §8.8.2.1]. */
export function lastModified(resource: Validators, now: number): number {
  return Math.floor(Math.min(resource.modified.getTime(), now) / 1_000)
}

/**
 * Evaluates the preconditions in the order of RFC 9110 §13.2.2 (steps 1 to 4). `now` is in milliseconds since the
 * epoch. A date that is none, or that stands beside the entity tag it would refine, is ignored.
 */
export function precondition(
  method: string,
  headers: Headers,
  resource: Validators,
  now: number,
): 'met' | 'not-modified' | 'failed' {
  const ifMatch = headers['if-match']
  const ifNoneMatch = headers['if-none-match']
  const reads = method === 'GET' || method === 'HEAD'

  if (ifMatch !== undefined) {
    // Strong comparison [RFC9110 §13.1.1].
    if (ifMatch.trim() !== '*' && !entityTags(ifMatch).includes(resource.etag)) return 'failed'
  } else {
    const since = dateOf(headers['if-unmodified-since'], now)
    if (since !== undefined && lastModified(resource, now) > since) return 'failed' // [RFC9110 §13.1.4]
  }
  if (ifNoneMatch !== undefined) {
    // Weak comparison [RFC9110 §13.1.2].
    const known = ifNoneMatch.trim() === '*' || entityTags(ifNoneMatch).some((tag) => opaque(tag) === resource.etag)
    if (known) return reads ? 'not-modified' : 'failed'
  } else if (reads) {
    const since = dateOf(headers['if-modified-since'], now)
    if (since !== undefined && lastModified(resource, now) <= since) return 'not-modified' // [RFC9110 §13.1.3]
  }
  return 'met'
}

/** Whether Range may be honoured: no If-Range, or one that still names these very bytes [RFC9110 §13.1.5]. */
export function rangeStillValid(headers: Headers, resource: Validators, now: number): boolean {
  const ifRange = headers['if-range']?.trim()
  if (ifRange === undefined) return true
  if (ifRange.endsWith('"')) return ifRange === resource.etag
  // A date is only a strong validator when the file has been still for a second [RFC9110 §8.8.2.2].
  const modified = lastModified(resource, now)
  return dateOf(ifRange, now) === modified && now / 1_000 - modified >= 1
}

function entityTags(list: string): readonly string[] {
  return list.match(ENTITY_TAG) ?? []
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag
}

function dateOf(header: string | undefined, now: number): number | undefined {
  return header === undefined ? undefined : parseHttpDate(header.trim(), now)
}

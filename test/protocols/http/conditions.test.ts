// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { lastModified, precondition, rangeStillValid } from '#protocols/http/conditions'
import { parseHttpDate } from '#protocols/http/date'

const now = Date.parse('2025-06-01T12:00:00Z')
const file = { etag: '"v1"', modified: new Date('2024-10-09T06:15:40.700Z') }
const SAME = 'Wed, 09 Oct 2024 06:15:40 GMT'
const BEFORE = 'Wed, 09 Oct 2024 06:15:39 GMT'

function get(headers: Record<string, string>, method = 'GET') {
  return precondition(method, headers, file, now)
}

describe('HTTP-date', () => {
  const seconds = Date.parse('1994-11-06T08:49:37Z') / 1_000

  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    '[RFC9110 §5.6.7] %s is taken',
    (text) => {
      expect(parseHttpDate(text, now)).toBe(seconds)
    },
  )

  it('[RFC9110 §5.6.7] two digits of a year more than 50 years ahead are the past', () => {
    expect(parseHttpDate('Sunday, 06-Nov-75 08:49:37 GMT', now)).toBe(Date.parse('2075-11-06T08:49:37Z') / 1_000)
    expect(parseHttpDate('Sunday, 06-Nov-76 08:49:37 GMT', now)).toBe(Date.parse('1976-11-06T08:49:37Z') / 1_000)
  })

  it.each(['', '0', '2024', '2024-10-09', 'Sun, 06 Foo 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:37', 'yesterday'])(
    '%j is no date',
    (text) => {
      expect(parseHttpDate(text, now)).toBeUndefined()
    },
  )
})

describe('preconditions', () => {
  it('[RFC9110 §13.1.2] If-None-Match with our tag, weak or strong, alone or in a list, is 304', () => {
    for (const tag of ['"v1"', 'W/"v1"', '"v0", "v1"', '"v0",W/"v1" ,"v2"', '*', ' * ']) {
      expect(get({ 'if-none-match': tag })).toBe('not-modified')
    }
  })

  it('[RFC9110 §13.1.2] If-None-Match with other tags sends the file', () => {
    for (const tag of ['"v2"', 'v1', '"v1', '', '"v0", "v2"']) expect(get({ 'if-none-match': tag })).toBe('met')
  })

  it('[RFC9110 §13.1.2] for other methods than GET and HEAD a match is 412', () => {
    expect(get({ 'if-none-match': '"v1"' }, 'POST')).toBe('failed')
    expect(get({ 'if-none-match': '"v1"' }, 'HEAD')).toBe('not-modified')
  })

  it('[RFC9110 §13.1.3] If-Modified-Since is about whole seconds', () => {
    expect(get({ 'if-modified-since': SAME })).toBe('not-modified')
    expect(get({ 'if-modified-since': BEFORE })).toBe('met')
  })

  it('[RFC9110 §13.1.3] If-Modified-Since beside If-None-Match is ignored', () => {
    expect(get({ 'if-none-match': '"v2"', 'if-modified-since': SAME })).toBe('met')
  })

  it('[RFC9110 §13.1.3] If-Modified-Since is ignored for POST and when it is no date', () => {
    expect(get({ 'if-modified-since': SAME }, 'POST')).toBe('met')
    expect(get({ 'if-modified-since': '1728454540' })).toBe('met')
  })

  it('[RFC9110 §13.1.1] If-Match compares strongly', () => {
    expect(get({ 'if-match': '"v1"' })).toBe('met')
    expect(get({ 'if-match': '*' })).toBe('met')
    expect(get({ 'if-match': 'W/"v1"' })).toBe('failed')
    expect(get({ 'if-match': '"v2"' })).toBe('failed')
  })

  it('[RFC9110 §13.1.4] If-Unmodified-Since fails when the file is newer, and only without If-Match', () => {
    expect(get({ 'if-unmodified-since': SAME })).toBe('met')
    expect(get({ 'if-unmodified-since': BEFORE })).toBe('failed')
    expect(get({ 'if-unmodified-since': BEFORE, 'if-match': '"v1"' })).toBe('met')
  })

  it('[RFC9110 §13.2.2] If-Match is evaluated before If-None-Match', () => {
    expect(get({ 'if-match': '"v2"', 'if-none-match': '"v1"' })).toBe('failed')
    expect(get({ 'if-match': '"v1"', 'if-none-match': '"v1"' })).toBe('not-modified')
  })

  it('[RFC9110 §8.8.2.1] a modification date in the future counts as now', () => {
    const future = { etag: '"v1"', modified: new Date('2031-01-01T00:00:00Z') }
    expect(lastModified(future, now)).toBe(now / 1_000)
  })
})

describe('If-Range', () => {
  it('[RFC9110 §13.1.5] our strong tag keeps the range; another or a weak one drops it', () => {
    expect(rangeStillValid({}, file, now)).toBe(true)
    expect(rangeStillValid({ 'if-range': '"v1"' }, file, now)).toBe(true)
    expect(rangeStillValid({ 'if-range': '"v2"' }, file, now)).toBe(false)
    expect(rangeStillValid({ 'if-range': 'W/"v1"' }, file, now)).toBe(false)
  })

  it('[RFC9110 §13.1.5] a date must match exactly', () => {
    expect(rangeStillValid({ 'if-range': SAME }, file, now)).toBe(true)
    expect(rangeStillValid({ 'if-range': BEFORE }, file, now)).toBe(false)
    expect(rangeStillValid({ 'if-range': 'Wed, 09 Oct 2030 06:15:40 GMT' }, file, now)).toBe(false)
    expect(rangeStillValid({ 'if-range': 'soon' }, file, now)).toBe(false)
  })

  it('[RFC9110 §8.8.2.2] the date of a file changed within this second is no strong validator', () => {
    const fresh = { etag: '"v1"', modified: new Date(now) }
    const date = new Date(now).toUTCString()
    expect(rangeStillValid({ 'if-range': date }, fresh, now + 500)).toBe(false)
    expect(rangeStillValid({ 'if-range': date }, fresh, now + 1_000)).toBe(true)
  })
})

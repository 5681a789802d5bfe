// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { statusReply, toWire } from '#protocols/http/reply'
import { resourceOf } from '#test/protocols/http/support'

const now = Date.parse('2025-06-01T12:00:00Z')
const bytes = Buffer.from('0123456789')
const resource = resourceOf(bytes)

function ask(headers: Record<string, string>, method = 'GET', of = resource) {
  return toWire(method, headers, { kind: 'resource', resource: of }, now)
}

describe('a resource on the wire', () => {
  it('[RFC9110 §8] is described by type, length, both validators and a promise of ranges', () => {
    expect(ask({})).toEqual({
      status: 200,
      headers: {
        'Content-Type': 'application/octet-stream',
        'Content-Length': 10,
        'Accept-Ranges': 'bytes',
        ETag: '"v1"',
        'Last-Modified': 'Wed, 09 Oct 2024 06:15:40 GMT',
        'Cache-Control': 'no-cache',
      },
      content: { resource, start: 0, end: 9 },
    })
  })

  it('[RFC9110 §9.3.2] HEAD has the headers of GET and no content', () => {
    const { headers, content } = ask({ range: 'bytes=0-1' }, 'HEAD')
    expect(headers).toEqual(ask({}).headers)
    expect(content).toBeUndefined()
  })

  it('[RFC9110 §15.4.5] 304 has the validators, no content and nothing about it', () => {
    const { status, headers, content } = ask({ 'if-none-match': '"v1"', range: 'bytes=0-1' })
    expect([status, content]).toEqual([304, undefined])
    expect(Object.keys(headers).sort()).toEqual(['Cache-Control', 'ETag', 'Last-Modified'])
  })

  it('[RFC9110 §15.3.7] 206 names its part', () => {
    const { status, headers, content } = ask({ range: 'bytes=2-4' })
    expect(status).toBe(206)
    expect(headers).toMatchObject({ 'Content-Range': 'bytes 2-4/10', 'Content-Length': 3, ETag: '"v1"' })
    expect(content).toEqual({ resource, start: 2, end: 4 })
  })

  it('[RFC9110 §15.5.17] 416 tells the length there is', () => {
    const { status, headers } = ask({ range: 'bytes=10-' })
    expect([status, headers['Content-Range'], headers['Content-Length']]).toEqual([416, 'bytes */10', 0])
  })

  it('[RFC9110 §14.2] Range means nothing for POST', () => {
    expect(ask({ range: 'bytes=2-4' }, 'POST').status).toBe(200)
  })

  it('[RFC9110 §13.1.5] a stale If-Range gets the whole', () => {
    expect(ask({ range: 'bytes=2-4', 'if-range': '"v0"' }).status).toBe(200)
    expect(ask({ range: 'bytes=2-4', 'if-range': '"v1"' }).status).toBe(206)
  })

  it('[RFC9110 §13.2.2] a failed precondition is 412 without content', () => {
    expect(ask({ 'if-match': '"v0"' })).toEqual({ status: 412, headers: { 'Content-Length': 0 } })
  })

  it('an empty resource is never opened', () => {
    const empty = resourceOf(new Uint8Array(0), {
      open: () => {
        throw new Error('opened')
      },
    })
    expect(ask({}, 'GET', empty)).toMatchObject({ status: 200, headers: { 'Content-Length': 0 } })
    expect(ask({}, 'GET', empty).content).toBeUndefined()
  })
})

describe('other replies', () => {
  it('a redirect has a location, a length and no body', () => {
    expect(toWire('GET', {}, { kind: 'redirect', status: 302, location: 'https://srv/x/' }, now)).toEqual({
      status: 302,
      headers: { Location: 'https://srv/x/', 'Content-Length': 0 },
    })
  })

  it('[RFC9110 §9.3.2] a body is counted but not sent to HEAD', () => {
    const { headers, content } = toWire('HEAD', {}, statusReply(404), now)
    expect(headers['Content-Length']).toBe('404 Not Found\n'.length)
    expect(content).toBeUndefined()
  })

  it('Content-Length counts octets, not characters', () => {
    const body = Buffer.from('ü')
    const { headers } = toWire('GET', {}, { kind: 'body', status: 200, contentType: 'text/plain', body }, now)
    expect(headers['Content-Length']).toBe(2)
  })
})

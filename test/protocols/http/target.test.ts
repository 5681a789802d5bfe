// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTarget, TARGET_LIMIT } from '#protocols/http/target'
import { MalformedPacket } from '#protocols/lib/malformed'

function codeOf(target: string): string {
  try {
    readTarget(target)
  } catch (error) {
    if (error instanceof MalformedPacket) return error.code
    throw error
  }
  return 'taken'
}

describe('request target', () => {
  it.each([
    ['/ipp/dhcpoption160.cfg', '/ipp/dhcpoption160.cfg', ''],
    ['/', '/', ''],
    ['//ipp///x.cfg', '/ipp/x.cfg', ''],
    ['/c/Acme%20Ltd/p/1', '/c/Acme Ltd/p/1', ''],
    ['/c/M%C3%BCnchen/x', '/c/München/x', ''],
    ['/c/M\u00c3\u00bcnchen/x', '/c/München/x', ''],
    ['/a%2ecfg', '/a.cfg', ''],
    ['/x?mac=1&y=../..', '/x', 'mac=1&y=../..'],
    ['/x?', '/x', ''],
    ['/a..b/c', '/a..b/c', ''],
    ['/00:90:8f:12:34:56.cfg', '/00:90:8f:12:34:56.cfg', ''],
  ])('%s is %s', (target, path, query) => {
    expect(readTarget(target)).toEqual({ path, query })
  })

  it.each([
    ['http://host:8081/rest/v1/x', '/rest/v1/x'],
    ['HTTP://10.0.0.1/x', '/x'],
    ['https://[::1]:8443/x', '/x'],
    ['http://u:p@host/x', '/x'],
    ['http://host', '/'],
    ['http:///x', '/x'],
  ])('[RFC9112 §3.2.2] the absolute form %s is %s whatever its authority', (target, path) => {
    expect(readTarget(target)).toEqual({ path, query: '' })
  })

  it('[RFC9112 §3.2.2] the absolute form keeps its query', () => {
    expect(readTarget('http://host?a=1')).toEqual({ path: '/', query: 'a=1' })
  })

  it.each(['*', 'host:443', 'ftp://host/x', 'x', ''])('[RFC9112 §3.2] %j is of no form a phone sends', (target) => {
    expect(codeOf(target)).toBe('target-form')
  })

  it.each([
    ['/configfiles/../../etc/passwd', 'target-dots'],
    ['/..', 'target-dots'],
    ['/./x', 'target-dots'],
    ['/x/.', 'target-dots'],
    ['/%2e%2e/x', 'target-dots'],
    ['/.%2E/x', 'target-dots'],
    ['http://host/../x', 'target-dots'],
    ['/..%2f..%2fetc', 'target-slash'],
    ['/a%5c..%5cb', 'target-slash'],
    ['/a\\..\\b', 'target-unsafe'],
    ['/%252e%252e/x', 'target-unsafe'],
    ['/a%25b', 'target-unsafe'],
    ['/a%00.cfg', 'target-unsafe'],
    ['/a\0.cfg', 'target-unsafe'],
    ['/a%0d%0aSet-Cookie:x', 'target-unsafe'],
    ['/a%7f', 'target-unsafe'],
    ['/a%c2%85', 'target-unsafe'],
    ['/%c0%ae%c0%ae/x', 'target-utf8'],
    ['/%e0%80%ae/x', 'target-utf8'],
    ['/%c0%af', 'target-utf8'],
    ['/%ed%a0%80', 'target-utf8'],
    ['/%ff', 'target-utf8'],
    ['/\u00ff', 'target-utf8'],
    ['/a%', 'target-escape'],
    ['/a%2', 'target-escape'],
    ['/a%zz', 'target-escape'],
    ['/a%u002e', 'target-escape'],
    ['/a#b', 'target-fragment'],
  ])('%j is refused as %s', (target, code) => {
    expect(codeOf(target)).toBe(code)
  })

  it('[RFC9112 §3] a target may have 8000 octets and ours 8192', () => {
    expect(codeOf(`/${'a'.repeat(TARGET_LIMIT - 1)}`)).toBe('taken')
    expect(codeOf(`/${'a'.repeat(TARGET_LIMIT)}`)).toBe('target-too-long')
  })

  it('throws nothing but MalformedPacket, and no path ever climbs', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2E',
      '%2f',
      '%5c',
      '%',
      '%25',
      '%00',
      '%c0%ae',
      '\\',
      '\0',
      '?',
      '#',
      'a',
      ':',
      'http://',
      'é',
    )
    const target = fc.oneof(
      fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join('')),
      fc.string({ maxLength: 64 }),
    )
    fc.assert(
      fc.property(target, (text) => {
        if (codeOf(text) !== 'taken') return
        const { path } = readTarget(text)
        expect(path.startsWith('/')).toBe(true)
        expect(path.split('/').slice(1, -1)).not.toContain('')
        for (const segment of path.split('/')) expect(['.', '..']).not.toContain(segment)
        expect(path).not.toMatch(/[\\%\p{Cc}]/u)
      }),
      { numRuns: 3_000 },
    )
  })

  it('takes time in proportion to the length', () => {
    const hostile = [
      `/${'a/'.repeat(4_000)}\0`,
      '/'.repeat(8_000),
      `/${'%41'.repeat(2_700)}`,
      `/${'..a/'.repeat(2_000)}`,
    ]
    const began = performance.now()
    for (let i = 0; i < 20; i++) for (const target of hostile) codeOf(target)
    expect(performance.now() - began).toBeLessThan(1_000)
  })
})

// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decoded, decode, type Origin } from '#protocols/keepalive/codec'
import { MalformedPacket } from '#protocols/lib/malformed'

const origin: Origin = { operation: 'keep-alive', peer: { address: '10.0.0.1', port: 4_711 }, prefix: ['c', 'x'] }
const DIGEST = '0123456789abcdef0123456789abcdef'
const sample = [
  `{"sessionId":"1f2e3d4c","emsUserName":"system","emsUserPassword":"${DIGEST}",`,
  ' "mac":"00908f123456","ip":"10.1.2.3","region":"Köln","vLanId":12,"userName":"jdoe","status":"started",}',
].join('\n')

function read(body: string | Uint8Array): Decoded {
  return decode(Buffer.from(body), origin)
}

function codeOf(body: string | Uint8Array): string {
  try {
    read(body)
  } catch (error) {
    if (error instanceof MalformedPacket) return error.code
    throw error
  }
  return 'taken'
}

function withLocation(location: string, strict: boolean): string {
  return `{"mac":"00908f123456","location":${JSON.stringify(location)}${strict ? '' : ',,'}}`
}

describe('a report', () => {
  it('carries where it came from', () => {
    expect(read(sample).report).toMatchObject(origin)
  })

  it('is the same from well-formed JSON and by the lenient reading', () => {
    const members = {
      mac: '00908F123456',
      userName: 'JDoe',
      location: 'a "b" \\ c é \u{1f4de}',
      vlanId: 7,
      x: [1, { y: null }],
      z: true,
      e: '',
    }
    const strict = JSON.stringify(members)
    const lenient = strict.replace('{', '{,').replace(',"location"', '"location"')
    expect(() => JSON.parse(lenient)).toThrow()
    expect(read(lenient)).toEqual(read(strict))
    expect(read(strict).report.location).toBe('a "b" \\ c é \u{1f4de}')
  })

  it('takes the last of members that are sent twice', () => {
    expect(read('{"mac":"00908f123456","status":"started","STATUS":"offline"}').report.status).toBe('offline')
  })

  it('says nothing of a byte order mark, and takes an object inside of other text', () => {
    expect(read(`\ufeff${sample}`).report.mac).toBe('00908f123456')
    expect(read(`json=${sample}&x=1`).report.userName).toBe('jdoe')
    expect(read(`[${sample.replace(',}', '}')}]`).report.userName).toBe('jdoe')
  })

  it('knows a body that is whole from one that is cut', () => {
    expect(read(sample).whole).toBe(true)
    expect(read(`${sample} trailing`).whole).toBe(true)
    expect(read('{"mac":"00908f123456"').whole).toBe(false)
    expect(read('{"mac":"00908f123456","x":"y').whole).toBe(false)
  })

  it('never takes a cut value for a person', () => {
    for (const key of ['userName', 'userId', 'phoneNumber']) {
      expect(read(`{"mac":"00908f123456","${key}":"jd`).report).toMatchObject({
        userName: '',
        userId: '',
        phoneNumber: '',
      })
    }
    expect(read('{"mac":"00908f123456","location":"Room 1').report.location).toBe('Room 1')
  })
})

describe('limits', () => {
  for (const strict of [true, false]) {
    const how = strict ? 'well-formed' : 'lenient'
    it(`a location of 2,048 characters is taken, of 2,049 refused (${how})`, () => {
      expect(read(withLocation('a'.repeat(2_048), strict)).report.location).toHaveLength(2_048)
      expect(codeOf(withLocation('a'.repeat(2_049), strict))).toBe('location-too-long')
    })

    it(`counts characters, not octets or UTF-16 units (${how})`, () => {
      expect(read(withLocation('é'.repeat(2_048), strict)).report.location).toBe('é'.repeat(2_048))
      expect(read(withLocation('\u{1f4de}'.repeat(2_048), strict)).report.location).toBe('\u{1f4de}'.repeat(2_048))
      expect(codeOf(withLocation('\u{1f4de}'.repeat(2_049), strict))).toBe('location-too-long')
    })
  }

  it('cuts every other value, and keeps 64 unknown members', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 'v'.repeat(5_000 - i)]))
    const { report } = read(
      JSON.stringify({ mac: '00908f123456', model: 'm'.repeat(5_000), ...many }).slice(0, 600_000),
    )
    expect(report.model).toHaveLength(256)
    expect(Object.keys(report.extra)).toHaveLength(64)
    for (const value of Object.values(report.extra)) expect(value).toHaveLength(2_048)
  })

  it('passes over what is nested too deep', () => {
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
    for (const body of [`{"x":${deep},"mac":"00908f123456"}`, `{,"x":${deep},"mac":"00908f123456"}`]) {
      expect(read(body).report.extra).toEqual({ x: '' })
    }
    expect(codeOf(deep)).toBe('not-an-object')
    expect(codeOf('{"a":'.repeat(12_000))).toBe('mac')
  })

  it('leaves no control character, no half character and no blank end in a value', () => {
    const { report } = read(
      '{"mac":" 00908f123456 ","userName":" J\\u0000D\\ud800oe\\u0085\\n ","location":"\\u001b[31mred"}',
    )
    expect([report.mac, report.userName, report.location]).toEqual(['00908f123456', 'jdoe', '[31mred'])
  })

  it('cannot reach the prototype of anything', () => {
    for (const comma of ['', ',']) {
      const { report } = read(
        `{${comma}"mac":"00908f123456","__proto__":{"polluted":"1"},"constructor":{"prototype":{"polluted":"1"}}}`,
      )
      expect(report.extra).toEqual({})
      expect(Object.getPrototypeOf(report.extra)).toBe(Object.prototype)
      expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    }
  })

  it('takes time in proportion to the length', () => {
    const n = 60_000
    const hostile = [
      '"'.repeat(n),
      `{${'"'.repeat(n)}`,
      `{"a":"${','.repeat(n)}x"b":`,
      `{"a":"${' '.repeat(n)}`,
      `{"a":"${'" '.repeat(n / 2)}`,
      `{"a":"${`"${' '.repeat(60)}`.repeat(n / 61)}`,
      `{${'a'.repeat(n)}`,
      `{"a":"${'\\u00'.repeat(n / 4)}`,
      `{"a":"${'"k'.repeat(n / 2)}`,
      `{${'{'.repeat(n)}`,
      `{"a":${'['.repeat(n)}`,
      `{${'"":'.repeat(n / 3)}`,
      `{${','.repeat(n)}`,
      `{${':'.repeat(n)}`,
      '\xff'.repeat(n),
      `{"a":"${`"${'k'.repeat(64)}`.repeat(n / 65)}`,
      `{"location":"${'é'.repeat(n / 2)}`,
    ]
    const began = performance.now()
    for (const body of hostile) codeOf(Buffer.from(body, 'latin1'))
    expect(performance.now() - began).toBeLessThan(1_500)
  })
})

describe('credentials', () => {
  it('are never kept, however their keys are written', () => {
    const body = JSON.stringify({
      mac: '00908f123456',
      emsUserName: 'system',
      EMSUSERPASSWORD: DIGEST,
      ' emsUser\tPassword': DIGEST,
      password: 'p1',
      sipPasswd: 'p2',
      clientSecret: 'p3',
      [`${'x'.repeat(80)}emsUserPassword`]: 'p4',
      digest: DIGEST,
    })
    expect(read(body).report.extra).toEqual({})
  })

  it('do not get out through any damage to one character', () => {
    for (let i = 0; i < sample.length; i++) {
      for (const change of ['', '"', ',', ':', '}', '{', '\\', '[', 'x', '\n']) {
        for (const rest of [i, i + 1]) {
          const body = sample.slice(0, i) + change + sample.slice(rest)
          if (codeOf(body) === 'taken') expect(JSON.stringify(read(body).report)).not.toContain(DIGEST)
        }
      }
    }
  })
})

describe('whatever comes', () => {
  it('throws nothing but MalformedPacket, and what it keeps is bounded and clean', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\',
      '\\u12',
      'null',
      '1e9',
      ' ',
      '\n',
      '\0',
      'é',
      '\ud800',
      '"mac":"00908f123456"',
      '"userName":"x"',
      '"location":',
      '"__proto__":',
      '"a"',
      '"b":"c"',
      'xyz',
    )
    const text = fc.oneof(
      fc.array(token, { maxLength: 40 }).map((tokens) => `{"mac":"00908f123456",${tokens.join('')}`),
      fc.string(),
      fc.json(),
    )
    const bytes = fc.oneof(
      text.map((body) => Buffer.from(body)),
      text.map((body) => Buffer.from(body, 'latin1')),
      fc.uint8Array({ maxLength: 200 }),
    )
    fc.assert(
      fc.property(bytes, (body) => {
        if (codeOf(body) !== 'taken') return
        const { peer: _, prefix: __, extra, ...fields } = read(body).report
        for (const value of [...Object.values(fields), ...Object.values(extra), ...Object.keys(extra)]) {
          expect(typeof value).toBe('string')
          expect(value).not.toMatch(/[\p{Cc}\p{Cs}]/u)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('a report that is cut anywhere is read as far as it goes, or refused for want of a MAC', () => {
    const bytes = Buffer.from(sample)
    for (let length = 0; length <= bytes.length; length++) {
      expect(['taken', 'mac', 'not-an-object']).toContain(codeOf(bytes.subarray(0, length)))
    }
    expect(codeOf(bytes.subarray(0, bytes.indexOf('"ip"')))).toBe('taken')
  })
})

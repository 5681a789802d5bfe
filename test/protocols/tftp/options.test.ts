// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TftpOptions } from '#protocols/tftp/codec'
import { negotiate } from '#protocols/tftp/options'
import { respond, screen } from '#protocols/tftp/reply'

const offer = { size: 5_000, maxWindow: 64 }
const plain = { blockSize: 512, windowSize: 1, timeoutMillis: undefined, accepted: [] }

function accepted(...options: TftpOptions): TftpOptions {
  return negotiate(options, offer).accepted
}

describe('negotiate', () => {
  it('NoOptionsNoOack [RFC2347]', () => {
    expect(negotiate([], offer)).toEqual(plain)
  })

  it('UnknownOptionIsNotAcknowledged [RFC2347]', () => {
    expect(negotiate([['multicast', '']], offer)).toEqual(plain)
    expect(
      negotiate(
        [
          ['__proto__', '1'],
          ['constructor', '2'],
          ['toString', '3'],
        ],
        offer,
      ),
    ).toEqual(plain)
    expect(accepted(['rollover', '0'], ['tsize', '0'])).toEqual([['tsize', '5000']])
  })

  it('OptionNamesInAnyCaseAreAnsweredAsSpelled [RFC2347]', () => {
    const terms = negotiate(
      [
        ['BlkSize', '1428'],
        ['TSIZE', '0'],
      ],
      offer,
    )
    expect(terms).toMatchObject({
      blockSize: 1428,
      accepted: [
        ['BlkSize', '1428'],
        ['TSIZE', '5000'],
      ],
    })
  })

  it('OrderIsNotSignificant [RFC2347]', () => {
    const one = negotiate(
      [
        ['blksize', '8192'],
        ['windowsize', '64'],
      ],
      offer,
    )
    const other = negotiate(
      [
        ['windowsize', '64'],
        ['blksize', '8192'],
      ],
      offer,
    )
    expect({ ...one, accepted: [] }).toEqual({ ...other, accepted: [] })
    expect(one.accepted).toEqual(other.accepted.toReversed())
  })

  it('RepeatedOptionCountsOnce', () => {
    expect(accepted(['blksize', '1024'], ['BLKSIZE', '2048'])).toEqual([['blksize', '1024']])
  })

  it.each(['8', '512', '1428', '65464'])('BlockSize %s is taken [RFC2348]', (size) => {
    expect(negotiate([['blksize', size]], offer)).toMatchObject({
      blockSize: Number(size),
      accepted: [['blksize', size]],
    })
  })

  it.each(['7', '0', '65465', '-8', '1e3', '0x200', ' 512', '512.0', '', '99999999999999999999', '<script>'])(
    'BlockSize "%s" is declined [RFC2348]',
    (size) => expect(negotiate([['blksize', size]], offer)).toEqual(plain),
  )

  it.each([
    ['1', 1_000],
    ['255', 255_000],
  ])('Timeout %s is echoed [RFC2349]', (seconds, timeoutMillis) => {
    expect(negotiate([['timeout', seconds]], offer)).toEqual({
      ...plain,
      timeoutMillis,
      accepted: [['timeout', seconds]],
    })
  })

  it.each(['0', '256', 'soon'])('Timeout "%s" is declined [RFC2349]', (seconds) => {
    expect(negotiate([['timeout', seconds]], offer)).toEqual(plain)
  })

  it('TransferSizeOfAnEmptyFileIsNotTold: curl takes 0 for an error', () => {
    expect(negotiate([['tsize', '0']], { size: 0, maxWindow: 1 }).accepted).toEqual([])
  })

  it.each(['0', '65536', '-1', 'many'])('WindowSize "%s" is declined [RFC7440 §3]', (blocks) => {
    expect(negotiate([['windowsize', blocks]], offer)).toEqual(plain)
  })

  it('WindowSizeIsAnsweredWithLessWhenTheServerHasLess [RFC7440 §3]', () => {
    expect(negotiate([['windowsize', '65535']], offer)).toMatchObject({
      windowSize: 64,
      accepted: [['windowsize', '64']],
    })
    expect(negotiate([['windowsize', '16']], { size: 1, maxWindow: 8 }).windowSize).toBe(8)
    expect(negotiate([['windowsize', '4']], offer).windowSize).toBe(4)
  })

  it('whatever is asked, the terms are valid, bounded, and what the OACK says', () => {
    const name = fc.constantFrom('blksize', 'BLKSIZE', 'timeout', 'tsize', 'windowsize', 'WindowSize', 'other')
    const value = fc.oneof(fc.integer({ min: -2, max: 70_000 }).map(String), fc.string({ maxLength: 6 }))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value), { maxLength: 8 }),
        fc.integer({ min: 1, max: 500 }),
        (options, maxWindow) => {
          const terms = negotiate(options, { size: 42, maxWindow })
          const { blockSize, windowSize, timeoutMillis } = terms
          const answer = new Map(terms.accepted.map(([spelling, said]) => [spelling.toLowerCase(), Number(said)]))
          expect(answer.size).toBe(terms.accepted.length)
          expect(answer.get('blksize') ?? 512).toBe(blockSize)
          expect(answer.get('windowsize') ?? 1).toBe(windowSize)
          expect((answer.get('timeout') ?? 0) * 1000).toBe(timeoutMillis ?? 0)
          expect(windowSize).toBeLessThanOrEqual(maxWindow)
          expect(windowSize === 1 || windowSize * blockSize <= 256 * 1024).toBe(true)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('screen', () => {
  const request = { file: 'a', options: [] }

  it.each(['octet', 'netascii'])('RRQ in %s mode passes', (mode) => {
    expect(screen({ ...request, kind: 'RRQ', mode })).toBeUndefined()
  })

  it('WriteRequestIsAnAccessViolation [RFC1350 §5]', () => {
    expect(screen({ ...request, kind: 'WRQ', mode: 'octet' })).toMatchObject({ code: 2 })
  })

  it.each(['mail', 'telepathy'])('%s mode is an illegal operation [RFC1350 §5]', (mode) => {
    expect(screen({ ...request, kind: 'RRQ', mode })).toMatchObject({ code: 4 })
  })
})

describe('respond', () => {
  const file = { size: 42, open: () => new Uint8Array(42) }
  const request = { kind: 'RRQ', file: 'a', options: [['tsize', '0']] } as const

  it('passes a refusal on with its code', () => {
    const answer = { kind: 'refuse', code: 1, reason: 'gone', evidence: {} } as const
    expect(respond({ ...request, mode: 'octet' }, answer, 8)).toEqual({ kind: 'refuse', code: 1, reason: 'gone' })
  })

  it('TransferSizeIsAnsweredInOctetModeOnly [RFC2349]', () => {
    const answer = { kind: 'file', file, evidence: {} } as const
    expect(respond({ ...request, mode: 'octet' }, answer, 8)).toMatchObject({
      reply: { netascii: false, terms: { accepted: [['tsize', '42']] } },
    })
    expect(respond({ ...request, mode: 'netascii' }, answer, 8)).toMatchObject({
      reply: { netascii: true, terms: { accepted: [] } },
    })
  })
})

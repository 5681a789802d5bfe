// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { TftpFile } from '#protocols/tftp/port'
import { download } from './download.ts'
import { blockOf, dataOf, Peer } from './peer.ts'
import { noise, serving } from './serving.ts'

const file = noise(1_300)

describe('lock-step transfers', () => {
  it('EachBlockWaitsForItsAck [RFC1350 §2]', async () => {
    const { endpoint, exchanges } = await serving({ file })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    expect(first.from.port).not.toBe(endpoint.port)
    expect([blockOf(first), dataOf(first)]).toEqual([1, file.subarray(0, 512)])
    expect(await peer.untilNow()).toEqual([])
    peer.ack(1, first)
    expect(dataOf(await peer.next())).toEqual(file.subarray(512, 1024))
    peer.ack(2, first)
    expect(dataOf(await peer.next())).toEqual(file.subarray(1024))
    expect(exchanges.drain().filter(({ operation }) => operation === 'RRQ')).toEqual([])
    peer.ack(3, first)
    const exchange = await exchanges.take()
    expect(exchange).toMatchObject({
      ...{ protocol: 'tftp', operation: 'RRQ', ending: 'reply', answer: 'sent 1300 bytes', bytes: 1_300 },
      evidence: { file: 'file', fileKind: 'test' },
    })
    expect(exchange.micros).toBeGreaterThan(0)
  })

  it('EmptyFileIsOneEmptyBlock [RFC1350 §6]', async () => {
    const { endpoint, exchanges } = await serving({ empty: new Uint8Array() })
    const [peer, first] = await Peer.asking(endpoint, 'empty')
    expect([blockOf(first), dataOf(first).length]).toEqual([1, 0])
    peer.ack(1, first)
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', bytes: 0 })
  })

  it('MultipleOfTheBlockSizeEndsWithAnEmptyBlock [RFC1350 §6]', async () => {
    const { endpoint, exchanges } = await serving({ even: file.subarray(0, 512) })
    const [peer, first] = await Peer.asking(endpoint, 'even')
    peer.ack(1, first)
    const last = await peer.next()
    expect([blockOf(last), dataOf(last).length]).toEqual([2, 0])
    peer.ack(2, first)
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', bytes: 512 })
  })

  it('SorcerersApprentice: a repeated ACK never sends a block again [RFC1123 §4.2.3.1]', async () => {
    const { endpoint, exchanges } = await serving({ file })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    for (const block of [0, 1, 1, 1]) peer.ack(block, first)
    expect(blockOf(await peer.next())).toBe(2)
    for (const block of [1, 2, 2, 1]) peer.ack(block, first)
    expect(blockOf(await peer.next())).toBe(3)
    expect(await peer.untilNow()).toEqual([])
    peer.ack(3, first)
    expect((await exchanges.take()).operation).toBe('WRQ')
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', bytes: 1_300 })
  })

  it('RepeatedAckDoesNotHurryTheTimer [RFC1123 §4.2.3.1]', async () => {
    const { endpoint } = await serving({ file }, { retransmit: { firstMillis: 400, tries: 3 } })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    for (let i = 0; i < 5; i++) peer.ack(0, first)
    const again = await peer.next()
    expect(blockOf(again)).toBe(1)
    expect(again.at - first.at).toBeGreaterThan(380)
  })

  it('AckOfABlockNotSentIsIgnored', async () => {
    const { endpoint } = await serving({ file })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    for (const block of [2, 500, 65_535]) peer.ack(block, first)
    expect(await peer.untilNow()).toEqual([])
    peer.ack(1, first)
    expect(blockOf(await peer.next())).toBe(2)
  })
})

describe('silence', () => {
  it('UnacknowledgedBlockIsSentAgainLaterAndLater [RFC1123 §4.2.3.2], and given up at last', async () => {
    const retransmit = { firstMillis: 10, tries: 4 }
    const { endpoint, exchanges } = await serving({ file }, { retransmit })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    const repeats = [first, ...(await peer.take(3))]
    expect(repeats.map(blockOf)).toEqual([1, 1, 1, 1])
    const last = await peer.next()
    expect(last.packet).toEqual({ kind: 'ERROR', code: 0, message: 'no ACK of block 1 in 4 tries' })
    const times = [...repeats, last].map(({ at }) => at)
    // Only lower bounds: a busy machine may make any wait longer. What is measured may begin a little late.
    const waited = times.map((at) => at - (times[0] ?? 0))
    for (const [i, least] of [0, 10, 30, 70, 150].entries()) expect(waited[i]).toBeGreaterThan(least - 5)
    expect(await exchanges.take()).toMatchObject({ ending: 'refuse', answer: 'ERROR 0', bytes: 0 })
  })

  it('BackOffGrowsToEightTimesTheFirstWait and no further', async () => {
    const { endpoint } = await serving({ file }, { retransmit: { firstMillis: 2, tries: 12 } })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    const last = (await peer.take(12)).at(-1)
    expect(last?.packet.kind).toBe('ERROR')
    // 158 ms; without the limit it would be 8 s.
    expect((last?.at ?? Number.POSITIVE_INFINITY) - first.at).toBeLessThan(2_000)
  })

  it('LostAckIsMadeGoodByTheRepeat [RFC1350 §2]', async () => {
    const { endpoint, exchanges } = await serving({ file }, { retransmit: { firstMillis: 10, tries: 50 } })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    expect(blockOf(await peer.next())).toBe(1)
    for (const block of [1, 2, 3]) {
      peer.ack(block, first)
      if (block < 3) while (blockOf(await peer.next()) !== block + 1);
    }
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', bytes: 1_300 })
  })

  it('TimeoutOptionSetsTheIntervalOfAPeerThatAnswered [RFC2349]', async () => {
    const { endpoint } = await serving({ file }, { retransmit: { firstMillis: 10, tries: 3 } })
    const [peer, oack] = await Peer.asking(endpoint, 'file', ['timeout', '1'])
    expect(oack.packet).toEqual({ kind: 'OACK', options: [['timeout', '1']] })
    peer.ack(0, oack)
    let data = await peer.next()
    while (data.packet.kind === 'OACK') data = await peer.next()
    const again = await peer.next()
    expect([blockOf(data), blockOf(again)]).toEqual([1, 1])
    expect(again.at - data.at).toBeGreaterThan(950)
  })

  it('TimeoutOptionDoesNotHoldTheServerForAPeerThatNeverAnswered', async () => {
    const { endpoint, exchanges } = await serving({ file }, { retransmit: { firstMillis: 10, tries: 3 } })
    const [peer] = await Peer.asking(endpoint, 'file', ['timeout', '255'])
    expect((await peer.take(2)).map(({ packet }) => packet.kind)).toEqual(['OACK', 'OACK'])
    expect(await exchanges.take()).toMatchObject({ ending: 'refuse', reason: 'no answer to the options in 3 tries' })
  })
})

describe('transfer identifiers', () => {
  it('PacketFromAnotherPortGetsError5AndDoesNotDisturb [RFC1350 §4]', async () => {
    const { endpoint, exchanges } = await serving({ file })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    const stranger = await Peer.of(endpoint)
    stranger.ack(1, first)
    const rebuke = await stranger.next()
    expect(rebuke.packet).toMatchObject({ kind: 'ERROR', code: 5 })
    expect(rebuke.from).toEqual(first.from)
    // An ERROR from a stranger neither ends the transfer nor is it answered.
    stranger.send({ kind: 'ERROR', code: 0, message: 'stop' }, first.from.port)
    stranger.send(Uint8Array.of(0, 5), first.from.port)
    stranger.send(Uint8Array.of(7), first.from.port)
    expect((await stranger.next()).packet).toMatchObject({ kind: 'ERROR', code: 5 })
    expect(await stranger.untilNow()).toEqual([])
    expect(await peer.untilNow()).toEqual([])
    for (const block of [1, 2]) {
      peer.ack(block, first)
      expect(blockOf(await peer.next())).toBe(block + 1)
    }
    peer.ack(3, first)
    const rrq = [await exchanges.take(), await exchanges.take(), await exchanges.take()].at(-1)
    expect(rrq).toMatchObject({ operation: 'RRQ', ending: 'reply', bytes: 1_300 })
  })

  it('PortOfAnEndedTransferServesAnotherPeer, to whom late packets of the first mean nothing [RFC1350 §4]', async () => {
    const { endpoint, exchanges } = await serving({ file, short: file.subarray(0, 10) })
    const [first, only] = await Peer.asking(endpoint, 'short')
    first.ack(1, only)
    await exchanges.take()
    const [second, block] = await Peer.asking(endpoint, 'file')
    expect(block.from).toEqual(only.from)
    first.ack(1, only)
    expect((await first.next()).packet).toMatchObject({ kind: 'ERROR', code: 5 })
    expect(await second.untilNow()).toEqual([])
    second.ack(1, block)
    expect(blockOf(await second.next())).toBe(2)
  })

  it('SamePeerGetsAnotherPortForItsNextFile: what is late of the first cannot be taken for the second', async () => {
    const { endpoint, exchanges } = await serving({ file, short: file.subarray(0, 10) })
    const [peer, only] = await Peer.asking(endpoint, 'short')
    peer.ack(1, only)
    await exchanges.take()
    peer.ask('file')
    const block = await peer.next()
    expect(block.from.port).not.toBe(only.from.port)
    peer.ack(1, only)
    expect(await peer.untilNow()).toEqual([])
  })

  it('TransfersAtATimeHaveDifferentPorts [RFC1350 §4]', async () => {
    const { endpoint } = await serving({ file })
    const ports = new Set<number>()
    for (let n = 0; n < 5; n++) ports.add((await Peer.asking(endpoint, 'file'))[1].from.port)
    expect(ports.size).toBe(5)
  })

  it('MalformedPacketOfThePeerIsCountedAndTheTransferGoesOn', async () => {
    const { endpoint, exchanges } = await serving({ file })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    peer.send(Uint8Array.of(0, 4, 0), first.from.port)
    peer.send(Uint8Array.of(), first.from.port)
    peer.send({ kind: 'DATA', block: 1, data: file }, first.from.port)
    peer.ack(1, first)
    expect(blockOf(await peer.next())).toBe(2)
    expect(await exchanges.take()).toMatchObject({ ending: 'malformed', reason: 'truncated' })
  })

  it('ErrorOfThePeerEndsIt [RFC1350 §7]: a phone may read the header of a firmware file and hang up', async () => {
    const opened: Readable[] = []
    const { endpoint, exchanges } = await serving({ image: streamed(noise(1_000_000), 65_536, opened) })
    const [peer, first] = await Peer.asking(endpoint, 'image')
    peer.ack(1, first)
    await peer.next()
    peer.send({ kind: 'ERROR', code: 0, message: 'same\nversion' }, first.from.port)
    const reason = 'the peer ended it with ERROR 0 same?version'
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', answer: 'sent 512 bytes', bytes: 512, reason })
    expect(opened.map((stream) => stream.destroyed)).toEqual([true])
    peer.ack(2, first)
    expect(await peer.untilNow()).toEqual([])
  })
})

describe('options', () => {
  it('OackWaitsForAckZero [RFC2347]', async () => {
    const { endpoint } = await serving({ file })
    const [peer, oack] = await Peer.asking(endpoint, 'file', ['blksize', '1000'], ['tsize', '0'])
    const options = [
      ['blksize', '1000'],
      ['tsize', '1300'],
    ]
    expect(oack.packet).toEqual({ kind: 'OACK', options })
    peer.ack(1, oack)
    expect(await peer.untilNow()).toEqual([])
    peer.ack(0, oack)
    expect(dataOf(await peer.next())).toEqual(file.subarray(0, 1000))
    peer.ack(0, oack)
    expect(await peer.untilNow()).toEqual([])
    peer.ack(1, oack)
    expect(dataOf(await peer.next())).toEqual(file.subarray(1000))
  })

  it('OackIsRepeatedUntilAnswered', async () => {
    const { endpoint, exchanges } = await serving({ file }, { retransmit: { firstMillis: 5, tries: 3 } })
    const [peer, oack] = await Peer.asking(endpoint, 'file', ['blksize', '1000'])
    const [second, third, last] = await peer.take(3)
    expect([oack, second, third].map((received) => received?.packet.kind)).toEqual(['OACK', 'OACK', 'OACK'])
    expect(last?.packet).toMatchObject({ kind: 'ERROR', code: 0 })
    expect(await exchanges.take()).toMatchObject({ ending: 'refuse', reason: 'no answer to the options in 3 tries' })
  })

  it('PeerMayRejectTheOptions [RFC2347]', async () => {
    const { endpoint, exchanges } = await serving({ file })
    const [peer, oack] = await Peer.asking(endpoint, 'file', ['tsize', '0'])
    peer.send({ kind: 'ERROR', code: 8, message: 'too big' }, oack.from.port)
    const reason = 'the peer ended it with ERROR 8 too big'
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', answer: 'sent 0 bytes', reason })
  })

  it.each([
    ['8', 10_000],
    ['1468', 100_000],
    ['65464', 200_000],
  ])('BlockSize %s carries the whole file [RFC2348]', async (blksize, length) => {
    const content = noise(length)
    const { endpoint } = await serving({ content })
    const { bytes } = await download(endpoint, 'content', ['blksize', blksize])
    expect(Buffer.compare(bytes, content)).toBe(0)
  })
})

describe('windows', () => {
  const content = noise(20 * 100)
  const asked = [
    ['blksize', '100'],
    ['windowsize', '4'],
  ] as const

  async function firstWindow() {
    const { endpoint, exchanges } = await serving({ content })
    const [peer, oack] = await Peer.asking(endpoint, 'content', ...asked)
    peer.ack(0, oack)
    expect((await peer.take(4)).map(blockOf)).toEqual([1, 2, 3, 4])
    expect(await peer.untilNow()).toEqual([])
    return { peer, oack, exchanges }
  }

  it('OneAckForAWindow [RFC7440 §4]', async () => {
    const { peer, oack } = await firstWindow()
    peer.ack(4, oack)
    expect((await peer.take(4)).map(blockOf)).toEqual([5, 6, 7, 8])
    expect(await peer.untilNow()).toEqual([])
  })

  it('AckInsideTheWindowRestartsBehindIt [RFC7440 §4]', async () => {
    const { peer, oack } = await firstWindow()
    peer.ack(2, oack)
    const again = await peer.take(4)
    expect(again.map(blockOf)).toEqual([3, 4, 5, 6])
    expect(Buffer.concat(again.map(dataOf))).toEqual(Buffer.from(content.subarray(200, 600)))
  })

  it('LostFirstBlockOfAWindowIsSentAgainSoon: the repeated ACK is all that the peer can say', async () => {
    const { peer, oack } = await firstWindow()
    peer.ack(4, oack)
    expect((await peer.take(4)).map(blockOf)).toEqual([5, 6, 7, 8])
    peer.ack(4, oack)
    // The retransmission timer would come after a minute.
    expect((await peer.take(4)).map(blockOf)).toEqual([5, 6, 7, 8])
  })

  it('SorcerersApprentice: many repeated ACKs bring a window back once [RFC1123 §4.2.3.1]', async () => {
    const { peer, oack } = await firstWindow()
    for (let i = 0; i < 50; i++) peer.ack(0, oack)
    expect((await peer.take(4)).map(blockOf)).toEqual([1, 2, 3, 4])
    for (let i = 0; i < 50; i++) peer.ack(0, oack)
    peer.ack(4, oack)
    expect((await peer.take(4)).map(blockOf)).toEqual([5, 6, 7, 8])
    expect(await peer.untilNow()).toEqual([])
  })

  it('LastWindowIsAsShortAsTheFile', async () => {
    const { endpoint, exchanges } = await serving({ short: content.subarray(0, 250) })
    const [peer, oack] = await Peer.asking(endpoint, 'short', ...asked)
    peer.ack(0, oack)
    expect((await peer.take(3)).map((received) => dataOf(received).length)).toEqual([100, 100, 50])
    expect(await peer.untilNow()).toEqual([])
    peer.ack(3, oack)
    expect((await exchanges.take()).operation).toBe('WRQ')
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', bytes: 250 })
  })

  it.each([
    ['7', 8 * 65_540 + 3],
    ['64', 8 * 65_600],
  ])('BlockWrapsAround in windows of %s: 65535 is followed by 0', async (windowsize, length) => {
    const long = noise(length)
    const { endpoint } = await serving({ long: streamed(long, 65_536) })
    const { bytes, wraps } = await download(endpoint, 'long', ['blksize', '8'], ['windowsize', windowsize])
    expect(Buffer.compare(bytes, long)).toBe(0)
    expect(wraps).toBe(Math.floor((length / 8 + 1) / 65_536))
  })
})

describe('the file', () => {
  it('OpenedOnceAndReadInOrder, whatever must be sent again', async () => {
    const calls: [number, number][] = []
    const content = noise(30_000)
    const source = streamed(content, 777)
    const counted = {
      size: 30_000,
      open(start: number, end: number) {
        calls.push([start, end])
        return source.open(start, end)
      },
    }
    const { endpoint } = await serving({ counted }, { retransmit: { firstMillis: 5, tries: 100 } })
    const [peer, oack] = await Peer.asking(endpoint, 'counted', ['blksize', '1000'], ['windowsize', '8'])
    peer.ack(0, oack)
    for (let good = 0; good < 31; ) {
      const received = await peer.next()
      if (received.packet.kind !== 'DATA' || received.packet.block !== good + 1) continue
      expect(dataOf(received)).toEqual(content.subarray(good * 1000, (good + 1) * 1000))
      if (++good % 3 === 0 || good === 31) peer.ack(good, oack)
    }
    expect(calls).toEqual([[0, 29_999]])
  })

  it('FileThatGrewIsSentAtItsAnnouncedLength', async () => {
    const { endpoint } = await serving({ grown: { size: 600, open: () => Readable.from([noise(500), noise(500)]) } })
    expect((await download(endpoint, 'grown', ['tsize', '0'])).bytes.length).toBe(600)
  })

  const broken: Readonly<Record<string, [open: TftpFile['open'], reason: string]>> = {
    'ends early': [() => Readable.from([noise(600)]), 'the file ended 1400 bytes early'],
    'is shorter in memory than it says': [() => noise(600), 'the file ended 1400 bytes early'],
    'fails in the middle': [() => Readable.from(failing()), 'EIO'],
    'is closed under our feet': [() => new Readable().destroy(), 'the file ended 2000 bytes early'],
    'cannot be opened': [
      () => {
        throw new Error('EACCES')
      },
      'EACCES',
    ],
    'never gives a byte': [() => new Readable({ read() {} }), 'no bytes came from it for too long'],
  }

  it.each(Object.entries(broken))('FileThat "%s" ends the transfer with ERROR 0', async (_, [open, reason]) => {
    const files = { file: { size: 2_000, open } }
    const { endpoint, exchanges } = await serving(files, { retransmit: { firstMillis: 50, tries: 3 } })
    await expect(download(endpoint, 'file')).rejects.toThrow('ERROR 0 the file cannot be read')
    const expected = { ending: 'fault', answer: 'ERROR 0', reason: `the file cannot be read: ${reason}` }
    expect(await exchanges.take()).toMatchObject(expected)
  })

  function* failing() {
    yield noise(600)
    throw new Error('EIO')
  }
})

/** A file read from a stream in pieces of one size. */
function streamed(bytes: Uint8Array, piece: number, opened: Readable[] = []): TftpFile {
  return {
    size: bytes.length,
    open(start, end) {
      const wanted = bytes.subarray(start, end + 1)
      function* pieces() {
        for (let at = 0; at < wanted.length; at += piece) yield wanted.subarray(at, at + piece)
      }
      const stream = Readable.from(pieces(), { objectMode: false, highWaterMark: piece })
      opened.push(stream)
      return stream
    },
  }
}

// SPDX-License-Identifier: Apache-2.0
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { tftpTransfer } from '#daemon/simulator/tftp-client'
import { type Move, type TftpOptions, TftpReader } from '#daemon/simulator/tftp-reader'
import { MalformedPacket } from '#protocols/lib/malformed'

const data = (block: number, payload: string | Buffer = '') =>
  Buffer.concat([Buffer.from([0, 3, block >> 8, block & 255]), Buffer.from(payload)])
const oack = (text: string) => Buffer.concat([Buffer.from([0, 6]), Buffer.from(text.replaceAll(' ', '\0'))])
const error = (code: number, text: string) => Buffer.concat([Buffer.from([0, 5, 0, code]), Buffer.from(`${text}\0`)])
const full = Buffer.alloc(512, 0x61)

function reading(
  options: TftpOptions = {},
  mostBytes = 1_000_000,
): { take(packet: Buffer): string; read: Buffer[]; reader: TftpReader } {
  const read: Buffer[] = []
  const reader = new TftpReader(options, mostBytes, (chunk) => read.push(Buffer.from(chunk)) > 0)
  return { take: (packet) => show(reader.take(packet)), read, reader }
}

/** A move in few words: `say ACK 1`, `end ACK 2, 515 bytes`. */
function show(move: Move): string {
  const packet = 'packet' in move && move.packet ? Buffer.from(move.packet) : undefined
  const said = packet ? [packet[1] === 4 ? `ACK ${packet.readUInt16BE(2)}` : `ERROR ${packet.readUInt16BE(2)}`] : []
  if (move.kind !== 'end') return [move.kind, ...said].join(' ')
  const { result } = move
  return `end ${[...said, result instanceof Error ? result.message : `${result.bytes} bytes`].join(', ')}`
}

describe('reading a file by TFTP', () => {
  it('ReadRequestIsOctet [RFC 1350 §5] WithOptionsOnlyIfAsked [RFC 2347]', () => {
    const text = (options: TftpOptions) =>
      Buffer.from(new TftpReader(options, 1, () => true).request('a.cfg')).toString('latin1')
    expect(text({})).toBe('\0\x01a.cfg\0octet\0')
    expect(text({ blksize: 1428, windowsize: 8, tsize: true })).toBe(
      '\0\x01a.cfg\0octet\0blksize\x001428\0windowsize\x008\0tsize\x000\0',
    )
  })

  it('ShortBlockIsTheLast, EvenAnEmptyOne [RFC 1350 §6]', () => {
    const { take, read } = reading()
    expect([take(data(1, full)), take(data(2, full)), take(data(3))]).toEqual([
      'say ACK 1',
      'say ACK 2',
      'end ACK 3, 1024 bytes',
    ])
    expect(Buffer.concat(read)).toHaveLength(1024)
  })

  it('RepeatedBlockIsAcknowledgedAgain AndReadOnce', () => {
    const { take, read } = reading()
    expect([take(data(1, full)), take(data(1, full)), take(data(2, 'x'))]).toEqual([
      'say ACK 1',
      'say ACK 1',
      'end ACK 2, 513 bytes',
    ])
    expect(read).toHaveLength(2)
  })

  it('BlockFromTheFuture OrThePast IsIgnored', () => {
    const { take } = reading()
    expect([take(data(2, full)), take(data(1, full)), take(data(2, full)), take(data(1, full))]).toEqual([
      ...['ignore', 'say ACK 1', 'say ACK 2', 'ignore'],
    ])
  })

  it('BlockNumberWrapsAround', () => {
    const { take } = reading({ blksize: 8 })
    take(oack('blksize 8 '))
    for (let block = 1; block <= 65_535; block++) take(data(block, '12345678'))
    expect(take(data(0, '12345678'))).toBe('say ACK 0')
    expect(take(data(1, 'x'))).toBe(`end ACK 1, ${65_536 * 8 + 1} bytes`)
  })

  it('WindowIsAcknowledgedAtItsEnd, GapOnceAtItsBeginning [RFC 7440 §4]', () => {
    const { take, reader } = reading({ windowsize: 3 })
    expect(take(oack('windowsize 3 '))).toBe('say ACK 0')
    expect([take(data(1, full)), take(data(2, full)), take(data(3, full))]).toEqual(['wait', 'wait', 'say ACK 3'])
    expect([take(data(5, full)), take(data(6, full))], 'block 4 was lost').toEqual(['say ACK 3', 'ignore'])
    expect([take(data(4, full)), take(data(5, full))]).toEqual(['wait', 'wait'])
    expect(show({ kind: 'say', packet: reader.acknowledge() }), 'after a silence').toBe('say ACK 5')
    expect(take(data(6, 'x'))).toBe(`end ACK 6, ${5 * 512 + 1} bytes`)
  })

  it('OptionsMayBeGrantedInPart, OrIgnored [RFC 2347]', () => {
    const some = reading({ blksize: 1428, windowsize: 8, tsize: true })
    expect([some.take(oack('tsize 600 BLKSIZE 600 ')), some.take(data(1, full)), some.read.length]).toEqual([
      ...['say ACK 0', 'end ACK 1, TFTP file of another length than announced', 1],
    ])
    const none = reading({ blksize: 1428 })
    expect([none.take(data(1, full)), none.take(data(2, 'x'))]).toEqual(['say ACK 1', 'end ACK 2, 513 bytes'])
  })

  it('RepeatedOptionAcknowledgementIsAnswered UntilDataCame', () => {
    const { take } = reading({ blksize: 512 })
    expect([take(oack('blksize 512 ')), take(oack('blksize 512 '))]).toEqual(['say ACK 0', 'say ACK 0'])
    expect([take(data(1, full)), take(oack('blksize 512 '))]).toEqual(['say ACK 1', 'ignore'])
  })

  it.each(['blksize 2000 ', 'blksize 4 ', 'windowsize 9 ', 'multicast x ', 'tsize -1 ', 'timeout 5 '])(
    'option not asked for so is ERROR 8: %s [RFC 2347]',
    (text) => {
      expect(reading({ blksize: 1428, windowsize: 8, tsize: true }).take(oack(text))).toMatch(
        /^end ERROR 8, TFTP option \w+ not as/,
      )
    },
  )

  it('FileLongerThanAllowed IsRefusedAtOnce IfAnnounced, ElseWhenItShows', () => {
    expect(reading({ tsize: true }, 1000).take(oack('tsize 1001 '))).toBe('end ERROR 3, answer longer than 1000 bytes')
    const quiet = reading({}, 1000)
    expect([quiet.take(data(1, full)), quiet.take(data(2, full))]).toEqual([
      'say ACK 1',
      'end ERROR 3, answer longer than 1000 bytes',
    ])
    expect(reading().take(data(1, Buffer.alloc(513)))).toBe('end ERROR 4, TFTP block longer than agreed')
  })

  it('ErrorEndsIt, AndItsTextIsMadeSafe', () => {
    expect(reading().take(error(1, 'no\x1b[2J such file'))).toBe('end TFTP error 1 no [2J such file')
  })

  it('random packets throw nothing but MalformedPacket', () => {
    const packet = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.uint8Array({ maxLength: 40 }))
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 10 }), (packets) => {
        const { reader } = reading({ blksize: 16, windowsize: 4, tsize: true })
        for (const [opcode, rest] of packets) {
          try {
            if (reader.take(Buffer.from([0, opcode, ...rest])).kind === 'end') return
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(MalformedPacket)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('a TFTP transfer on the wire', () => {
  const sockets: Socket[] = []

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.close()
  })

  /** A responder that does what the script says with each packet; packets as hex without the file's name. */
  async function responder(
    script: (packet: Buffer, peer: RemoteInfo, socket: Socket) => void,
  ): Promise<{ port: number; seen: string[] }> {
    const socket = createSocket('udp4')
    sockets.push(socket)
    const seen: string[] = []
    socket.on('message', (packet, peer) => {
      seen.push(packet[1] === 1 ? 'RRQ' : packet.toString('hex'))
      script(packet, peer, socket)
    })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return { port: socket.address().port, seen }
  }

  function transfer(port: number, signal = new AbortController().signal): { read: Buffer[]; done: Promise<unknown> } {
    const read: Buffer[] = []
    const server = { address: '127.0.0.1', port }
    const terms = {
      localAddress: '127.99.7.7',
      timeoutMs: 1000,
      mostBytes: 1e6,
      retryMs: 20,
      options: {},
      server,
      file: 'a.cfg',
    }
    return { read, done: tftpTransfer(terms, (chunk) => read.push(Buffer.from(chunk)) > 0, signal) }
  }

  it('lost packets are said again: the request, an ACK', async () => {
    let losses = 2
    const { port, seen } = await responder((packet, peer, socket) => {
      if (losses-- > 0 && losses !== 0) return
      socket.send(packet[1] === 1 ? data(1, full) : data(2, 'x'), peer.port, peer.address)
      if (packet[1] === 1) losses = 2
    })
    const { read, done } = transfer(port)
    expect(await done).toEqual({ bytes: 513, complete: true })
    expect(Buffer.concat(read)).toHaveLength(513)
    expect(seen.slice(0, 4)).toEqual(['RRQ', 'RRQ', '00040001', '00040001'])
  })

  it('another port than the first is a stranger: ERROR 5, and the transfer goes on [RFC 1350 §4]', async () => {
    const stranger = createSocket('udp4')
    sockets.push(stranger)
    const answered = once(stranger, 'message')
    const { port } = await responder((packet, peer, socket) => {
      if (packet[1] === 1) socket.send(data(1, full), peer.port, peer.address)
      else {
        stranger.send(data(2, 'evil'), peer.port, peer.address)
        void answered.then(() => socket.send(data(2, 'good'), peer.port, peer.address))
      }
    })
    const { read, done } = transfer(port)
    await done
    expect(Buffer.concat(read).subarray(512).toString()).toBe('good')
    expect((await answered)[0].subarray(0, 4).toString('hex')).toBe('00050005')
  })

  it('comes from the address it is bound to', async () => {
    const from: string[] = []
    const { port } = await responder((_packet, peer, socket) => {
      from.push(peer.address)
      socket.send(data(1, 'x'), peer.port, peer.address)
    })
    await transfer(port).done
    expect(from[0]).toBe('127.99.7.7')
  })

  it('silence, an endless repetition and an abort all end it', async () => {
    const silent = await responder(() => undefined)
    await expect(transfer(silent.port).done).rejects.toMatchObject({ message: 'no answer', kind: 'temporary' })
    expect(silent.seen).toHaveLength(5)
    const stuck = await responder((_packet, peer, socket) => socket.send(data(1, full), peer.port, peer.address))
    await expect(transfer(stuck.port).done).rejects.toMatchObject({ message: 'no answer in time' })
    const end = new AbortController()
    const { done } = transfer(silent.port, end.signal)
    end.abort(new Error('stop'))
    await expect(done).rejects.toThrow('stop')
  })
})

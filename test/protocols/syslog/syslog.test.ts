// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Exchange } from '#protocols/lib/exchange'
import { MalformedPacket } from '#protocols/lib/malformed'
import { decode } from '#protocols/syslog/codec'
import { Framer } from '#protocols/syslog/framing'
import type { Received } from '#protocols/syslog/port'
import { type SyslogLimits, SyslogServer } from '#protocols/syslog/server'
import { within } from '#test/protocols/http/support'

const run = promisify(execFile)
const read = (text: string) => decode(Buffer.from(text))

describe('messages', () => {
  test('[RFC5424 §6.5] the examples of the standard', () => {
    expect(
      read('<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \uFEFF\u2018su root\u2019 failed'),
    ).toEqual({
      ...{ facility: 4, severity: 2, at: Date.UTC(2003, 9, 11, 22, 14, 15, 3), hostname: 'mymachine.example.com' },
      ...{ app: 'su', processId: '', messageId: 'ID47', data: '', text: '‘su root’ failed' },
    })
    const data = '[a@1 iut="3" x="\\"]\\\\"][b@1 y="z"]'
    expect(read(`<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 app 8710 - ${data} %% It's time`)).toMatchObject({
      ...{ facility: 20, severity: 5, processId: '8710', data, text: "%% It's time" },
      at: Date.UTC(2003, 7, 24, 12, 14, 15),
    })
    expect(read('<0>1 - - - - - [a@1]')).toMatchObject({ severity: 0, at: undefined, data: '[a@1]', text: '' })
  })

  test('[RFC3164 §5.4] the examples of the standard, and what phones make of it', () => {
    expect(read("<34>Oct 11 22:14:15 mymachine su: 'su root' failed")).toMatchObject({
      ...{ facility: 4, severity: 2, hostname: 'mymachine', app: 'su', text: "'su root' failed", at: undefined },
    })
    expect(read('Use the BFG!')).toMatchObject({
      facility: 1,
      severity: 5,
      hostname: '',
      app: '',
      text: 'Use the BFG!',
    })
    expect(read('<150>Feb  5 17:32:18 10.0.0.99 sip[77]: REGISTER 401')).toMatchObject({
      ...{ hostname: '10.0.0.99', app: 'sip', processId: '77', text: 'REGISTER 401' },
    })
    expect(read('<14>Jan  1 00:00:09 sip: no host')).toMatchObject({ hostname: '', app: 'sip', text: 'no host' })
    expect(read('<999>what is it')).toMatchObject({ facility: 1, severity: 5, text: '<999>what is it' })
  })

  test('control characters, text that is no UTF-8, and a megabyte are made harmless', () => {
    expect(decode(Buffer.from('<14>a\u001b[31m\r\nb\0\xe4c', 'latin1')).text).toBe('a[31mbäc')
    expect(read(`<14>${'x'.repeat(1e6)}`).text.length).toBeLessThanOrEqual(8_192)
    for (const empty of ['', '<14>', ' \r\n', '<14>1 - - - - - -']) expect(() => read(empty)).toThrow(MalformedPacket)
  })

  test('throws nothing but MalformedPacket, whatever comes', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('<14>', '1 ', '- ', '[a b="', '"]', ': ', 'Oct 11 22:14:15 '),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          expect(JSON.stringify(read(pieces.join('')))).not.toMatch(/\p{Cc}/u)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPacket)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('frames', () => {
  const frames = (framer: Framer, chunks: readonly Uint8Array[]) =>
    chunks.flatMap((chunk) => [...framer.push(chunk)]).map((bytes) => Buffer.from(bytes).toString('latin1'))

  test('[RFC6587 §3.4] counted octets and lines are told apart, in any pieces', () => {
    const message = fc.stringMatching(/^<\d{1,3}>[ -~]{0,40}$/)
    const framed = fc.tuple(message, fc.constantFrom('counted', '\n', '\r\n', '\0'))
    fc.assert(
      fc.property(
        fc.array(framed, { maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (all, sizes) => {
          const stream = Buffer.from(
            all.map(([text, how]) => (how === 'counted' ? `${text.length} ${text}` : text + how)).join(''),
          )
          const chunks: Uint8Array[] = []
          for (let at = 0; at < stream.length; ) {
            const size = sizes.next().value as number
            chunks.push(stream.subarray(at, at + size))
            at += size
          }
          expect(frames(new Framer(100), chunks)).toEqual(all.map(([text]) => text))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('what is too long is cut and its rest passed over; a length without end is refused', () => {
    const long = Buffer.from(`<1>${'x'.repeat(500)}\n<2>y\n300 ${'z'.repeat(300)}5 <3>zz`)
    expect(frames(new Framer(10), [long])).toEqual(['<1>xxxxxxx', '<2>y', 'zzzzzzzzzz', '<3>zz'])
    expect(() => frames(new Framer(10), [Buffer.from('12345678 x')])).toThrow(MalformedPacket)
    const framer = new Framer(100)
    expect(frames(framer, [Buffer.from('2 lines\nleft')])).toEqual(['li', 'nes'])
    expect(Buffer.from(framer.end() ?? []).toString()).toBe('left')
  })

  test('memory stays bounded whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 30 }), (chunks) => {
        const framer = new Framer(100)
        try {
          for (const chunk of chunks) {
            for (const message of framer.push(chunk)) expect(message.length).toBeLessThanOrEqual(100)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPacket)
        }
      }),
      { numRuns: 500 },
    )
  })
})

async function receiver(limits: Partial<SyslogLimits> = {}) {
  const received: Received[] = []
  const exchanges: Exchange[] = []
  const waiting: (() => void)[] = []
  const tell = () => {
    for (const wake of waiting.splice(0)) wake()
  }
  const until = async (done: () => boolean, what: string) => {
    while (!done()) await within(new Promise<void>((resolve) => waiting.push(resolve)), what)
  }
  const server = new SyslogServer({
    listen: { address: '127.0.0.1', port: 0 },
    limits,
    observe: (exchange) => {
      exchanges.push(exchange)
      tell()
    },
    port: {
      async log(message) {
        received.push(message)
        return message.message.text !== 'stranger'
      },
    },
  })
  await server.start(new AbortController().signal)
  onTestFinished(() => server.stop())
  const port = server.health().endpoints[0]?.port ?? 0
  return { server, received, exchanges, until, port }
}

describe('the receiver', () => {
  test.each([
    ['--udp', '--rfc3164'],
    ['--udp', '--rfc5424'],
    ['--tcp', '--rfc3164'],
    ['--tcp', '--rfc5424'],
    ['--tcp', '--rfc5424', '--octet-count'],
  ])('takes what logger sends: %s %s %s', async (...flags) => {
    const { received, until, port } = await receiver()
    const how = flags.filter(Boolean)
    const args = [
      '--server',
      '127.0.0.1',
      '--port',
      String(port),
      '--tag',
      'sip',
      '-p',
      'local0.err',
      'REGISTER failed',
    ]
    await run('logger', [...how, ...args], { timeout: 5_000 })
    await until(() => received.length === 1, 'the message')
    expect(received[0]).toMatchObject({
      transport: how[0]?.slice(2),
      message: { facility: 16, severity: 3, app: 'sip', text: 'REGISTER failed' },
      peer: { address: '127.0.0.1' },
    })
  })

  test('a stranger is told so in the exchange, rubbish too; the receiver goes on', async () => {
    const { exchanges, until, port, received } = await receiver()
    const socket = createSocket('udp4')
    for (const text of ['<14>stranger', '', '<14>']) socket.send(text, port, '127.0.0.1')
    const rubbish = connect(port, '127.0.0.1').on('error', () => {})
    rubbish.end('99999999 x')
    await once(rubbish, 'close')
    await until(() => exchanges.length === 4, 'four exchanges')
    expect(exchanges.map(({ ending, reason }) => `${ending} ${reason}`).sort()).toEqual([
      'ignore no phone that we know has this address',
      'malformed empty',
      'malformed empty',
      'malformed frame-length',
    ])
    socket.send('<14>hello', port, '127.0.0.1', () => socket.close())
    await until(() => received.some(({ message }) => message.text === 'hello'), 'hello')
  })

  test('too many connections of one address are turned away, silent ones are closed, the rest of a stream is kept', async () => {
    const { exchanges, until, port, received } = await receiver({ connectionsPerPeer: 2, idleMs: 300 })
    const sockets = [1, 2, 3].map(() => connect(port, '127.0.0.1').on('error', () => {}))
    await until(() => exchanges.some(({ ending }) => ending === 'refuse'), 'a refusal')
    await Promise.all(sockets.map((socket) => once(socket, 'close')))
    connect(port, '127.0.0.1').end('<14>without an end')
    await until(() => received.length === 1, 'the rest')
    expect(received[0]?.message.text).toBe('without an end')
  })

  test('ten thousand lines of one connection come in order, and none is lost', async () => {
    const { received, until, port } = await receiver()
    const socket = connect(port, '127.0.0.1')
    socket.end(Array.from({ length: 10_000 }, (_, n) => `<14>line ${n}\n`).join(''))
    await until(() => received.length === 10_000, 'all lines')
    expect(received.every(({ message }, n) => message.text === `line ${n}`)).toBe(true)
  })
})

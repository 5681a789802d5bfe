// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Endpoint } from '#protocols/lib/exchange'
import { type Daemon, DaemonHome, lives } from '#test/support/daemon'
import { DISCOVER, OFFER, readReply, relayed } from '#test/support/dhcp-packet'
import { here } from '#test/support/process'
import { seededRandom } from '#test/support/random'

/*
 * The built daemon, every server on, meets what nobody should send. Each case wants four things: the protocol's own
 * error, a counter that went up, a log line, and a daemon that still boots a phone.
 */
const SEED = 20_260_401
const MAC = '00908f99000a'
const KEEP_ALIVE = '/rest/v1/ipphoneMgrStatus/keep-alive'

describe('bad input from real sockets', () => {
  let home: DaemonHome
  let daemon: Daemon
  let scratch: string
  const random = seededRandom(SEED)
  const image = randomBytes(200_000)

  beforeAll(async () => {
    home = await DaemonHome.make()
    await home.addFirmware('440HD.img', image)
    daemon = await home.start()
    scratch = await mkdtemp(join(tmpdir(), 'offhook-bad-'))
  })

  afterAll(async () => {
    await home?.close()
    if (scratch) await rm(scratch, { recursive: true, force: true })
  })

  function http(path: string): string {
    const { address, port } = daemon.endpoint('http')
    return `http://${address}:${port}${path}`
  }

  /** curl's status and body; a server that hangs up early may still have answered. */
  async function curl(...args: readonly string[]): Promise<{ status: number; body: string }> {
    const { stdout } = await here.run('curl', ['-sS', '--max-time', '15', '-w', '\n%{http_code}', ...args])
    const cut = stdout.lastIndexOf('\n')
    return { status: Number(stdout.slice(cut + 1)), body: stdout.slice(0, cut) }
  }

  /** Does it, and insists that the journal and the metrics tell of it. */
  async function noted(fields: Readonly<Record<string, string>>, act: () => Promise<void>): Promise<void> {
    const { protocol = '', ending = '' } = fields
    const before = await daemon.metric('offhook_exchanges_total', { protocol, ending })
    const { mark } = daemon
    await act()
    await daemon.logged({ id: `exchange.${ending}`, ...fields }, mark)
    expect(await daemon.metric('offhook_exchanges_total', { protocol, ending })).toBeGreaterThan(before)
    await stillBootsAPhone()
  }

  /** Address, first file, firmware, report: by the same sockets that were just abused. */
  async function stillBootsAPhone(): Promise<void> {
    expect(lives(daemon)).toBe(true)
    expect(await offerFrom(daemon.endpoint('dhcp'))).toBe(true)
    expect((await curl(http('/ipp/dhcpoption160.cfg'))).status).toBe(200)
    const { address, port } = daemon.endpoint('tftp')
    const file = join(scratch, 'image')
    await here.must('curl', ['-sSf', '--max-time', '10', '-o', file, `tftp://${address}:${port}/440HD.img`])
    const { status, body } = await curl('-d', JSON.stringify({ mac: MAC, status: 'started' }), http(KEEP_ALIVE))
    expect([status, body]).toEqual([200, '{"requests":[]}'])
  }

  /** Sends datagrams one by one from one socket, and waits until the kernel has taken the last. */
  async function throwAt(target: Endpoint, packets: Iterable<Uint8Array>): Promise<void> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    for (const packet of packets) {
      await new Promise<void>((sent) => socket.send(packet, target.port, target.address, () => sent()))
    }
    socket.close()
  }

  /** Opens a connection, sends, ends its side, and waits until the server has ended, too. */
  async function sayTo({ address, port }: Endpoint, bytes: Uint8Array): Promise<string> {
    const socket = connect(port, address)
    const heard: Buffer[] = []
    socket.on('data', (chunk) => heard.push(chunk))
    socket.on('error', () => {})
    socket.setTimeout(15_000, () => socket.destroy(new Error('the server keeps the connection open')))
    socket.end(bytes)
    await once(socket, 'close')
    return Buffer.concat(heard).toString('latin1')
  }

  it('boots a phone before anything bad happens', stillBootsAPhone)

  it('DHCP: every truncation of a DISCOVER, and 300 random packets', async () => {
    const dhcp = daemon.endpoint('dhcp')
    await noted({ protocol: 'dhcp', ending: 'malformed' }, async () => {
      await throwAt(dhcp, truncations(discover()))
      await throwAt(dhcp, randomPackets(random, 300))
      // Random bytes behind a good head reach deeper.
      await throwAt(dhcp, randomTails(random, discover().subarray(0, 240), 100))
    })
  })

  it('TFTP: every truncation of a read request, and 300 random packets', async () => {
    const request = Buffer.from('\0\x01440HD.img\0octet\0blksize\x001428\0windowsize\x008\0')
    await noted({ protocol: 'tftp', ending: 'malformed' }, async () => {
      await throwAt(daemon.endpoint('tftp'), truncations(request, 1, request.length - 1))
      await throwAt(daemon.endpoint('tftp'), randomPackets(random, 300))
    })
  })

  it('HTTP: truncated and random bytes get no 200 and no 500, on the phones’ port and on the admins’', async () => {
    const request = Buffer.from(`POST ${KEEP_ALIVE} HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\n\r\n{"mac":"${MAC}"}`)
    await noted({ protocol: 'http', ending: 'malformed' }, async () => {
      for (const target of [daemon.endpoint('http'), daemon.endpoint('web')]) {
        for (const packet of [...truncations(request, 17), ...randomPackets(random, 40)]) {
          expect(await sayTo(target, packet)).toMatch(/^(HTTP\/1\.1 [34]\d\d |$)/)
        }
      }
    })
  })

  it.each([
    ['announced with Expect: 100-continue', []],
    ['sent without asking', ['-H', 'Expect:']],
    ['sent in chunks of unknown number', ['-H', 'Expect:', '-H', 'Transfer-Encoding: chunked']],
  ])('a keep-alive of 10 MB, %s, is 413', async (_, headers) => {
    const file = join(scratch, 'huge.json')
    await writeFile(file, `{"mac":"${MAC}","location":"${'x'.repeat(10 * 1024 * 1024)}"}`)
    await noted({ protocol: 'keepalive', ending: 'refuse' }, async () => {
      expect((await curl(...headers, '--data-binary', `@${file}`, http(KEEP_ALIVE))).status).toBe(413)
    })
  })

  it.each([
    ['binary noise', 'AAECAwQFBgcICQ=='],
    ['a list nested sixty thousand deep', 'deep'],
    ['no MAC at all', Buffer.from('{"status":"registered"}').toString('base64')],
  ])('a keep-alive of %s is 400', async (_, what) => {
    const file = join(scratch, 'bad.json')
    await writeFile(file, what === 'deep' ? '['.repeat(60_000) : Buffer.from(what, 'base64'))
    await noted({ protocol: 'keepalive', ending: 'malformed' }, async () => {
      expect((await curl('--data-binary', `@${file}`, http(KEEP_ALIVE))).status).toBe(400)
    })
  })

  it.each([
    '/configfiles/../../etc/passwd',
    '/configfiles/../../../../../../etc/passwd',
    '/configfiles/%2e%2e/%2e%2e/etc/passwd',
    '/configfiles/..%2f..%2fetc/passwd',
    '/configfiles/%252e%252e/%252e%252e/etc/passwd',
    '/configfiles/..%5c..%5cetc%5cpasswd',
    '/configfiles/..%c0%af..%c0%afetc/passwd',
    '/firmwarefiles/../../../../etc/passwd.img',
    '/firmwarefiles/..%2f..%2fone-time-password%00.img',
    '//etc/passwd',
  ])('GET %s is 400 or 404 and never a file', async (path) => {
    const before = await badHttp()
    const { mark } = daemon
    const { status, body } = await curl('--path-as-is', http(path))
    expect([400, 404]).toContain(status)
    expect(body).not.toMatch(/root:|\$2|scrypt/)
    expect(await badHttp()).toBe(before + 1)
    await daemon.logged({ operation: 'GET', answer: String(status) }, mark)
    expect(lives(daemon)).toBe(true)
  })

  async function badHttp(): Promise<number> {
    const count = (protocol: string, ending: string) => daemon.metric('offhook_exchanges_total', { protocol, ending })
    const counts = await Promise.all(
      ['http', 'provisioning'].flatMap((protocol) => [count(protocol, 'refuse'), count(protocol, 'malformed')]),
    )
    return counts.reduce((sum, one) => sum + one, 0)
  }

  it.each(['../x', '../../etc/passwd', '/etc/../etc/passwd', 'configfiles/../../x.cfg', '..\\x'])(
    'TFTP: tftp-hpa that asks for %s is told "access violation" (2)',
    async (name) => {
      await noted({ protocol: 'tftp', ending: 'refuse', file: name }, async () => {
        expect(await tftpGet(name)).toMatch(/^Error code 2: /m)
      })
    },
  )

  it('TFTP: a file that does not exist is "file not found" (1)', async () => {
    await noted({ protocol: 'tftp', ending: 'refuse', file: '999XY.img' }, async () => {
      expect(await tftpGet('999XY.img')).toMatch(/^Error code 1: /m)
    })
  })

  async function tftpGet(name: string): Promise<string> {
    const { address, port } = daemon.endpoint('tftp')
    const { stdout } = await here.run('tftp', [
      '-m',
      'binary',
      address,
      String(port),
      '-c',
      'get',
      name,
      join(scratch, 'x'),
    ])
    return stdout
  }

  it('a cfg for a model that no template knows is 404, and the log says why', async () => {
    const reason = 'no template knows the model 499HD'
    await noted({ protocol: 'provisioning', ending: 'refuse', reason }, async () => {
      const agent = 'AUDC-IPPhone/2.2.8.61 (499HD; 00908F112233)'
      expect((await curl('-A', agent, http('/configfiles/00908f112233.cfg'))).status).toBe(404)
    })
  })

  it('a cfg for a MAC of which nothing is known is 404, and the log says why', async () => {
    const reason = 'the model of 00908f445566 is not known yet'
    await noted({ protocol: 'provisioning', ending: 'refuse', reason }, async () => {
      expect((await curl(http('/configfiles/00908f445566.cfg'))).status).toBe(404)
    })
  })
})

function discover(): Buffer {
  const options = [60, 5, ...Buffer.from('440HD')]
  return relayed({ type: DISCOVER, mac: MAC, giaddr: '127.99.0.1', options })
}

/** Whether a DISCOVER is answered within two seconds. */
async function offerFrom({ address, port }: Endpoint): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind(0, '127.99.0.1')
    await once(socket, 'listening')
    socket.send(discover(), port, address)
    const [reply] = (await once(socket, 'message', { signal: AbortSignal.timeout(2_000) })) as [Buffer]
    return readReply(reply)?.type === OFFER
  } finally {
    socket.close()
  }
}

function* truncations(packet: Uint8Array, step = 1, end = packet.length): Generator<Uint8Array> {
  for (let length = 0; length < end; length += step) yield packet.subarray(0, length)
}

function* randomPackets(random: () => number, count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield noise(random, Math.floor(random() * 1_400))
}

function* randomTails(random: () => number, head: Uint8Array, count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield Buffer.concat([head, noise(random, Math.floor(random() * 300))])
}

function noise(random: () => number, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256))
}

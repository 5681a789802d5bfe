// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { readCapture } from '#daemon/cli/capture-file'
import { explainCommand } from '#daemon/cli/explain'
import { offerLocalApi } from '#daemon/cli/local-api'
import { cliIo } from '#test/support/cli'
import { packetOf } from '#test/support/dhcp-datagram'

const CONFIG = `server: { address: 10.1.0.2 }
dhcp:
  mode: server
  subnets:
    - { name: voice, cidr: 10.1.0.0/24, pools: [10.1.0.10-10.1.0.19], routers: [10.1.0.1] }
    - { name: branch, cidr: 10.2.0.0/24, pools: [10.2.0.10-10.2.0.19] }
`
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-explain-'))
  await writeFile(join(folder, 'offhook.yaml'), CONFIG)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

async function run(...args: string[]) {
  const said = { out: '', err: '', code: 0 }
  const io = cliIo(said)
  const all = ['--config', join(folder, 'offhook.yaml'), '--data', folder, ...args]
  await explainCommand(io).parseAsync(all, { from: 'user' })
  return said
}

test('a made-up phone: its class, its subnet and its options, and no trace on the disk', async () => {
  const { out, code } = await run('--vendor-class', '440HD', '--giaddr', '10.2.0.1', '--ask', 'routers,160')
  expect(code).toBe(0)
  expect(out).toContain('It is in subnet branch, because of 10.2.0.1.')
  expect(out).toContain('It is in class phone: it is a phone of ours: yes, it is "440HD".')
  expect(out).toContain('It would get 10.2.0.10.')
  expect(out).toContain('Sent: 67 boot file name = "440HD.img", from class phone.')
  expect(out).toContain('Asked for and not sent: 3 routers: no layer sets it for this client.')
  await expect(stat(join(folder, 'store'))).rejects.toThrow(/ENOENT/)
})

test('--json is one object for programs', async () => {
  const { out } = await run('--json', '--mac', '00:15:65:00:00:01', '--ask', '160')
  expect(JSON.parse(out)).toMatchObject({
    subnet: 'voice',
    asked: { mac: '001565000001' },
    missing: [{ code: 160, reason: 'only clients of class phone may have it' }],
  })
})

test.each([
  [['--giaddr', 'here'], '--giaddr "here" is not an IPv4 address'],
  [['--ask', 'colour'], '--ask: there is no option "colour"'],
  [['--circuit-id', 'xyz'], '--circuit-id "xyz" is not hex'],
  [['not-a-mac'], '"not-a-mac" is not a MAC address'],
  [['00908f000001'], 'no daemon is running on'],
])('%j is refused with a sentence', async (args, expected) => {
  const { err, code } = await run(...args)
  expect(err).toContain(expected)
  expect(code).toBe(1)
})

test('a client of the running daemon: its sentences, clean of what a client could do to a terminal', async () => {
  const server = createServer((request, response) => {
    const isAllowed = request.headers.authorization === 'Bearer secret'
    response.statusCode = isAllowed ? 200 : 401
    const exchanges = request.url?.endsWith('/00908f000001') ? [{ sentences: ['It said \u001b[2J.'] }] : []
    response.end(JSON.stringify({ exchanges }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await offerLocalApi(folder, { url, token: 'secret' })
  expect((await stat(join(folder, 'local-api'))).mode & 0o777).toBe(0o600)
  expect((await run('00:90:8f:00:00:01')).out).toBe('It said  [2J.\n\n')
  expect(await run('00908f000002')).toMatchObject({ code: 1, err: expect.stringContaining('nothing of 00908f000002') })
  await offerLocalApi(folder, { url, token: 'wrong' })
  expect((await run('00908f000001')).err).toContain('the daemon answered 401')
})

/** Ethernet with a VLAN tag, IPv4, UDP to port 67. */
function frame(payload: Uint8Array): Buffer {
  const udp = Buffer.alloc(8)
  udp.writeUInt16BE(68, 0)
  udp.writeUInt16BE(67, 2)
  udp.writeUInt16BE(8 + payload.length, 4)
  const head = Buffer.from('450000000000000040110000000000 00ffffffff'.replace(' ', ''), 'hex')
  head.writeUInt16BE(28 + payload.length, 2)
  return Buffer.concat([Buffer.from('ffffffffffff00908f000001810000640800', 'hex'), head, udp, payload])
}

function pcap(...frames: Buffer[]): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt32LE(1, 20)
  const records = frames.map((bytes) => {
    const record = Buffer.alloc(16)
    record.writeUInt32LE(1_700_000_000, 0)
    record.writeUInt32LE(250_000, 4)
    record.writeUInt32LE(bytes.length, 8)
    record.writeUInt32LE(bytes.length, 12)
    return Buffer.concat([record, bytes])
  })
  return Buffer.concat([header, ...records])
}

function pcapng(bytes: Buffer, nanoseconds = false): Buffer {
  const block = (type: number, body: Buffer) => {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
    const out = Buffer.alloc(12 + padded.length)
    out.writeUInt32LE(type, 0)
    out.writeUInt32LE(out.length, 4)
    padded.copy(out, 8)
    out.writeUInt32LE(out.length, out.length - 4)
    return out
  }
  const section = Buffer.from('4d3c2b1a01000000ffffffffffffffff', 'hex')
  const at = BigInt(1_700_000_000_250_000) * (nanoseconds ? 1_000n : 1n)
  const packet = Buffer.alloc(20)
  packet.writeUInt32LE(Number(at >> 32n), 4)
  packet.writeUInt32LE(Number(at & 0xffffffffn), 8)
  packet.writeUInt32LE(bytes.length, 12)
  packet.writeUInt32LE(bytes.length, 16)
  const link = Buffer.from(`0100000000000000${nanoseconds ? '0900010009000000' : ''}`, 'hex')
  return Buffer.concat([block(0x0a0d0d0a, section), block(1, link), block(6, Buffer.concat([packet, bytes]))])
}

const DISCOVER = packetOf('00908f000001', [53, [1]], [55, [1, 3, 160]], [60, [...Buffer.from('440HD')]])

test.each([
  ['pcap', () => pcap(frame(DISCOVER))],
  ['pcapng', () => pcapng(frame(DISCOVER))],
  ['pcapng with nanoseconds', () => pcapng(frame(DISCOVER), true)],
])('a capture in %s is replayed on the configuration', async (_, make) => {
  const file = join(folder, 'capture')
  await writeFile(file, make())
  const { out, code } = await run('--pcap', file)
  expect(code).toBe(0)
  expect(out).toContain('At 2023-11-14T22:13:20.250Z: 00908f000001 sent DISCOVER (option 60 "440HD"')
  expect(out).toContain('Sent: 160 provisioning URL = "http://10.1.0.2/firmwarefiles;ipp/dhcpoption160.cfg"')
})

test('malformed messages of a capture are told, and what is no capture is refused', async () => {
  const file = join(folder, 'capture')
  await writeFile(file, pcap(frame(DISCOVER.subarray(0, 100))))
  expect((await run('--pcap', file)).out).toContain('a malformed message')
  await writeFile(file, 'hello')
  expect((await run('--pcap', file)).err).toContain('no pcap or pcapng')
  await writeFile(file, pcap(Buffer.from('00', 'hex')))
  expect((await run('--pcap', file)).err).toContain('holds no message to a DHCP server')
})

test('damaged captures are read as far as they go', () => {
  const whole = [pcap(frame(DISCOVER), frame(DISCOVER)), pcapng(frame(DISCOVER))]
  fc.assert(
    fc.property(
      fc.constantFrom(...whole),
      fc.nat(700),
      fc.array(fc.tuple(fc.nat(700), fc.nat(255)), { maxLength: 6 }),
      (file, end, changes) => {
        const bytes = Buffer.from(file.subarray(0, end))
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        try {
          for (const { payload } of readCapture(bytes)) expect(payload.length).toBeLessThan(bytes.length)
        } catch (error) {
          expect(String(error)).toContain('no pcap or pcapng')
        }
      },
    ),
    { numRuns: 500 },
  )
})

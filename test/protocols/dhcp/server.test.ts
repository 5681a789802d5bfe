// SPDX-License-Identifier: Apache-2.0
import { createSocket, type Socket } from 'node:dgram'
import { EventEmitter, once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { type DhcpMessage, decode, encode } from '#protocols/dhcp/codec'
import { decodeOption } from '#protocols/dhcp/options'
import type { DhcpPort, LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import { DhcpServer, type DhcpServerOptions } from '#protocols/dhcp/server'
import type { Endpoint, Exchange } from '#protocols/lib/exchange'
import {
  allGoldens,
  DISCOVER,
  goldenPacket,
  INFORM,
  ip,
  LEASE,
  type MessageFields,
  message,
  type OptionRow,
  REQUEST,
} from './messages.ts'

/*
 * Real sockets on loopback: the test is the relay at 127.0.0.2, or the client at 127.0.0.3. (Clients without an
 * address need a link with broadcasts: test/netns/dhcp-clients.test.ts.)
 */
const RELAY = ip('127.0.0.2')
const CLIENT = ip('127.0.0.3')
const SOURCE_PORT: OptionRow = [82, 'hex', '01037377311300']
const ASKED: OptionRow = [50, 'ipv4', ['10.99.0.50']]

/** A datagram socket whose messages can be awaited one by one. */
class Peer {
  readonly socket: Socket
  readonly #came: Uint8Array[] = []
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('message', (bytes) => {
      this.#came.push(bytes)
      this.#wake()
    })
  }

  static async at(address: string): Promise<Peer> {
    const socket = createSocket('udp4')
    socket.bind(0, address)
    await once(socket, 'listening')
    onTestFinished(() => void socket.close())
    return new Peer(socket)
  }

  get port(): number {
    return this.socket.address().port
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    this.socket.send(bytes, to.port, to.address)
  }

  async receive(): Promise<DhcpMessage> {
    const signal = AbortSignal.timeout(5_000)
    while (this.#came.length === 0) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve())
      })
    }
    return decode(this.#came.shift() ?? new Uint8Array())
  }

  get waiting(): number {
    return this.#came.length
  }
}

/** The server's reports, in order; `next` waits for one. */
class Reports {
  readonly #all: Exchange[] = []
  #read = 0
  #wake: () => void = () => {}

  readonly observe = (exchange: Exchange): void => {
    this.#all.push(exchange)
    this.#wake()
  }

  async next(): Promise<Exchange> {
    const signal = AbortSignal.timeout(5_000)
    for (;;) {
      const exchange = this.#all[this.#read]
      if (exchange) {
        this.#read++
        return exchange
      }
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve())
      })
    }
  }
}

async function serving(
  leaseFor: (query: LeaseQuery) => LeaseAnswer | Promise<LeaseAnswer>,
  more: Partial<DhcpServerOptions> = {},
) {
  const reports = new Reports()
  const port: DhcpPort = { leaseFor: async (query) => leaseFor(query) }
  const listen = { address: '127.0.0.1', port: 0 }
  const server = new DhcpServer({ listen, port, observe: reports.observe, ...more })
  await server.start(new AbortController().signal)
  onTestFinished(() => server.stop())
  const [endpoint] = server.health().endpoints
  if (!endpoint) throw new Error('serving nowhere')
  return { server, reports, endpoint }
}

function relayed(options: readonly OptionRow[], fields: MessageFields = {}): Uint8Array {
  return encode(message({ giaddr: RELAY, hops: 1, ...fields }, options))
}

test('[RFC8357] DISCOVER and REQUEST through a relay on any port, one report for each', async () => {
  const seen: LeaseQuery[] = []
  const { reports, endpoint } = await serving((query) => {
    seen.push(query)
    return LEASE
  })
  const relay = await Peer.at(RELAY)

  relay.send(relayed([DISCOVER, [60, 'text', '440HD'], SOURCE_PORT]), endpoint)
  const offer = await relay.receive()
  expect(offer).toMatchObject({ op: 2, yiaddr: '10.99.0.50', giaddr: RELAY })
  expect(offer.options.get(82)).toEqual(Uint8Array.from(Buffer.from('01037377311300', 'hex')))
  expect(await reports.next()).toEqual({
    protocol: 'dhcp',
    operation: 'DISCOVER',
    peer: { address: RELAY, port: relay.port },
    ending: 'reply',
    answer: 'OFFER',
    micros: expect.any(Number),
    bytes: 300,
    evidence: { mac: '00908f123456', vendorClass: '440HD' },
  })

  relay.send(relayed([REQUEST, ASKED, [54, 'ipv4', ['10.99.0.1']], [12, 'text', 'desk-17'], SOURCE_PORT]), endpoint)
  expect(decodeOption(53, (await relay.receive()).options.get(53) ?? new Uint8Array()).value).toBe(5)
  expect(await reports.next()).toMatchObject({
    operation: 'REQUEST',
    answer: 'ACK',
    evidence: { mac: '00908f123456', address: '10.99.0.50', hostname: 'desk-17' },
  })
  expect(seen.map(({ kind, link, circuitId }) => [kind, link, circuitId])).toEqual([
    ['discover', RELAY, '737731'],
    ['selecting', RELAY, '737731'],
  ])
})

test('[RFC2131 §4.1] a relay without that option is answered at the relay port', async () => {
  const relay = await Peer.at(RELAY)
  const other = await Peer.at(RELAY)
  const { endpoint } = await serving(() => LEASE, { relayPort: relay.port })
  other.send(relayed([DISCOVER]), endpoint)
  expect(await relay.receive()).toMatchObject({ yiaddr: '10.99.0.50' })
  expect(other.waiting).toBe(0)
})

test('[RFC2131 §4.3.5] an INFORM is answered at ciaddr and the client port', async () => {
  const client = await Peer.at(CLIENT)
  const { endpoint, reports } = await serving(() => ({ ...LEASE, address: undefined }), { clientPort: client.port })
  client.send(encode(message({ ciaddr: CLIENT }, [INFORM])), endpoint)
  expect(await client.receive()).toMatchObject({ ciaddr: CLIENT, yiaddr: '0.0.0.0' })
  expect(await reports.next()).toMatchObject({ operation: 'INFORM', answer: 'ACK', evidence: { address: CLIENT } })
})

test('a NAK is reported as a refusal with its reason', async () => {
  const relay = await Peer.at(RELAY)
  const { endpoint, reports } = await serving(() => ({ kind: 'nak', server: ip('10.99.0.1'), reason: 'wrong network' }))
  relay.send(relayed([REQUEST, ASKED, SOURCE_PORT]), endpoint)
  const nak = await relay.receive()
  expect(nak.flags).toBe(0x8000)
  expect(await reports.next()).toMatchObject({ ending: 'refuse', answer: 'NAK', reason: 'wrong network' })
})

test('silence, servers, BOOTP and malformed packets are reported and never answered', async () => {
  const relay = await Peer.at(RELAY)
  const { endpoint, reports } = await serving((query) =>
    query.kind === 'discover' ? { kind: 'silent', reason: 'pool is empty' } : LEASE,
  )
  const endings: unknown[] = []
  const packets = [
    relayed([DISCOVER, SOURCE_PORT]),
    relayed([[53, 'uint8', 2], SOURCE_PORT], { op: 2 }),
    relayed([SOURCE_PORT]),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    relayed([DISCOVER, SOURCE_PORT]).subarray(0, 244),
    relayed([DISCOVER, [82, 'hex', '13ff']]),
    new Uint8Array(60_000),
  ]
  for (const packet of packets) {
    relay.send(packet, endpoint)
    const { operation, ending, reason } = await reports.next()
    endings.push([operation, ending, reason])
  }
  expect(endings).toEqual([
    ['DISCOVER', 'ignore', 'pool is empty'],
    ['OFFER', 'ignore', 'a BOOTREPLY: another server, or an echo of our own'],
    ['BOOTP', 'ignore', 'BOOTP without a DHCP message type is not served'],
    ['PACKET', 'malformed', 'op'],
    ['PACKET', 'malformed', 'option-truncated'],
    ['PACKET', 'malformed', 'relay-information'],
    ['PACKET', 'malformed', 'op'],
  ])
  relay.send(relayed([REQUEST, ASKED, SOURCE_PORT]), endpoint)
  await relay.receive()
  expect(relay.waiting).toBe(0)
})

test('a port that fails costs the client its answer and nobody else theirs', async () => {
  const relay = await Peer.at(RELAY)
  let full = true
  const { endpoint, reports } = await serving(() => {
    if (full) throw new Error('no space left on device')
    return LEASE
  })
  relay.send(relayed([DISCOVER, SOURCE_PORT]), endpoint)
  expect(await reports.next()).toMatchObject({ ending: 'fault', reason: 'no space left on device' })
  full = false
  relay.send(relayed([DISCOVER, SOURCE_PORT]), endpoint)
  expect(await relay.receive()).toMatchObject({ yiaddr: '10.99.0.50' })
})

test('a relay that there is no way to is told as no fault of ours, and is not the end', async () => {
  const relay = await Peer.at(RELAY)
  const { endpoint, reports } = await serving(() => LEASE)
  // Bound to 127.0.0.1 the kernel refuses to send to an address that no loopback has.
  relay.send(relayed([DISCOVER], { giaddr: ip('192.0.2.7') }), endpoint)
  expect(await reports.next()).toMatchObject({
    ending: 'ignore',
    reason: expect.stringMatching(/^there is no way to 192\.0\.2\.7, where the answer should go \(E[A-Z]+\)$/),
  })
  relay.send(relayed([DISCOVER, SOURCE_PORT]), endpoint)
  expect(await relay.receive()).toMatchObject({ yiaddr: '10.99.0.50' })
})

test('messages above the bound, DISCOVERs from its half on, are dropped and counted; those in work are answered, at stop as well', async () => {
  const relay = await Peer.at(RELAY)
  const gate: { open: () => void } = { open: () => {} }
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve
  })
  const working = new EventEmitter()
  const { server, endpoint, reports } = await serving(
    async () => {
      working.emit('one more')
      await opened
      return LEASE
    },
    { maxPending: 2 },
  )
  const inWork = async (packet: Uint8Array) => {
    const begun = once(working, 'one more')
    relay.send(packet, endpoint)
    await begun
  }
  await inWork(relayed([DISCOVER, SOURCE_PORT], { xid: 1 }))
  relay.send(relayed([DISCOVER, SOURCE_PORT], { xid: 2 }), endpoint)
  expect(await reports.next()).toMatchObject({
    operation: 'DISCOVER',
    ending: 'ignore',
    reason: 'too many messages in work',
    evidence: { mac: '00908f123456' },
  })
  await inWork(relayed([REQUEST, ASKED, SOURCE_PORT], { xid: 3 }))
  relay.send(relayed([REQUEST, ASKED, SOURCE_PORT], { xid: 4 }), endpoint)
  expect(await reports.next()).toMatchObject({ operation: 'REQUEST', reason: 'too many messages in work' })
  const stopped = server.stop()
  gate.open()
  await stopped
  const answered = [await relay.receive(), await relay.receive()]
  expect(answered.map(({ xid }) => xid)).toEqual([1, 3])
  expect(server.health().state).toBe('stopped')
})

test('every golden, cut anywhere: one report for each packet, never a fault, and the server lives', async () => {
  const relay = await Peer.at(RELAY)
  const silent: LeaseAnswer = { kind: 'silent', reason: 'not from the test relay' }
  const { endpoint, reports } = await serving(({ link }) => (link === RELAY ? LEASE : silent))
  const endings = new Set<string>()
  for (const golden of allGoldens()) {
    const packet = goldenPacket(golden)
    for (let length = 0; length < packet.length; length += 5) {
      relay.send(packet.subarray(0, length), endpoint)
      endings.add((await reports.next()).ending)
    }
  }
  expect([...endings].sort()).toEqual(['ignore', 'malformed'])
  relay.send(relayed([DISCOVER, SOURCE_PORT]), endpoint)
  expect(await relay.receive()).toMatchObject({ yiaddr: '10.99.0.50' })
})

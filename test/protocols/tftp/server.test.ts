// SPDX-License-Identifier: Apache-2.0
import { createSocket, Socket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Endpoint } from '#protocols/lib/exchange'
import { TftpServer } from '#protocols/tftp/server'
import { download } from './download.ts'
import { blockOf, Peer } from './peer.ts'
import { endpointOf, inMemory, noise, serving } from './serving.ts'

const file = noise(1_300)

describe('refusals', () => {
  it.each([
    ['FileNotFound', 'RRQ', '../x', 'octet', 1],
    ['WriteRequestIsAnAccessViolation', 'WRQ', 'file', 'octet', 2],
    ['MailModeIsIllegal [RFC1123 §4.2.2.1]', 'RRQ', 'file', 'mail', 4],
    ['UnknownModeIsIllegal', 'RRQ', 'file', 'telepathy', 4],
  ] as const)('%s [RFC1350 §5]', async (_, kind, name, mode, code) => {
    const { endpoint, exchanges } = await serving({ file })
    const peer = await Peer.of(endpoint)
    peer.send({ kind, file: name, mode, options: [] })
    expect((await peer.next()).packet).toMatchObject({ kind: 'ERROR', code })
    const exchange = await exchanges.take()
    expect(exchange).toMatchObject({ operation: kind, ending: 'refuse', answer: `ERROR ${code}` })
    expect(exchange.evidence.file).toBe(name)
    expect(exchange.reason).not.toBe('')
  })

  it('FaultOfTheFilesOwnerIsNotToldToThePeer', async () => {
    const open = () => Promise.reject(new Error('secret of the house'))
    const { endpoint, exchanges } = await serving({}, { port: { open } })
    const [, refusal] = await Peer.asking(endpoint, 'file')
    expect(refusal.packet).toEqual({ kind: 'ERROR', code: 0, message: 'internal error' })
    expect(await exchanges.take()).toMatchObject({ ending: 'fault', answer: 'ERROR 0', reason: 'secret of the house' })
  })

  it('MalformedRequestIsAnIllegalOperation, and an ERROR is never answered [RFC1350 §4]', async () => {
    const { endpoint, exchanges } = await serving({ file })
    const peer = await Peer.of(endpoint)
    peer.send(Uint8Array.of(0, 1, 65))
    expect((await peer.next()).packet).toMatchObject({ kind: 'ERROR', code: 4 })
    expect(await exchanges.take()).toMatchObject({ operation: 'PACKET', ending: 'malformed', reason: 'unterminated' })
    peer.send(Uint8Array.of(0, 5))
    expect(await exchanges.take()).toMatchObject({ ending: 'malformed', reason: 'truncated' })
    expect(await peer.untilNow()).toEqual([])
  })

  it('PacketOfNoTransferIsIgnored', async () => {
    const { endpoint, exchanges } = await serving({ file })
    const peer = await Peer.of(endpoint)
    peer.send({ kind: 'ACK', block: 1 })
    expect(await exchanges.take()).toMatchObject({ operation: 'ACK', ending: 'ignore' })
    expect(await peer.untilNow()).toEqual([])
  })

  it('PacketFromPortZeroIsIgnored: nobody can be answered there', async () => {
    const { endpoint } = await serving({ file })
    const forged = { address: '127.0.0.1', port: 0, family: 'IPv4', size: 9 }
    for (const packet of ['\0\x01a\0octet\0', '\0\x02a\0octet\0', '\0', '\0\x01']) {
      listener(endpoint).emit('message', Buffer.from(packet), forged)
    }
    const [peer, first] = await Peer.asking(endpoint, 'file')
    listener(first.from).emit('message', Buffer.from('\0\x04\0\x01'), forged)
    peer.ack(1, first)
    expect(blockOf(await peer.next())).toBe(2)
  })
})

describe('requests from one port', () => {
  it('RepeatedRequestDoesNotStartASecondTransfer [RFC1350 §4]', async () => {
    const { endpoint, asked, exchanges } = await serving({ file })
    const peer = await Peer.of(endpoint)
    for (let i = 0; i < 3; i++) peer.ask('file')
    const first = await peer.next()
    expect(await peer.untilNow()).toEqual([])
    for (const block of [1, 2]) {
      peer.ack(block, first)
      peer.ask('file')
      expect(blockOf(await peer.next())).toBe(block + 1)
    }
    peer.ack(3, first)
    expect(await exchanges.take()).toMatchObject({ operation: 'WRQ' })
    expect(await exchanges.take()).toMatchObject({ operation: 'RRQ', bytes: 1_300 })
    expect(await peer.untilNow()).toEqual([])
    expect(asked).toEqual(['file'])
  })

  it('SameFileAgain: its request may be read before the ACK that was sent before it', async () => {
    const { endpoint, exchanges } = await serving({ short: noise(10) })
    const [peer, first] = await Peer.asking(endpoint, 'short')
    const other = await Peer.of(endpoint)
    // The server reads its listening socket first, and reads it to the end.
    other.ask('missing')
    peer.ack(1, first)
    peer.ask('short')
    const second = await peer.next()
    expect(blockOf(second)).toBe(1)
    expect(second.from.port).not.toBe(first.from.port)
    expect(await exchanges.take()).toMatchObject({ ending: 'refuse', evidence: { file: 'missing' } })
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', bytes: 10 })
  })

  it('NextRequestMayOvertakeTheLastAck: it is served when the transfer is over', async () => {
    const { endpoint, exchanges } = await serving({ file, other: noise(10) })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    for (const block of [1, 2]) {
      peer.ack(block, first)
      await peer.next()
    }
    peer.ask('other')
    expect(await peer.untilNow()).toEqual([])
    peer.ack(3, first)
    const second = await peer.next()
    expect(second.from.port).not.toBe(first.from.port)
    peer.ack(1, second)
    const answers = [await exchanges.take(), await exchanges.take(), await exchanges.take()].map(({ answer }) => answer)
    expect(answers).toEqual(['ERROR 2', 'sent 1300 bytes', 'sent 10 bytes'])
  })

  it('RepeatedRequestOfASilentPeerIsStillTheSame: only its timer sends again', async () => {
    const { endpoint, asked } = await serving({ file }, { retransmit: { firstMillis: 10, tries: 1_000 } })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    await peer.next()
    peer.ask('file')
    const repeats = await peer.take(4)
    expect(repeats.map(({ from }) => from.port)).toEqual(repeats.map(() => first.from.port))
    expect(asked).toEqual(['file'])
  })

  it('RestartedPhoneIsServedAnew: a transfer that waits for a silent peer gives way at once', async () => {
    const { endpoint, exchanges } = await serving({ file }, { retransmit: { firstMillis: 700, tries: 10 } })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    peer.ack(1, first)
    const [second, repeated] = await peer.take(2)
    expect([second, repeated].map((received) => received && blockOf(received))).toEqual([2, 2])
    const asked = performance.now()
    peer.ask('file')
    const anew = await peer.next()
    expect([blockOf(anew), anew.from.port === first.from.port]).toEqual([1, false])
    expect(anew.at - asked).toBeLessThan(1_200) // the timer would come after 1,400
    expect(await exchanges.take()).toMatchObject({ ending: 'ignore', reason: 'the peer asked anew', bytes: 512 })
  })

  it('RequestForAnotherFileMakesASilentTransferGiveWay', async () => {
    const retransmit = { firstMillis: 30, tries: 1_000 }
    const { endpoint, exchanges } = await serving({ file, other: noise(10) }, { retransmit })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    peer.ask('other')
    let second = await peer.next()
    while (second.from.port === first.from.port) second = await peer.next()
    peer.ack(1, second)
    expect(await exchanges.take()).toMatchObject({ ending: 'ignore', bytes: 0, evidence: { file: 'file' } })
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', bytes: 10, evidence: { file: 'other' } })
  })
})

describe('limits', () => {
  it.each([
    ['TooManyTransfersInAll', { maxTransfers: 2 }, 'busy: 2 transfers are running'],
    ['TooManyTransfersOfOneAddress', { maxTransfersPerPeer: 2 }, 'busy: 2 transfers to your address are running'],
  ])('%s: ERROR 0 with the reason, until one is over', async (_, limits, reason) => {
    const { endpoint, exchanges } = await serving({ file }, limits)
    const [one, first] = await Peer.asking(endpoint, 'file')
    await Peer.asking(endpoint, 'file')
    const [third, refusal] = await Peer.asking(endpoint, 'file')
    expect(refusal.packet).toEqual({ kind: 'ERROR', code: 0, message: reason })
    expect(await exchanges.take()).toMatchObject({ ending: 'refuse', answer: 'ERROR 0', reason })
    one.send({ kind: 'ERROR', code: 0, message: 'enough' }, first.from.port)
    await exchanges.take()
    third.ask('file')
    expect(blockOf(await third.next())).toBe(1)
  })

  it('OwnersWhoNeverAnswerHoldNoMoreThanTheLimit', async () => {
    const open = () => new Promise<never>(() => {})
    const { endpoint, exchanges } = await serving({}, { maxTransfers: 5, port: { open } })
    for (let i = 0; i < 8; i++) (await Peer.of(endpoint)).ask('file')
    for (let i = 0; i < 3; i++) expect(await exchanges.take()).toMatchObject({ ending: 'refuse' })
  })
})

describe('starting', () => {
  it('DoesNothingUntilStarted', () => {
    const server = new TftpServer({
      listen: { address: '127.0.0.1', port: 0 },
      port: { open: () => Promise.reject(new Error('unused')) },
      observe: () => {},
    })
    expect(server.health()).toEqual({ state: 'stopped', endpoints: [], detail: 'not started' })
  })

  it('PortInUseIsOneSentence', async () => {
    const { endpoint } = await serving({})
    await expect(serving({}, { listen: endpoint })).rejects.toThrow(
      `UDP 127.0.0.1:${endpoint.port} is already in use by another program`,
    )
  })

  it('AbortedStartLeavesNothingOpen', async () => {
    const { server, endpoint } = await serving({ file })
    await server.stop()
    const again = new TftpServer({
      ...{ listen: endpoint, observe: () => {} },
      port: { open: () => Promise.reject(new Error('unused')) },
    })
    await expect(again.start(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
    const abort = new AbortController()
    const starting = again.start(abort.signal)
    abort.abort(new Error('too late'))
    await expect(starting).rejects.toThrow('too late')
    expect(again.health().state).toBe('stopped')
    await serving({}, { listen: endpoint })
  })

  it('TransfersLeaveFromTheListenersAddress [RFC1122 §4.1.3.5]', async () => {
    const { endpoint } = await serving({ file }, { listen: { address: '127.0.0.2', port: 0 } })
    expect(endpoint.address).toBe('127.0.0.2')
    const [, first] = await Peer.asking(endpoint, 'file')
    expect(first.from).toMatchObject({ address: '127.0.0.2' })
    expect((await download(endpoint, 'file')).bytes.length).toBe(1_300)
  })
})

describe('stopping', () => {
  it('ShutdownDuringTransfer: it may end within the grace; no new one begins', async () => {
    const { server, endpoint, exchanges } = await serving({ file }, { graceMillis: 60_000 })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    const stopping = server.stop()
    expect(server.health()).toEqual({ state: 'stopped', endpoints: [], detail: 'stopped' })
    const late = await bound()
    late.send(Buffer.from('\0\x01file\0octet\0'), endpoint.port, endpoint.address)
    for (const block of [1, 2, 3]) {
      peer.ack(block, first)
      if (block < 3) expect(blockOf(await peer.next())).toBe(block + 1)
    }
    await stopping
    expect(exchanges.drain()).toMatchObject([{ ending: 'reply', bytes: 1_300 }])
  })

  it('ShutdownDuringTransfer: after the grace it ends with ERROR 0', async () => {
    const { server, endpoint, exchanges } = await serving({ file }, { graceMillis: 0 })
    const [peer, first] = await Peer.asking(endpoint, 'file')
    peer.ack(1, first)
    await peer.next()
    await Promise.all([server.stop(), server.stop()])
    expect((await peer.next()).packet).toEqual({ kind: 'ERROR', code: 0, message: 'the server is stopping' })
    const reason = 'the server is stopping'
    expect(exchanges.drain()).toMatchObject([{ ending: 'refuse', answer: 'ERROR 0', bytes: 512, reason }])
    await server.stop()
  })

  it('ShutdownWhileTheFilesOwnerThinks does not wait for the answer, nor send it', async () => {
    let answer: (() => void) | undefined
    const open = () =>
      new Promise<{ kind: 'file'; file: ReturnType<typeof inMemory>; evidence: object }>((resolve) => {
        answer = () => resolve({ kind: 'file', file: inMemory(file), evidence: {} })
      })
    const { server, endpoint, exchanges } = await serving({}, { graceMillis: 0, port: { open } })
    const peer = await Peer.of(endpoint)
    peer.ask('file')
    await peer.untilNow()
    await server.stop()
    answer?.()
    await exchanges.take()
    expect(await exchanges.take()).toMatchObject({
      operation: 'RRQ',
      ending: 'ignore',
      reason: 'the server is stopping',
    })
  })

  it('StoppedServerStartsAgain', async () => {
    const { server } = await serving({ file })
    await server.stop()
    await server.start(AbortSignal.timeout(1_000))
    expect((await download(endpointOf(server), 'file')).bytes.length).toBe(1_300)
  })
})

describe('losing the socket', () => {
  it('TellsOnce, lets transfers go on, and starts again', async () => {
    const { server, endpoint, exchanges } = await serving({ file })
    const losses: string[] = []
    server.onLost((error) => losses.push(error.message))
    const [peer, first] = await Peer.asking(endpoint, 'file')
    listener(endpoint).emit('error', new Error('the interface went away'))
    expect(losses).toEqual(['the interface went away'])
    expect(server.health()).toEqual({ state: 'lost', endpoints: [], detail: 'the interface went away' })
    for (const block of [1, 2, 3]) {
      peer.ack(block, first)
      if (block < 3) expect(blockOf(await peer.next())).toBe(block + 1)
    }
    expect(await exchanges.take()).toMatchObject({ ending: 'reply', bytes: 1_300 })
    await server.start(AbortSignal.timeout(1_000))
    expect((await download(endpointOf(server), 'file')).bytes.length).toBe(1_300)
    await server.stop()
    expect(losses.length).toBe(1)
  })

  it('OfATransferEndsThatTransferOnly', async () => {
    const { server, endpoint, exchanges } = await serving({ file })
    const [, first] = await Peer.asking(endpoint, 'file')
    listener(first.from).emit('error', new Error('no buffer space'))
    expect(await exchanges.take()).toMatchObject({ ending: 'fault', reason: 'no buffer space' })
    expect(server.health().state).toBe('serving')
    expect((await download(endpoint, 'file')).bytes.length).toBe(1_300)
  })
})

/** The product's own open socket at a port of this process: how a test breaks it, as a vanished interface would. */
function listener({ port }: Endpoint): Socket {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): object[] }
  const found = handles.call(process).find((handle) => handle instanceof Socket && portOf(handle) === port)
  if (!(found instanceof Socket)) throw new Error(`no socket at port ${port}`)
  return found
}

function portOf(socket: Socket): number | undefined {
  try {
    return socket.address().port
  } catch {
    return undefined // closed
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  return socket
}

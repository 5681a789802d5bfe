// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Endpoint } from '#protocols/lib/exchange'
import { blockOf, Peer } from '#test/protocols/tftp/peer'
import { noise, serving } from '#test/protocols/tftp/serving'
import { here, type Running } from '#test/support/process'

/*
 * Why docs/decisions/0003-own-tftp-server.md: npm's tftp 0.1.2 as a server, written as its README shows, and ours.
 * Each scenario is the same for both; what differs is what the client sees.
 */
const PROGRAM = `
import tftp from 'tftp'
const server = tftp.createServer({ host: '127.0.0.1', port: Number(process.env.PORT), root: process.env.ROOT })
server.on('error', (error) => console.log('server error:', error.message))
server.on('request', (request) => {
  request.on('error', (error) => console.log('request error:', error.message))
  request.on('close', () => console.log('transfer closed'))
})
server.on('listening', () => console.log('listening'))
server.listen()
`

const files = { long: noise(512 * 30), short: noise(512 * 2 + 100) }

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'offhook-tftp-package-'))
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(root, name), bytes)
})
afterAll(() => rm(root, { recursive: true, force: true }))

async function thePackage(): Promise<{ endpoint: Endpoint; program: Running }> {
  const probe = createSocket('udp4').bind(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() // it cannot choose a free port by itself
  await once(probe.close(), 'close')
  const env = { PORT: String(port), ROOT: root }
  const program = here.start('node', ['--no-deprecation', '--input-type=module', '-e', PROGRAM], { env })
  onTestFinished(() => program.kill('SIGKILL'))
  await program.output(/listening/)
  return { endpoint: { address: '127.0.0.1', port }, program }
}

/** Nobody but the peer may move a transfer on: who hears of a stranger's ACK? [RFC1350 §4] */
async function ackOfAStranger(endpoint: Endpoint): Promise<string> {
  const [peer, first] = await Peer.asking(endpoint, 'long')
  const stranger = await Peer.of(endpoint)
  stranger.ack(1, first)
  const moved = peer.next().then((received) => `the peer gets block ${blockOf(received)}`)
  const rebuked = stranger.next().then(({ packet }) => `the stranger gets ${packet.kind}`)
  for (const late of [moved, rebuked]) late.catch(() => {})
  return Promise.race([moved, rebuked])
}

/** The block numbers that follow when every ACK arrives twice. [RFC1123 §4.2.3.1] */
async function everyAckTwice(endpoint: Endpoint): Promise<number[]> {
  const [peer, first] = await Peer.asking(endpoint, 'long')
  const blocks: number[] = []
  for (const acknowledged of [1, 2, 3]) {
    peer.ack(acknowledged, first)
    peer.ack(acknowledged, first)
    while (blocks.at(-1) !== acknowledged + 1) blocks.push(blockOf(await peer.next()))
  }
  // The next block, and what was sent before it.
  peer.ack(4, first)
  while (blocks.at(-1) !== 5) blocks.push(blockOf(await peer.next()))
  return blocks
}

/** The blocks that follow when a peer that agreed to windows of four lost the second one. [RFC7440 §4] */
async function lossInAWindow(endpoint: Endpoint): Promise<number[]> {
  const [peer, oack] = await Peer.asking(endpoint, 'long', ['windowsize', '4'])
  peer.ack(0, oack)
  expect((await peer.take(4)).map(blockOf)).toEqual([1, 2, 3, 4])
  peer.ack(1, oack)
  const window = await peer.take(4)
  // Whatever belongs to this window is on its way before the answer to a later request.
  const fifth = peer.next()
  fifth.catch(() => {})
  const later = Peer.asking(endpoint, 'missing').then(() => undefined)
  const more = await Promise.race([fifth, later])
  return [...window, ...(more ? [more] : [])].map(blockOf)
}

/** A request sent twice, as every client does that hears nothing for a while. */
async function requestTwice(endpoint: Endpoint): Promise<Peer> {
  const peer = await Peer.of(endpoint)
  peer.ask('long')
  peer.ask('long')
  return peer
}

/** The whole file fits one window of four, and all but block 1 is lost. */
async function lossInTheLastWindow(endpoint: Endpoint) {
  const [peer, oack] = await Peer.asking(endpoint, 'short', ['windowsize', '4'])
  peer.ack(0, oack)
  expect((await peer.take(3)).map(blockOf)).toEqual([1, 2, 3])
  peer.ack(1, oack)
  return peer
}

async function oneByteToATransfer(endpoint: Endpoint) {
  const [peer, first] = await Peer.asking(endpoint, 'long')
  const stranger = await Peer.of(endpoint)
  stranger.send(Uint8Array.of(4), first.from.port)
  return { peer, first, stranger }
}

describe('tftp 0.1.2', () => {
  it('lets anybody move a transfer on: no TID check', async () => {
    const { endpoint } = await thePackage()
    expect(await ackOfAStranger(endpoint)).toBe('the peer gets block 2')
  })

  it('ends as a process when one byte reaches a transfer', async () => {
    const { endpoint, program } = await thePackage()
    await oneByteToATransfer(endpoint)
    expect(await program.end()).toMatchObject({ code: 1, stderr: expect.stringContaining('ERR_BUFFER_OUT_OF_BOUNDS') })
  })

  it('doubles every block when every ACK comes twice: the Sorcerer’s Apprentice', async () => {
    const { endpoint } = await thePackage()
    expect((await everyAckTwice(endpoint)).length).toBeGreaterThan(4)
  })

  it('sends more than the agreed window after a loss', async () => {
    const { endpoint } = await thePackage()
    expect(await lossInAWindow(endpoint)).toEqual([2, 3, 4, 5, 6])
  })

  it('hangs up on a loss in the last window: the file stays incomplete', async () => {
    const { endpoint, program } = await thePackage()
    await lossInTheLastWindow(endpoint)
    await program.output(/transfer closed/)
    expect(program.stdout).not.toContain('error')
  })

  it('starts a transfer for every copy of a request', async () => {
    const { endpoint } = await thePackage()
    const transfers = await (await requestTwice(endpoint)).take(2)
    expect(transfers.map(blockOf)).toEqual([1, 1])
    expect(new Set(transfers.map(({ from }) => from.port)).size).toBe(2)
  })
})

describe('our server in the same scenarios', () => {
  it('rebukes the stranger', async () => {
    const { endpoint } = await serving(files)
    expect(await ackOfAStranger(endpoint)).toBe('the stranger gets ERROR')
  })

  it('rebukes one byte, and the transfer goes on', async () => {
    const { endpoint } = await serving(files)
    const { peer, first, stranger } = await oneByteToATransfer(endpoint)
    expect((await stranger.next()).packet).toMatchObject({ kind: 'ERROR', code: 5 })
    peer.ack(1, first)
    expect(blockOf(await peer.next())).toBe(2)
  })

  it('sends each block once', async () => {
    const { endpoint } = await serving(files)
    expect(await everyAckTwice(endpoint)).toEqual([2, 3, 4, 5])
  })

  it('keeps to the window', async () => {
    const { endpoint } = await serving(files)
    expect(await lossInAWindow(endpoint)).toEqual([2, 3, 4, 5])
  })

  it('sends the lost end again', async () => {
    const { endpoint } = await serving(files)
    const peer = await lossInTheLastWindow(endpoint)
    expect((await peer.take(2)).map(blockOf)).toEqual([2, 3])
  })

  it('starts one transfer', async () => {
    const { endpoint } = await serving(files)
    const peer = await requestTwice(endpoint)
    const first = await peer.next()
    peer.ack(1, first)
    expect(blockOf(await peer.next())).toBe(2)
    expect(await peer.untilNow()).toEqual([])
  })
})

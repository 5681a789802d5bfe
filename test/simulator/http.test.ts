// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { realClock } from '#daemon/simulator/clock'
import { type Caller, Downloader } from '#daemon/simulator/downloader'
import { httpTransfer } from '#daemon/simulator/http-client'
import type { Tally } from '#daemon/simulator/step'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { IMPATIENT } from './peers/fleet.ts'
import { type HttpAnswer, type HttpPeer, httpPeer } from './peers/http.ts'

const CALLER: Caller = { userAgent: 'AUDC-IPPhone/1.2.3', localAddress: '127.99.7.8' as Ipv4, tftp: {}, verify: false }
const never = new AbortController().signal
const servers: Server[] = []
const peers: HttpPeer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  for (const peer of peers.splice(0)) await peer.close()
})

async function serving(answer: (turn: number, origin: string) => HttpAnswer): Promise<HttpPeer> {
  const peer = await httpPeer((_request, origin) => answer(peer.seen.length, origin))
  peers.push(peer)
  return peer
}

/** A server that says whatever it likes, HTTP or not. */
async function raw(speak: (socket: Socket) => void): Promise<URL> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => speak(socket))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x.cfg`)
}

function text(url: string | URL): { done: Promise<string>; tally: Tally } {
  const tally = { retries: 0, warning: '', failed: '' }
  const done = new Downloader(realClock(), IMPATIENT.transferTimes).text(new URL(url), CALLER, tally, never)
  return { done, tally }
}

describe('fetching a cfg by HTTP', () => {
  it('says who it is, from its own address, on a connection of its own', async () => {
    const peer = await serving(() => 'a=1')
    expect(await text(`${peer.url}/x.cfg`).done).toBe('a=1')
    expect(peer.seen).toMatchObject([
      {
        method: 'GET',
        path: '/x.cfg',
        from: '127.99.7.8',
        headers: { 'user-agent': 'AUDC-IPPhone/1.2.3', connection: 'close' },
      },
    ])
  })

  it('tries again what fails for the moment, and nothing else', async () => {
    const weary = await serving((turn) => (turn === 1 ? 503 : 'a=1'))
    const { done, tally } = text(`${weary.url}/x.cfg`)
    expect([await done, tally.retries, weary.seen.length]).toEqual(['a=1', 1, 2])
    const down = await serving(() => 500)
    await expect(text(`${down.url}/x.cfg`).done).rejects.toMatchObject({ message: 'HTTP 500', kind: 'temporary' })
    expect(down.seen).toHaveLength(2)
    const missing = await serving(() => 404)
    await expect(text(`${missing.url}/x.cfg`).done).rejects.toMatchObject({ message: 'HTTP 404', kind: 'missing' })
    expect(missing.seen).toHaveLength(1)
  })

  it('follows a redirect, and no circle of them', async () => {
    const moved =
      (location: string): HttpAnswer =>
      (response) =>
        void response.writeHead(302, { location }).end()
    const peer = await serving((turn, origin) => (turn === 1 ? moved(`${origin}/y`) : 'a=1'))
    expect(await text(`${peer.url}/x`).done).toBe('a=1')
    expect(peer.seen.map(({ path }) => path)).toEqual(['/x', '/y'])
    const circle = await serving(() => moved('/x'))
    await expect(text(`${circle.url}/x`).done).rejects.toThrow('more than 3 redirects')
    const out = await serving(() => moved('file:///etc/passwd'))
    await expect(text(`${out.url}/x`).done).rejects.toThrow('redirect not understood')
  })

  it('a body that never ends is left at half a megabyte', async () => {
    let sent = 0
    const url = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n')
      const chunk = Buffer.alloc(65_536, 0x61)
      const more = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length
        sent += chunk.length
      }
      socket.on('drain', more)
      more()
    })
    await expect(text(url).done).rejects.toThrow('answer longer than 524288 bytes')
    expect(sent).toBeLessThan(50_000_000)
  })

  it('a server that dribbles or says nothing is left in time', async () => {
    const silent = await raw(() => undefined)
    await expect(text(silent).done).rejects.toThrow('no answer in time')
    const timers: NodeJS.Timeout[] = []
    const slow = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
      timers.push(setInterval(() => socket.write('a'), 20))
    })
    await expect(text(slow).done).rejects.toThrow('no answer in time')
    for (const timer of timers) clearInterval(timer)
  })

  it('a body that is cut off, no HTTP, endless headers, a closed port: a reason each, no crash', async () => {
    const cut = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na=1'))
    await expect(text(cut).done).rejects.toThrow('answer was cut off')
    const other = await raw((socket) => socket.end('220 ftp ready\r\n'))
    await expect(text(other).done).rejects.toThrow(/^HPE_/)
    const headers = await raw((socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(50_000)}`))
    await expect(text(headers).done).rejects.toThrow('HPE_HEADER_OVERFLOW')
    const closed = await serving(() => '')
    peers.length = 0
    await closed.close()
    await expect(text(`${closed.url}/x`).done).rejects.toThrow('connection refused')
  })

  it('an address that is not this machine’s says what to do', async () => {
    const peer = await serving(() => 'a=1')
    const request = {
      method: 'GET',
      url: new URL(peer.url),
      headers: {},
      verify: false,
      timeoutMs: 500,
      mostBytes: 9,
    } as const
    await expect(httpTransfer({ ...request, localAddress: '192.0.2.1' }, () => true, never)).rejects.toThrow(
      '--no-bind-leased',
    )
  })
})

// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import Koa from 'koa'
import { expect, onTestFinished, test } from 'vitest'
import type { NoExtras, WebState } from '#web/context'
import { bodyPatience, takeTime } from '#web/http/patience'

/** Bodies may take 150 ms, large files an hour with standstills of 400 ms. */
async function serverWith(large: boolean) {
  const koa = new Koa<WebState, NoExtras>()
  koa.silent = true
  koa.use(bodyPatience(150))
  koa.use(async (ctx) => {
    if (large) takeTime(ctx, { whole: 3_600_000, standstill: 400 })
    let size = 0
    for await (const chunk of ctx.req) size += chunk.length
    ctx.body = String(size)
  })
  const server = createServer({ requestTimeout: 0 }, koa.callback()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let text = ''
  socket.setEncoding('latin1').on('data', (more: string) => {
    text += more
  })
  socket.on('error', () => {})
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n')
  const over = once(socket, 'close').then(() => text)
  return { socket, over }
}

test('a body that does not come is not waited for', async () => {
  const { over } = await serverWith(false)
  expect(await over).toBe('')
})

test('a large file may come slowly, byte by byte', async () => {
  const { socket, over } = await serverWith(true)
  let left = 10
  const timer = setInterval(() => {
    socket.write('x')
    if (--left === 0) clearInterval(timer)
  }, 40)
  expect(await over).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\n10$/s)
})

test('a large file that stands still is given up', async () => {
  const { socket, over } = await serverWith(true)
  socket.write('x')
  expect(await over).toBe('')
})

// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { LoadGuard } from '#daemon/services/load-guard'
import type { HandlerAnswer } from '#protocols/http/port'
import { echo, handler, startFront, within } from './support.ts'

const DONE: HandlerAnswer = {
  reply: { kind: 'body', status: 200, contentType: 'text/plain', body: Buffer.from('done') },
  evidence: {},
}

test('[RFC9110 §15.6.4] beyond the backlog a request gets 503 and when to come again; then it is served', async () => {
  let finish = () => {}
  const gate = new Promise<void>((resolve) => {
    finish = resolve
  })
  const slow = handler('/slow', ['GET'], () => gate.then(() => DONE))
  const front = await startFront([slow, echo], { limits: { backlog: 2 } })
  onTestFinished(() => front.stop())
  const waiting = [1, 2].map(() => fetch(`${front.url}/slow`))
  while (front.server.load().backlog < 2) await new Promise(setImmediate)
  const turnedAway = [await fetch(`${front.url}/slow`), await fetch(`${front.url}/echo`, { method: 'POST', body: 'x' })]
  expect(turnedAway.map(({ status }) => status)).toEqual([503, 503])
  const seconds = turnedAway.map(({ headers }) => Number(headers.get('retry-after')))
  expect(seconds).toEqual([5, 6])
  finish()
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])
  expect((await fetch(`${front.url}/echo`)).status).toBe(200)
  expect(front.server.load()).toEqual({ backlog: 0, sentAway: 2 })
  const refusals = (await front.exchanges.atLeast(5)).filter(({ ending }) => ending === 'refuse')
  expect(refusals).toMatchObject([
    { answer: '503', reason: 'overloaded' },
    { answer: '503', reason: 'overloaded' },
  ])
})

class Raised {
  readonly active = new Set<string>()
  readonly isThere = (id: string) => this.active.has(id)
  readonly raise = async ({ name, source }: { name: string; source: string }) => {
    this.active.add(`${name}@${source}`)
    return true
  }
  readonly clear = async (name: string, source: string) => this.active.delete(`${name}@${source}`)
}

test('an event loop that stood still for two seconds: who waited is sent away at once, with an alarm', async () => {
  const alarms = new Raised()
  const guard = new LoadGuard({ alarms, now: () => performance.now() })
  const front = await startFront([echo], { isOverloaded: () => guard.isOverloaded(front.server.load().sentAway) })
  guard.start()
  onTestFinished(async () => {
    guard.stop()
    await front.stop()
  })
  const curl = spawn('curl', ['-s', '-o', '/dev/null', '-w', '%{http_code}', `${front.url}/echo`])
  const end = performance.now() + 2_300
  while (performance.now() < end) Math.sqrt(end)
  let answer = ''
  curl.stdout.on('data', (text) => {
    answer += text
  })
  await within(new Promise((resolve) => curl.once('close', resolve)), 'curl')
  expect(answer).toBe('503')
  expect(alarms.active).toEqual(new Set(['OVERLOAD@load']))
  await within(
    (async () => {
      while (guard.isShedding) await new Promise((resolve) => setTimeout(resolve, 20))
    })(),
    'the end of the rush',
  )
  expect((await fetch(`${front.url}/echo`)).status).toBe(200)
})

test('the guard forgets a rush: no shedding after a calm second, no alarm after a calm minute', () => {
  const alarms = new Raised()
  let clock = 0
  const guard = new LoadGuard({ alarms, now: () => clock })
  guard.start()
  onTestFinished(() => guard.stop())
  const tick = (ms: number) => {
    clock += ms
    guard.tick()
  }
  tick(100)
  tick(1_900)
  expect(guard.isShedding).toBe(false)
  expect(guard.lateness()).toBe(1_800)
  tick(2_200)
  expect(guard.isShedding).toBe(true)
  for (let n = 0; n < 9; n++) tick(100)
  expect(guard.isShedding).toBe(true)
  tick(100)
  expect(guard.isShedding).toBe(false)
  expect(alarms.active.size).toBe(1)
  for (let n = 0; n < 600; n++) tick(100)
  expect(alarms.active.size).toBe(0)
})

// SPDX-License-Identifier: Apache-2.0
import { expect, onTestFinished, test } from 'vitest'
import type { WebhookSettings } from '#daemon/domain/destination'
import { SendError } from '#daemon/services/forwarding/sender'
import { retryAfter, WebhookSender } from '#daemon/services/forwarding/senders/webhook'
import { Hook, type HookAnswer, isSigned } from '#test/support/hook'
import { ALL, KEY } from './house.ts'
import { NASTY, outgoing } from './messages.ts'

async function openHook(answer?: HookAnswer): Promise<Hook> {
  const hook = await Hook.open()
  onTestFinished(() => hook.close())
  if (answer) hook.answer = answer
  return hook
}

function sender(hook: Hook, more: Partial<WebhookSettings> = {}) {
  const settings = {
    kind: 'webhook',
    name: 'hook',
    url: hook.url,
    filter: ALL,
    resendAtStart: false,
    timeoutSeconds: 1,
  } as const
  const made = new WebhookSender({
    settings: { ...settings, ...more },
    secrets: { signingKey: KEY, token: 't0ken' },
    now: Date.now,
  })
  onTestFinished(() => made.close())
  return made
}

test('a message is JSON, signed over its time and body, with the event’s number', async () => {
  const hook = await openHook()
  await sender(hook).send([outgoing({ description: NASTY, raisedAt: 1e300 })])
  const [got] = hook.got
  if (!got) throw new Error('nothing came')
  expect(isSigned(got, KEY)).toBe(true)
  expect(isSigned(got, `${KEY}!`)).toBe(false)
  expect(isSigned({ ...got, headers: { ...got.headers, 'x-offhook-timestamp': '1' } }, KEY)).toBe(false)
  expect(got.headers).toMatchObject({
    'content-type': 'application/json',
    authorization: 'Bearer t0ken',
    'x-offhook-event': '42',
  })
  expect(got.json).toMatchObject({ version: 1, kind: 'raised', sequence: 42, at: '2026-03-01T14:00:00.250Z' })
  expect(got.json.alarm).toMatchObject({ description: NASTY, severity: 'critical', raisedAt: null })
})

test.each<[string, HookAnswer, RegExp]>([
  ['never answers', () => {}, /did not answer within 1 seconds/],
  [
    'answers a byte now and then',
    (_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 100)
      response.once('close', () => clearInterval(drip))
    },
    /did not answer within 1 seconds/,
  ],
  ['answers garbage', (_, response) => void response.socket?.end('\u0000\u0001 what?\r\n\r\n'), /Parse Error/],
  ['hangs up', (_, response) => void response.socket?.destroy(), /socket hang up|ECONNRESET/],
  [
    'answers without end',
    (_, response) => void response.writeHead(200).end(Buffer.alloc(1e6)),
    /answers more than it should/,
  ],
  [
    'sends us elsewhere',
    (_, response) => void response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
    /elsewhere \(302\), which is not followed/,
  ],
  ['says no', (_, response) => void response.writeHead(403).end('your token t0ken is wrong'), /answered 403$/],
])('a receiver that %s is a failure, told in a sentence without secrets', async (_, answer, words) => {
  const hook = await openHook(answer)
  const error = await sender(hook)
    .send([outgoing()])
    .catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(SendError)
  expect(String(error)).toMatch(words)
  expect(String(error)).not.toMatch(/t0ken|private|sixteen/)
  expect(hook.tries).toHaveLength(1)
})

test('Retry-After is a wish that is granted, within reason', async () => {
  const hook = await openHook((_, response) => void response.writeHead(429, { 'Retry-After': '7' }).end())
  const error = await sender(hook)
    .send([outgoing()])
    .catch((caught: unknown) => caught)
  expect(error).toMatchObject({ waitMillis: 7_000, refused: false })
  const now = Date.parse('2026-03-01T14:00:00Z')
  expect(retryAfter('Sun, 01 Mar 2026 14:01:00 GMT', now)).toBe(60_000)
  expect(retryAfter('999999999', now)).toBe(600_000)
  expect([retryAfter('-1', now), retryAfter('soon', now), retryAfter(undefined, now)]).toEqual([
    0,
    undefined,
    undefined,
  ])
})

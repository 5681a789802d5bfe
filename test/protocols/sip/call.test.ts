// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { encode, header, type SipMessage } from '#protocols/sip/codec'
import { answerChallenges } from '#protocols/sip/digest'
import type { SipCall } from '#protocols/sip/port'
import { PhoneSide, serving } from './serving.ts'

const SECRET = { user: 'Mufasa', password: 'Circle of Life' }

function callTo(phone: PhoneSide, more: Partial<SipCall> = {}): SipCall {
  return {
    ...{ method: 'NOTIFY', to: { address: '127.0.0.1', port: phone.port }, user: 'anna b', from: '127.0.0.1' as Ipv4 },
    ...{ headers: [['event', 'check-sync;reboot=true']], body: '' },
    ...more,
  }
}

test('[RFC7616 §3.9.1] the examples of the RFC, MD5 and SHA-256; the stronger one is answered', () => {
  const challenge = (algorithm: string) =>
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
  const what = {
    ...{ method: 'GET', uri: '/dir/index.html', body: new Uint8Array() },
    cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  }
  const [md5, sha] = [
    '8ca523f5e9506fed4657c9700eebdbec',
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  ]
  expect(answerChallenges([challenge('MD5')], SECRET, what)).toContain(`response="${md5}"`)
  expect(answerChallenges([challenge('SHA-256')], SECRET, what)).toContain(`response="${sha}"`)
  expect(answerChallenges([challenge('MD5'), challenge('SHA-256')], SECRET, what)).toContain(`response="${sha}"`)
  expect(answerChallenges([challenge('SHA-999'), 'Basic realm="x"'], SECRET, what)).toBeUndefined()
})

test('[RFC3261 §22.4] a phone that asks who we are is told, once, with a digest', async () => {
  const { server, endpoint } = await serving()
  const phone = await PhoneSide.open()
  const outcome = server.call(callTo(phone, { credentials: SECRET }))
  const first = await phone.receive()
  expect(header(first, 'authorization')).toBeUndefined()
  challenge(phone, first, endpoint, 'Digest realm="phone", nonce="n1"')
  const second = await phone.receive()
  const proof = header(second, 'authorization') ?? ''
  const md5 = (text: string) => createHash('md5').update(text).digest('hex')
  const uri = `sip:anna%20b@127.0.0.1:${phone.port}`
  expect(proof).toContain(`response="${md5(`${md5('Mufasa:phone:Circle of Life')}:n1:${md5(`NOTIFY:${uri}`)}`)}"`)
  expect(header(second, 'cseq')).toBe('2 NOTIFY')
  expect(header(second, 'call-id')).toBe(header(first, 'call-id'))
  phone.reply(second, 200, endpoint)
  expect(await outcome).toMatchObject({ kind: 'answered', status: 200 })
})

test('without credentials, and with wrong ones, the phone’s 401 is the answer', async () => {
  const { server, endpoint } = await serving()
  const phone = await PhoneSide.open()
  const bare = server.call(callTo(phone))
  challenge(phone, await phone.receive(), endpoint, 'Digest realm="phone", nonce="n1"')
  expect(await bare).toMatchObject({ kind: 'answered', status: 401 })
  const wrong = server.call(callTo(phone, { credentials: SECRET }))
  for (let i = 0; i < 2; i++) challenge(phone, await phone.receive(), endpoint, 'Digest realm="phone", nonce="n1"')
  expect(await wrong).toMatchObject({ kind: 'answered', status: 401 })
})

test('silence is told as silence, and a server that stops gives up at once', async () => {
  const { server } = await serving()
  const phone = await PhoneSide.open()
  expect(await server.call(callTo(phone))).toEqual({ kind: 'silent' })
  const waiting = server.call(callTo(phone))
  await server.stop()
  expect(await waiting).toMatchObject({ kind: 'not sent' })
  expect(await server.call(callTo(phone))).toMatchObject({ kind: 'not sent' })
})

test('a text cannot smuggle in headers', async () => {
  const { server, endpoint } = await serving()
  const phone = await PhoneSide.open()
  const headers = [['subject', 'hello\r\nX-Evil: 1']] as const
  const outcome = server.call(callTo(phone, { method: 'MESSAGE', headers, body: 'Lunch\r\nis ready', user: '' }))
  const message = await phone.receive()
  expect(header(message, 'x-evil')).toBeUndefined()
  expect(Buffer.from(message.body).toString()).toBe('Lunch\r\nis ready')
  phone.reply(message, 202, endpoint)
  expect(await outcome).toMatchObject({ kind: 'answered', status: 202 })
})

function challenge(phone: PhoneSide, request: SipMessage, to: { address: string; port: number }, digest: string): void {
  const tied = new Set(['via', 'from', 'to', 'call-id', 'cseq'])
  const headers = [...request.headers.filter(([name]) => tied.has(name)), ['www-authenticate', digest] as const]
  phone.send(encode({ kind: 'response', status: 401, reason: 'Unauthorized', headers, body: new Uint8Array() }), to)
}

// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { encode, header, type SipRequest } from '#protocols/sip/codec'
import type { ProfileQuery } from '#protocols/sip/port'
import { PhoneSide, PROFILE, serving, URL } from './serving.ts'

interface Fields {
  readonly branch?: string
  readonly contact?: string
  readonly from?: string
  readonly event?: string
}

function subscribe(phone: PhoneSide, fields: Fields = {}): Buffer {
  const { branch = 'z9hG4bK1', from = '<sip:440HD@127.0.0.1>;tag=8f21' } = fields
  const {
    contact = `<sip:440HD@127.0.0.1:${phone.port}>`,
    event = 'ua-profile;profile-type="application";model="440HD"',
  } = fields
  const request: SipRequest = {
    ...{ kind: 'request', method: 'SUBSCRIBE', uri: 'sip:224.0.1.75:5060', body: new Uint8Array() },
    headers: [
      ['via', `SIP/2.0/UDP 127.0.0.1;branch=${branch};rport`],
      ['from', from],
      ['to', '<sip:224.0.1.75>'],
      ['call-id', 'a'],
      ['cseq', '1 SUBSCRIBE'],
      ['contact', contact],
      ['event', event],
      ['expires', '0'],
      ['user-agent', 'AUDC-IPPhone-440HD_UC_2.2.2.77/1.0.0000.0'],
    ],
  }
  return Buffer.from(encode(request))
}

test('[RFC6665 §4.1.2.4] the 200 and the NOTIFY have one tag for our end, and the NOTIFY carries the URL', async () => {
  const { endpoint, reports } = await serving()
  const phone = await PhoneSide.open()
  phone.send(subscribe(phone), endpoint)
  const ok = await phone.receive()
  expect(ok).toMatchObject({ kind: 'response', status: 200 })
  expect(header(ok, 'expires')).toBe('0')
  const notify = await phone.receive()
  expect(notify).toMatchObject({ kind: 'request', method: 'NOTIFY', uri: `sip:440HD@127.0.0.1:${phone.port}` })
  expect(Buffer.from(notify.body).toString()).toBe(URL)
  expect(header(notify, 'to')).toBe(header(ok, 'to'))
  expect(header(notify, 'from')).toBe('<sip:440HD@127.0.0.1>;tag=8f21')
  phone.reply(notify, 200, endpoint)
  expect(await reports.next()).toMatchObject({ operation: 'SUBSCRIBE', answer: '200', evidence: { model: '440HD' } })
  expect(await reports.next()).toMatchObject({ operation: 'NOTIFY', ending: 'reply', answer: '200' })
})

test('[RFC6665 §4.4.1] a phone that knows no such dialog (481) is asked again with From and To the other way round', async () => {
  const { endpoint, reports } = await serving()
  const phone = await PhoneSide.open()
  phone.send(subscribe(phone), endpoint)
  const ok = await phone.receive()
  phone.reply(await phone.receive(), 481, endpoint)
  const second = await phone.receive()
  expect(header(second, 'from')).toBe(header(ok, 'to'))
  expect(header(second, 'to')).toBe('<sip:440HD@127.0.0.1>;tag=8f21')
  expect(header(second, 'cseq')).toBe('2 NOTIFY')
  phone.reply(second, 200, endpoint)
  await reports.next()
  expect(await reports.next()).toMatchObject({ operation: 'NOTIFY', ending: 'reply', answer: '200' })
})

test('[RFC3261 §17.1.2.2] an unanswered NOTIFY is sent again, the same, and given up after 64 × T1', async () => {
  const { endpoint, reports } = await serving()
  const phone = await PhoneSide.open()
  phone.send(subscribe(phone), endpoint)
  await phone.receive()
  const first = await phone.receive()
  expect(encode(await phone.receive())).toEqual(encode(first))
  await reports.next()
  expect(await reports.next()).toMatchObject({
    operation: 'NOTIFY',
    ending: 'ignore',
    reason: 'the phone does not answer',
  })
})

test('[RFC3261 §17.2.2] a repeat gets the same answer, and no second NOTIFY', async () => {
  const asked: ProfileQuery[] = []
  const { endpoint, reports } = await serving((query) => {
    asked.push(query)
    return { outcome: { kind: 'refuse', code: 404, reason: 'nothing for you' }, evidence: {} }
  })
  const phone = await PhoneSide.open()
  for (let i = 0; i < 2; i++) phone.send(subscribe(phone), endpoint)
  const first = await phone.receive()
  expect(first).toMatchObject({ status: 404 })
  expect(encode(await phone.receive())).toEqual(encode(first))
  expect(await reports.next()).toMatchObject({ ending: 'refuse', answer: '404', reason: 'nothing for you' })
  expect(await reports.next()).toMatchObject({ ending: 'ignore', reason: 'a repeat: answered as before' })
  expect(asked).toHaveLength(1)
  expect(asked[0]).toMatchObject({ profileType: 'application', model: '440HD', fromUser: '440HD' })
})

test('nobody can have us send to another address: the NOTIFY goes where the SUBSCRIBE came from', async () => {
  const { endpoint } = await serving()
  const phone = await PhoneSide.open()
  phone.send(subscribe(phone, { contact: '<sip:victim@127.0.0.9:9>' }), endpoint)
  await phone.receive()
  expect(await phone.receive()).toMatchObject({ method: 'NOTIFY', uri: 'sip:victim@127.0.0.9:9' })
})

test('a stranger hears nothing, so that its own server can answer', async () => {
  const { endpoint, reports } = await serving(({ model }) =>
    model === '440HD' ? PROFILE : { outcome: { kind: 'ignore', reason: 'no phone of ours' }, evidence: {} },
  )
  const [stranger, phone] = [await PhoneSide.open(), await PhoneSide.open()]
  stranger.send(subscribe(stranger, { event: 'ua-profile;profile-type="device";vendor="Other";model="T46"' }), endpoint)
  expect(await reports.next()).toMatchObject({ ending: 'ignore', reason: 'no phone of ours' })
  phone.send(subscribe(phone, { branch: 'z9hG4bK2' }), endpoint)
  expect(await phone.receive()).toMatchObject({ status: 200 })
})

test('a SUBSCRIBE without a Contact to notify is a bad request', async () => {
  const { endpoint, reports } = await serving()
  const phone = await PhoneSide.open()
  phone.send(subscribe(phone, { contact: '' }), endpoint)
  expect(await phone.receive()).toMatchObject({ status: 400 })
  expect(await reports.next()).toMatchObject({ ending: 'refuse', answer: '400' })
})

test('keep-alives of line ends are no trouble [RFC5626 §3.5.1]', async () => {
  const { endpoint, reports } = await serving()
  const phone = await PhoneSide.open()
  phone.send(Buffer.from('\r\n\r\n'), endpoint)
  expect(await reports.next()).toMatchObject({ ending: 'ignore', reason: 'keep-alive' })
})

// SPDX-License-Identifier: Apache-2.0
import { expect, onTestFinished, test, vi } from 'vitest'
import type { MailSettings } from '#daemon/domain/destination'
import { MailSender } from '#daemon/services/forwarding/senders/mail'
import { freshCertificate } from '#test/protocols/ldap/certificate'
import { header, type SmtpOptions, SmtpSink, textOf } from '#test/support/smtp'
import { freshStore } from '#test/support/store'
import { ALL, alarm, house } from './house.ts'
import { NASTY, outgoing } from './messages.ts'

async function openSink(options: SmtpOptions = {}): Promise<SmtpSink> {
  const sink = await SmtpSink.open(options)
  onTestFinished(() => sink.close())
  return sink
}

function mail(sink: SmtpSink, more: Partial<MailSettings> = {}): MailSettings {
  return {
    ...{ kind: 'mail', name: 'post', host: '127.0.0.1', port: sink.port, security: 'none', filter: ALL },
    ...{ from: 'offhook@example.com', to: ['noc@example.com', 'b@example.com'], resendAtStart: false, ...more },
  }
}

function sender(sink: SmtpSink, more: Partial<MailSettings> = {}, secrets = {}): MailSender {
  return new MailSender({ settings: mail(sink, more), secrets, place: 'pbx.example', now: Date.now })
}

test('one alarm is one plain mail that says what it is and what to do', async () => {
  const sink = await openSink()
  await sender(sink).send([outgoing()])
  const [got] = sink.mails
  if (!got) throw new Error('nothing came')
  expect(got).toMatchObject({ from: 'offhook@example.com', to: ['noc@example.com', 'b@example.com'], secure: false })
  expect(header(got, 'subject')).toBe('[critical] REGISTRATION FAILURE: IPPhone/00908f123456')
  expect(header(got, 'auto-submitted')).toBe('auto-generated')
  expect(header(got, 'content-type')).toContain('text/plain')
  expect(textOf(got)).toContain('What:         No registrar answers\n')
  expect(textOf(got)).toContain('When:         2026-03-01 14:00:00 UTC\n')
  expect(textOf(got)).toContain('Sent by Offhook on pbx.example.')
})

test('what a phone wrote adds no header, no recipient and no line', async () => {
  const sink = await openSink()
  await sender(sink).send([outgoing({ name: NASTY, source: NASTY, description: `${NASTY}${'x'.repeat(1e6)}` })])
  const [got] = sink.mails
  if (!got) throw new Error('nothing came')
  expect(got.to).toEqual(['noc@example.com', 'b@example.com'])
  expect(got.data.slice(0, got.data.indexOf('\n\n'))).not.toMatch(/^(bcc|x@)/im)
  expect(textOf(got)).not.toMatch(/^Bcc:/m)
  expect(textOf(got)).toContain('<script>')
  expect(got.data.length).toBeLessThan(10_000)
  expect(header(got, 'subject')?.length).toBeLessThan(600)
})

test('STARTTLS is insisted on: no mail and no password where it is not offered', async () => {
  const { key, cert, file } = await freshCertificate()
  const plain = await openSink({ login: 'me:secret word' })
  const signIn = { user: 'me', security: 'starttls', caFile: file } as const
  await expect(sender(plain, signIn, { password: 'secret word' }).send([outgoing()])).rejects.toThrow(
    /127.0.0.1: .*TLS/,
  )
  expect(plain.mails).toEqual([])
  const secure = await openSink({ login: 'me:secret word', tls: { key, cert } })
  await sender(secure, signIn, { password: 'secret word' }).send([outgoing()])
  expect(secure.mails).toMatchObject([{ user: 'me', secure: true }])
})

test('a certificate that nobody vouches for, and a password that a server repeats, end in a sentence without it', async () => {
  const { key, cert, file } = await freshCertificate()
  const sink = await openSink({ login: 'me:right', tls: { key, cert } })
  const signIn = { user: 'me', security: 'starttls' } as const
  await expect(sender(sink, signIn, { password: 'right' }).send([outgoing()])).rejects.toThrow(
    /self-signed certificate/,
  )
  const wrong = sender(sink, { ...signIn, caFile: file }, { password: 'wrong-one' }).send([outgoing()])
  await expect(wrong).rejects.toThrow(/535/)
  await expect(wrong).rejects.not.toThrow(/wrong-one/)
  const missing = sender(sink, { ...signIn, caFile: '/nowhere.pem' }, { password: 'right' }).send([outgoing()])
  await expect(missing).rejects.toThrow('/nowhere.pem cannot be read (ENOENT)')
})

test.each([
  ['greets with garbage', { greeting: '\u0000\u0001 what?' }],
  ['refuses the text', { verdict: () => '554 no' }],
])('a server that %s is a failure, told in a sentence', async (_, options) => {
  const sink = await openSink(options)
  await expect(sender(sink).send([outgoing()])).rejects.toThrow(/^127\.0\.0\.1: .{3,300}$/)
})

test('a server that refuses for a while gets every alarm in the end, each once', async () => {
  let refusals = 3
  const sink = await openSink({ verdict: () => (refusals-- > 0 ? '451 later' : '250 ok') })
  const { alarms, forwarding } = house(await freshStore(), [{ settings: mail(sink), secrets: {} }])
  await forwarding.start()
  for (const name of ['A', 'B', 'C']) void alarms.raise(alarm(name))
  await sink.until((mails) => mails.length >= 3)
  expect(sink.mails.map((one) => header(one, 'subject'))).toEqual([
    '[major] A: test',
    '[major] B: test',
    '[major] C: test',
  ])
})

test('a digest is one mail for what came since the last', async () => {
  const sink = await openSink()
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { alarms, forwarding } = house(await freshStore(), [
    { settings: mail(sink, { digestMinutes: 10 }), secrets: {} },
  ])
  await forwarding.start()
  await alarms.raise(alarm('first'))
  await sink.until((mails) => mails.length === 1)
  for (let i = 0; i < 60; i++) await alarms.raise(alarm(`A${i}`, { severity: i === 7 ? 'critical' : 'minor' }))
  await alarms.clear('A1', 'test')
  expect(sink.mails).toHaveLength(1)
  vi.setSystemTime(Date.now() + 10 * 60_000)
  await alarms.clear('A2', 'test')
  await sink.until((mails) => mails.length === 2)
  const [, digest] = sink.mails
  if (!digest) throw new Error('nothing came')
  expect(header(digest, 'subject')).toBe('[critical] 62 alarm messages from offhook.example')
  expect(textOf(digest)).toContain('62 messages: 60 raised, 2 cleared.')
  for (let i = 0; i < 60; i++) expect(textOf(digest)).toContain(`A${i} `)
})

// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { SyslogSettings } from '#daemon/domain/destination'
import { SyslogSender } from '#daemon/services/forwarding/senders/syslog'
import { syslogLine } from '#daemon/services/forwarding/senders/syslog-line'
import { freshCertificate } from '#test/protocols/ldap/certificate'
import { freshStore } from '#test/support/store'
import { ALL, alarm, house } from './house.ts'
import { NASTY, outgoing } from './messages.ts'

const IDENTITY = { host: 'pbx.example', facility: 16, enterprise: 8072 }

function settings(transport: SyslogSettings['transport'], port: number, more: Partial<SyslogSettings> = {}) {
  return {
    ...{ kind: 'syslog', name: 'log', host: '127.0.0.1', port, transport, facility: 16 },
    ...{ filter: ALL, resendAtStart: false, ...more },
  } as const satisfies SyslogSettings
}

/** Takes octet-counted messages [RFC6587 §3.4.1]. */
class Collector {
  readonly lines: string[] = []
  readonly #sockets = new Set<Socket>()
  readonly #waiting = new Set<() => void>()

  take(socket: Socket): void {
    this.#sockets.add(socket)
    let bytes = Buffer.alloc(0)
    socket
      .on('error', () => {})
      .on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk])
        for (;;) {
          const [, length = ''] = /^(\d+) /.exec(bytes.subarray(0, 12).toString('latin1')) ?? []
          const start = length.length + 1
          if (length === '' || bytes.length < start + Number(length)) break
          this.lines.push(bytes.subarray(start, start + Number(length)).toString())
          bytes = bytes.subarray(start + Number(length))
        }
        for (const check of [...this.#waiting]) check()
      })
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  until(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.lines.length} lines, not ${count}`)), 8_000)
      const check = () => {
        if (this.lines.length < count) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }
}

test('[RFC5424 §6] [RFC5674 §3] a message, byte by byte', () => {
  expect(syslogLine(outgoing(), IDENTITY).toString()).toBe(
    '<129>1 2026-03-01T14:00:00.250Z pbx.example offhook - raised ' +
      '[alarm resource="IPPhone/00908f123456" probableCause="5" perceivedSeverity="critical" eventType="communications"]' +
      '[offhook@8072 kind="raised" sequence="42" id="REGISTRATION FAILURE@IPPhone/00908f123456" ' +
      'name="REGISTRATION FAILURE" remoteHost="10.1.1.9" info1="TlsConnectionFailure" by="offhook"] ' +
      '\ufeffREGISTRATION FAILURE raised: IPPhone/00908f123456: No registrar answers',
  )
  expect(syslogLine(outgoing({}, { kind: 'cleared' }), IDENTITY).toString()).toMatch(
    /^<133>.* perceivedSeverity="cleared"/,
  )
})

test('[RFC5424 §6.3.3] whatever a phone wrote, the structured data ends where it should', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const line = syslogLine(
        outgoing({ name: text, source: text, additionalInfo: [text, NASTY] }),
        IDENTITY,
      ).toString()
      const value = String.raw`(?:[^"\\\]]|\\["\\\]])*`
      const element = String.raw`\[[a-z]+(?:@8072)?(?: [a-zA-Z0-9]+="${value}")*\]`
      expect(line).toMatch(
        new RegExp(String.raw`^<\d+>1 \S+ pbx\.example offhook - raised ${element}${element} \ufeff[^\p{Cc}]*$`, 'u'),
      )
    }),
    { numRuns: 200 },
  )
})

test('over TCP: counted in octets, on one connection, and connected anew when that broke', async () => {
  const collector = new Collector()
  const server = createServer((socket) => collector.take(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  onTestFinished(() => collector.hangUp())
  const { port } = server.address() as AddressInfo
  const { alarms, forwarding } = house(await freshStore(), [{ settings: settings('tcp', port), secrets: {} }])
  await forwarding.start()
  for (let i = 0; i < 50; i++) void alarms.raise(alarm(`Ümlaut ${i}`))
  await collector.until(50)
  expect(await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(1)
  collector.hangUp()
  await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0)
  for (let i = 50; i < 60; i++) await alarms.raise(alarm(`Ümlaut ${i}`))
  await collector.until(60)
  expect(new Set(collector.lines.map((line) => /name="Ümlaut (\d+)"/.exec(line)?.[1])).size).toBe(60)
})

test('over TLS: only to a collector whose certificate is vouched for', async () => {
  const { key, cert, file } = await freshCertificate()
  const collector = new Collector()
  const server = createTlsServer({ key, cert }, (socket) => collector.take(socket)).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  onTestFinished(() => collector.hangUp())
  const { port } = server.address() as AddressInfo
  const trusting = new SyslogSender({ settings: settings('tls', port, { caFile: file }), identity: IDENTITY })
  await trusting.send([outgoing()])
  await collector.until(1)
  await trusting.close()
  const wary = new SyslogSender({ settings: settings('tls', port), identity: IDENTITY })
  await expect(wary.send([outgoing()])).rejects.toThrow(/self-signed certificate/)
  expect(collector.lines).toHaveLength(1)
})

test('over UDP: one datagram each, never longer than every receiver takes [RFC5426 §3.2]', async () => {
  const receiver = createSocket('udp4')
  onTestFinished(() => void receiver.close())
  const got: Buffer[] = []
  const two = new Promise<void>((resolve) => {
    receiver.on('message', (bytes) => void (got.push(bytes) === 2 && resolve()))
  })
  receiver.bind(0, '127.0.0.1')
  await once(receiver, 'listening')
  const sender = new SyslogSender({ settings: settings('udp', receiver.address().port), identity: IDENTITY })
  await sender.send([outgoing(), outgoing({ description: 'ü'.repeat(5_000), additionalInfo: ['ü'.repeat(999)] })])
  await two
  expect(got[0]?.toString()).toContain('No registrar answers')
  expect(got[1]?.length).toBeLessThanOrEqual(2_048)
  expect(got[1]?.toString()).not.toContain('\ufffd')
})

test('nobody listens: a sentence that says where', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const sender = new SyslogSender({ settings: settings('tcp', port), identity: IDENTITY })
  await expect(sender.send([outgoing()])).rejects.toThrow(`127.0.0.1:${port}: connect ECONNREFUSED`)
})

// SPDX-License-Identifier: Apache-2.0
import { createSocket, type RemoteInfo } from 'node:dgram'
import { connect } from 'node:net'
import { DhcpServer } from '#protocols/dhcp/server'
import type { HttpHandler } from '#protocols/http/port'
import { PhoneHttpServer } from '#protocols/http/server'
import { LdapServer } from '#protocols/ldap/server'
import type { Endpoint } from '#protocols/lib/exchange'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { SipServer } from '#protocols/sip/server'
import { SyslogServer } from '#protocols/syslog/server'
import { TftpServer } from '#protocols/tftp/server'
import { type Gate, type ServerKind, serverContract } from '#test/contract/server'
import { DISCOVER, relayed } from '#test/support/dhcp-packet'
import type { WebPort } from '#web/port'
import { WebServer } from '#web/server'

const PATIENCE = 5_000
const observe = () => {}

const dhcp: ServerKind = {
  transport: 'UDP',
  make: (listen, gate) =>
    new DhcpServer({
      listen,
      observe,
      port: {
        async leaseFor() {
          await gate.pass()
          const [address, server] = ['127.99.0.10', '127.0.0.1'] as [Ipv4, Ipv4]
          return { kind: 'lease', address, leaseSeconds: 600, server, options: [], boot: {} }
        },
      },
    }),
  ask: (endpoint) =>
    exchange(relayed({ type: DISCOVER, mac: '00908f123456', giaddr: '127.0.0.1' }), endpoint, () => undefined),
}

const tftp: ServerKind = {
  transport: 'UDP',
  make: (listen, gate) =>
    new TftpServer({
      listen,
      observe,
      port: {
        async open() {
          await gate.pass()
          const bytes = Buffer.from('a file')
          return { kind: 'file', file: { size: bytes.length, open: () => bytes }, evidence: {} }
        },
      },
    }),
  // RRQ "x" octet; the one DATA block is acknowledged [RFC 1350 §5].
  ask: (endpoint) => exchange(Buffer.from('\0\x01x\0octet\0'), endpoint, () => Buffer.from([0, 4, 0, 1])),
}

const http: ServerKind = {
  transport: 'TCP',
  make: (listen, gate) =>
    new PhoneHttpServer({ listeners: [{ endpoint: listen }], handlers: [greeter(gate)], observe }),
  ask: (endpoint) => get(endpoint, '/hello'),
}

const web: ServerKind = {
  transport: 'TCP',
  make: (listen, gate) => new WebServer({ listen, port: emptyHouse(gate) }),
  ask: (endpoint) => get(endpoint, '/metrics'),
}

/** An anonymous bind [RFC4511 §4.2]: any answer will do. */
const BIND = Uint8Array.of(0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0)

/** Somebody asks for a profile [RFC 6080 §5.1]. */
const SUBSCRIBE = Buffer.from(
  [
    'SUBSCRIBE sip:224.0.1.75 SIP/2.0',
    `Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bKcontract`,
    'From: <sip:440HD@127.0.0.1>;tag=1',
    'To: <sip:224.0.1.75>',
    'Call-ID: contract',
    'CSeq: 1 SUBSCRIBE',
    'Contact: <sip:440HD@127.0.0.1>',
    'Event: ua-profile',
    '',
    '',
  ].join('\r\n'),
)

const ldap: ServerKind = {
  transport: 'TCP',
  make: (listen, gate) =>
    new LdapServer({
      listen,
      observe,
      port: {
        async bind() {
          await gate.pass()
          return { kind: 'refuse', code: 49, reason: 'this directory is empty' }
        },
      },
    }),
  ask: ({ address, port }) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, timeout: PATIENCE }, () => socket.write(BIND))
      socket.once('data', () => resolve(void socket.destroy()))
      socket.once('timeout', () => socket.destroy(new Error(`no answer from TCP port ${port}`)))
      socket.once('error', reject)
      socket.once('close', () => reject(new Error(`TCP port ${port} hung up`)))
    }),
}

const sip: ServerKind = {
  transport: 'UDP',
  make: (listen, gate) =>
    new SipServer({
      listen,
      observe,
      multicastOn: [],
      port: {
        async profileFor() {
          await gate.pass()
          return { outcome: { kind: 'refuse', code: 404, reason: 'there are no profiles' }, evidence: {} }
        },
      },
    }),
  ask: (endpoint) => exchange(SUBSCRIBE, endpoint, () => undefined),
}

/** Syslog has no answers [RFC5424 §8.5]: a message is answered when its keeper has taken it. */
const taken = new Map<string, () => void>()
let messages = 0

function syslog(transport: 'UDP' | 'TCP'): ServerKind {
  return {
    transport,
    make: (listen, gate) =>
      new SyslogServer({
        listen,
        observe,
        port: {
          async log({ message }) {
            await gate.pass()
            taken.get(message.text)?.()
            return true
          },
        },
      }),
    async ask({ address, port }) {
      const text = `message ${messages++}`
      const answered = new Promise<void>((resolve, reject) => {
        taken.set(text, resolve)
        setTimeout(() => reject(new Error(`nobody took a message at ${transport} port ${port}`)), PATIENCE).unref()
      })
      if (transport === 'UDP') {
        const socket = createSocket('udp4')
        socket.send(`<13>${text}`, port, address, () => socket.close())
      } else
        connect({ host: address, port })
          .on('error', () => {})
          .end(`<13>${text}\n`)
      await answered
    },
  }
}

serverContract('syslog over UDP', syslog('UDP'))
serverContract('syslog over TCP', syslog('TCP'))
serverContract('sip', sip)
serverContract('ldap', ldap)
serverContract('dhcp', dhcp)
serverContract('tftp', tftp)
serverContract('http', http)
serverContract('web', web)

/** Sends a datagram and waits for one; `answer` is what goes back to where that came from. */
function exchange(bytes: Uint8Array, to: Endpoint, answer: () => Uint8Array | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      socket.close()
      settle()
    }
    const timer = setTimeout(() => finish(() => reject(new Error(`no answer from UDP port ${to.port}`))), PATIENCE)
    socket.on('message', (_, from: RemoteInfo) => {
      const next = answer()
      if (!next) return finish(resolve)
      socket.send(next, from.port, from.address, () => finish(resolve))
    })
    socket.bind(0, '127.0.0.1', () => socket.send(bytes, to.port, to.address))
  })
}

async function get({ address, port }: Endpoint, path: string): Promise<void> {
  const response = await fetch(`http://${address}:${port}${path}`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(PATIENCE),
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  await response.arrayBuffer()
}

function greeter(gate: Gate): HttpHandler {
  return {
    name: 'greeter',
    bodyLimit: 0,
    matches: () => true,
    async handle() {
      await gate.pass()
      const body = Buffer.from('hello')
      return { reply: { kind: 'body', status: 200, contentType: 'text/plain', body }, evidence: {} }
    },
  }
}

/** A daemon without phones. */
function emptyHouse(gate: Gate): WebPort {
  return {
    fleet: {
      summary: () => ({
        ...{ registered: 0, notRegistered: 0, disconnected: 0, starting: 0, seen: 0 },
        ...{ pendingApproval: 0, total: 0 },
      }),
      devices: () => ({ rows: [], page: 1, pageCount: 1, total: 0 }),
      recent: () => [],
      device: () => undefined,
      follow: () => () => {},
    },
    accounts: {
      signIn: async () => ({ kind: 'wrong' }),
      changePassword: async () => 'nobody is here',
    },
    servers: () => [],
    alarms: () => [],
    configuration: { lastReload: () => undefined, reload: () => Promise.reject(new Error('nobody is here')) },
    explain: () => [],
    async metrics() {
      await gate.pass()
      return { contentType: 'text/plain', body: 'up 1\n' }
    },
    storeTrouble: () => undefined,
    now: () => 0,
  }
}

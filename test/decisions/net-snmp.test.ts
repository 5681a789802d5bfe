// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import * as snmp from 'net-snmp'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decode, decodeScoped, encodeCommunity, encodeScoped } from '#protocols/snmp/codec-message'
import type { CommunityMessage, Pdu, V3Message } from '#protocols/snmp/messages'
import { protect, Salts, usmStatOid } from '#protocols/snmp/usm'
import { here } from '#test/support/process'

/*
 * Why only its key derivation is used, docs/decisions/0006-net-snmp-instead-of-snmp-native.md. Each test shows what the
 * package's own sessions and agent do; test/protocols/snmp/hostile.test.ts and server.test.ts show what ours do instead.
 */

/** A receiver on the loopback; `answer` may send any number back. */
async function receiver(answer: (bytes: Buffer, send: (bytes: Uint8Array) => void) => void): Promise<number> {
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  socket.on('message', (bytes, { port }) => answer(bytes, (back) => socket.send(back, port, '127.0.0.1')))
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound))
  return socket.address().port
}

type Inform = (type: string, varbinds: unknown[], done: (error: Error | null) => void) => void

function informed(session: { close(): unknown; inform: unknown }): Promise<string> {
  onTestFinished(() => void session.close())
  return new Promise((resolve) => {
    ;(session.inform as Inform).call(session, '1.3.6.1.4.1.8072.1', [], (error) =>
      resolve(error ? error.message : 'acknowledged'),
    )
  })
}

describe('net-snmp 3.29.2', () => {
  it('must not take an unsigned answer to a signed inform [RFC 3412 §7.2 10]: the answer says itself that it need not be', async () => {
    const engine = { id: Buffer.from('80001f88047265636569766572', 'hex'), boots: 1, time: 1 }
    const port = await receiver((bytes, send) => {
      const message = decode(bytes) as V3Message
      const isDiscovery = message.security.engineId.byteLength === 0
      const zero = { errorStatus: 0, errorIndex: 0 }
      const report: Pdu = {
        ...{ kind: 'report', requestId: 0, ...zero },
        varbinds: [{ oid: usmStatOid('usmStatsUnknownEngineIDs'), type: 'counter32', value: 1 }],
      }
      const pdu = isDiscovery ? report : { ...decodeScoped(message.data).pdu, kind: 'response' as const }
      const contents = encodeScoped({ contextEngineId: engine.id, contextName: '', pdu })
      const { id } = message
      const salts = new Salts(Buffer.alloc(8))
      send(protect({ id, reportable: false, level: 'noAuthNoPriv', userName: 'u', keys: {}, engine, contents, salts }))
    })
    const user = {
      ...{ name: 'u', level: snmp.SecurityLevel.authNoPriv },
      ...{ authProtocol: snmp.AuthProtocols.sha, authKey: 'nobody knows it' },
    }
    const session = snmp.createV3Session('127.0.0.1', user, { port, trapPort: port, retries: 0, timeout: 2_000 })
    expect(await informed(session)).toBe('acknowledged')
  })

  it('must wait for the right answer: a forged one before it ends the inform', async () => {
    const port = await receiver((bytes, send) => {
      const message = decode(bytes) as CommunityMessage
      const response = { ...message, pdu: { ...message.pdu, kind: 'response' } } as CommunityMessage
      send(encodeCommunity({ ...response, community: Buffer.from('forged') }))
      send(encodeCommunity(response))
    })
    const options = { port, trapPort: port, version: snmp.Version2c, retries: 0, timeout: 2_000 }
    expect(await informed(snmp.createSession('127.0.0.1', 'public', options))).toMatch(/Community 'public' in request/)
  })

  it('must survive every packet: one GET ends its agent, and the process', async () => {
    const packet = '302302010104067075626c6963a01602021267020100020100300a30080604ff0601020500'
    const library = createRequire(import.meta.url).resolve('net-snmp')
    const script = `
      const { createAgent } = require(${JSON.stringify(library)})
      const { createSocket } = require('node:dgram')
      // It listens on no free port: port 0 becomes 161.
      const anyPort = (transport) => {
        const socket = createSocket(transport)
        const { bind } = socket
        socket.bind = (_, address) => bind.call(socket, 0, address, () => {
          createSocket('udp4').send(Buffer.from('${packet}', 'hex'), socket.address().port, '127.0.0.1')
        })
        return socket
      }
      const dgramModule = { createSocket: anyPort }
      createAgent({ port: 1161, address: '127.0.0.1', disableAuthorization: true, dgramModule }, () => {})
      setTimeout(() => process.exit(0), 5_000)`
    const { code, stderr } = await here.run('node', ['-e', script], { cwd: join(import.meta.dirname, '../..') })
    expect(stderr).toContain('object identifier does not begin with 0, 1, or 2')
    expect(code).not.toBe(0)
  })

  it('must not keep keys for ever: its cache has one for every pass phrase and engine it ever saw', () => {
    const before = Object.keys(snmp.Authentication.authToKeyCache).length
    snmp.Authentication.passwordToKey(snmp.AuthProtocols.sha, 'maplesyrup', Buffer.from('8000000001', 'hex'))
    snmp.Authentication.passwordToKey(snmp.AuthProtocols.sha, 'maplesyrup', Buffer.from('8000000002', 'hex'))
    const names = Object.keys(snmp.Authentication.authToKeyCache)
    expect(names).toHaveLength(before + 2)
    expect(names.slice(before).every((name) => name.includes('maplesyrup'))).toBe(true)
  })
})

// SPDX-License-Identifier: Apache-2.0
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { UserAgent } from 'sip.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

/*
 * Why docs/decisions/0007-own-sip.md. Desk phones speak SIP over UDP: plug and play asks 224.0.1.75:5060 and takes a
 * NOTIFY from the answerer; check-sync is a NOTIFY to the phone's own port.
 */
describe('sip.js 0.21.2', () => {
  let phone: Socket
  let datagrams: number

  beforeEach(async () => {
    datagrams = 0
    phone = createSocket('udp4', () => {
      datagrams++
    })
    phone.bind(0, '127.0.0.1')
    await once(phone, 'listening')
  })

  afterEach(() => {
    vi.unstubAllGlobals()
    phone.close()
  })

  function agent(server: string): UserAgent {
    const uri = UserAgent.makeURI('sip:offhook@127.0.0.1')
    if (!uri) throw new Error('not a SIP URI')
    return new UserAgent({ uri, transportOptions: { server }, logLevel: 'error', logBuiltinEnabled: false })
  }

  it('must reach a phone over UDP [RFC 3261 §18]: takes a udp: address, then asks for a browser WebSocket', async () => {
    vi.stubGlobal('WebSocket', undefined)
    await expect(agent(`udp://127.0.0.1:${phone.address().port}`).start()).rejects.toThrow(/WebSocket/)
  })

  it('must send datagrams: even where WebSocket exists, a udp: address is dialled as one and nothing is sent', async () => {
    const dialled: string[] = []
    class WatchedWebSocket extends EventTarget {
      constructor(url: string) {
        super()
        dialled.push(url)
        queueMicrotask(() => this.dispatchEvent(new Event('error')))
        queueMicrotask(() => this.dispatchEvent(new Event('close')))
      }
      close() {}
    }
    vi.stubGlobal('WebSocket', WatchedWebSocket)
    const url = `udp://127.0.0.1:${phone.address().port}`
    await agent(url)
      .start()
      .catch(() => {})
    expect(dialled).toEqual([url])

    // Our own datagram comes after whatever the agent may have sent to this loopback socket.
    const fence = once(phone, 'message')
    phone.send('fence', phone.address().port, '127.0.0.1')
    await fence
    expect(datagrams).toBe(1)
  })

  it('must address a phone by its SIP URI [RFC 3263 §4]: refuses any scheme but ws, wss and (in name) udp', () => {
    expect(() => agent('sip:127.0.0.1:5060;transport=udp')).toThrow('Invalid scheme in WebSocket Server URL')
  })
})

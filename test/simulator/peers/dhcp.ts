// SPDX-License-Identifier: Apache-2.0
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'

/** A DHCP request as the scripted responder sees it: offsets of RFC 2131 figure 1, read by hand. */
export interface SeenRequest {
  readonly bytes: Buffer
  readonly peer: RemoteInfo
  /** Option 53. */
  readonly type: number
  readonly xid: number
  readonly mac: string
  readonly giaddr: string
  readonly ciaddr: string
  readonly hops: number
  readonly options: ReadonlyMap<number, Buffer>
}

export const DISCOVER = 1
export const OFFER = 2
export const REQUEST = 3
export const DECLINE = 4
export const ACK = 5
export const NAK = 6
export const RELEASE = 7

export interface ReplyFields {
  readonly type: number
  readonly yiaddr?: string
  readonly options?: Readonly<Record<number, Buffer | string>>
  /** Changes the finished bytes, to spoil them. */
  readonly spoil?: (bytes: Buffer) => Buffer
}

export interface DhcpPeer {
  readonly port: number
  readonly seen: SeenRequest[]
  /** Resolves with the first request (seen already or yet to come) that passes. */
  until(passes: (request: SeenRequest) => boolean): Promise<SeenRequest>
  close(): void
}

/** Answers each request with whatever the script returns for it, in that order. */
export async function dhcpPeer(script: (request: SeenRequest, turn: number) => ReplyFields[]): Promise<DhcpPeer> {
  const socket = createSocket('udp4')
  const seen: SeenRequest[] = []
  let wake: () => void = () => undefined
  socket.on('message', (bytes, peer) => {
    const request = readRequest(bytes, peer)
    seen.push(request)
    for (const fields of script(request, seen.length)) socket.send(replyTo(request, fields), peer.port, peer.address)
    wake()
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const until = async (passes: (request: SeenRequest) => boolean) => {
    for (;;) {
      const found = seen.find(passes)
      if (found) return found
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { port: socket.address().port, seen, until, close: () => socket.close() }
}

/** OFFER and ACK as an ordinary server gives them; the address follows from the phone's number. */
export function ordinary(
  options: Readonly<Record<number, Buffer | string>> = {},
): (request: SeenRequest) => ReplyFields[] {
  return (request) => {
    if (request.type !== DISCOVER && request.type !== REQUEST) return []
    const yiaddr = `127.99.${100 + (request.bytes[32] ?? 0)}.${request.bytes[33] ?? 0}`
    return [{ type: request.type === DISCOVER ? OFFER : ACK, yiaddr, options: { ...lease(), ...options } }]
  }
}

/** Options 54, 51 and 1. */
export function lease(seconds = 3600, server = '127.0.0.1'): Record<number, Buffer> {
  const time = Buffer.alloc(4)
  time.writeUInt32BE(seconds)
  return { 54: ip(server), 51: time, 1: ip('255.255.0.0') }
}

export function ip(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number))
}

export function replyTo(request: SeenRequest, { type, yiaddr = '0.0.0.0', options = {}, spoil }: ReplyFields): Buffer {
  const header = Buffer.alloc(240)
  request.bytes.copy(header, 0, 0, 44) // op … chaddr
  header[0] = 2
  header[3] = 0
  ip(yiaddr).copy(header, 16)
  header.writeUInt32BE(0x63825363, 236)
  const fields: Buffer[] = [Buffer.from([53, 1, type])]
  for (const [code, value] of Object.entries(options)) {
    const bytes = Buffer.from(value)
    // A long value continues in a second option of the same code [RFC 3396].
    for (let at = 0; at < Math.max(1, bytes.length); at += 255) {
      const part = bytes.subarray(at, at + 255)
      fields.push(Buffer.from([Number(code), part.length]), part)
    }
  }
  const agent = request.options.get(82)
  if (agent && !(82 in options)) fields.push(Buffer.from([82, agent.length]), agent)
  const whole: Buffer = Buffer.concat([header, ...fields, Buffer.from([255])])
  return spoil ? spoil(whole) : whole
}

function readRequest(bytes: Buffer, peer: RemoteInfo): SeenRequest {
  const options = new Map<number, Buffer>()
  for (let at = 240; at < bytes.length && bytes[at] !== 255; ) {
    const length = bytes[at + 1] ?? 0
    options.set(bytes[at] ?? 0, bytes.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return {
    bytes,
    peer,
    type: options.get(53)?.[0] ?? 0,
    xid: bytes.readUInt32BE(4),
    mac: bytes.toString('hex', 28, 34),
    giaddr: bytes.subarray(24, 28).join('.'),
    ciaddr: bytes.subarray(12, 16).join('.'),
    hops: bytes[3] ?? 0,
    options,
  }
}

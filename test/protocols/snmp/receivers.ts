// SPDX-License-Identifier: Apache-2.0
// Receivers that a test writes itself, and a sender that tells what it passed over.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { decode, encodeCommunity } from '#protocols/snmp/codec-message'
import type { CommunityMessage, Pdu } from '#protocols/snmp/messages'
import type { SnmpSender, SnmpSenderOptions } from '#protocols/snmp/sender'
import { ARC, sender } from './support.ts'

export const NOTIFICATION = { oid: `${ARC}.0.1`, uptime: 1, varbinds: [] }

/** A sender that is closed with its test. */
export function ours(more: Partial<SnmpSenderOptions> = {}): SnmpSender {
  const one = sender(more)
  onTestFinished(() => one.close())
  return one
}

/** A socket on a free port of the loopback, closed with its test. */
export async function listening(): Promise<Socket> {
  const socket = createSocket('udp4')
  onTestFinished(() => void socket.close())
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

/** Gives each datagram to `answer`, which may send any number back; its port. */
export async function receiver(answer: (bytes: Buffer, send: (bytes: Uint8Array) => void) => void): Promise<number> {
  const socket = await listening()
  socket.on('message', (bytes, { port }) => answer(bytes, (back) => socket.send(back, port, '127.0.0.1')))
  return socket.address().port
}

export function informOf(bytes: Uint8Array): CommunityMessage & { pdu: Pdu } {
  const message = decode(bytes)
  if (message.version === '3' || message.pdu.kind !== 'inform') throw new Error('no inform')
  return message as CommunityMessage & { pdu: Pdu }
}

export function acknowledged(message: CommunityMessage & { pdu: Pdu }, more: Partial<Pdu> = {}): Buffer {
  return encodeCommunity({ ...message, pdu: { ...message.pdu, kind: 'response', ...more } })
}

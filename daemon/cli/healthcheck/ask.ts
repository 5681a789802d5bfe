// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Endpoint } from '#protocols/lib/exchange'

/** A server has this long to answer, in milliseconds. */
export const PATIENCE = 3_000
/** UDP may lose a datagram even here, when a buffer is full. */
const REPEAT = 700

/**
 * Sends a datagram until one comes back that `read` makes something of (it gives undefined for those that are for others),
 * at most for PATIENCE. Rejects when none does.
 */
export async function askByUdp<T>(
  to: Endpoint,
  packet: Uint8Array,
  read: (bytes: Uint8Array) => T | undefined,
): Promise<T> {
  const socket = createSocket('udp4')
  const timers: NodeJS.Timeout[] = []
  try {
    return await new Promise<T>((resolve, reject) => {
      socket.on('error', reject)
      socket.on('message', (bytes) => {
        const answer = understood(() => read(bytes))
        if (answer !== undefined) resolve(answer)
      })
      // From the address that is asked: a server that must answer to a relay's address answers there.
      socket.bind(0, to.address, () => {
        const send = () => socket.send(packet, to.port, to.address)
        send()
        timers.push(setInterval(send, REPEAT))
      })
      timers.push(setTimeout(() => reject(new Error(`no answer in ${PATIENCE / 1000} s`)), PATIENCE))
    })
  } finally {
    for (const timer of timers) clearInterval(timer)
    socket.close()
  }
}

/** Sends a datagram to a server that never answers. */
export async function tellByUdp({ address, port }: Endpoint, packet: Uint8Array): Promise<void> {
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.send(packet, port, address, (error) => (error ? reject(error) : resolve()))
    })
  } finally {
    socket.close()
  }
}

/** Whether a connection can be made; closes it at once. */
export async function connectByTcp({ address, port }: Endpoint): Promise<void> {
  const socket = connect({ host: address, port })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(PATIENCE) })
  } finally {
    socket.destroy()
  }
}

/** What cannot be read is no answer. */
function understood<T>(read: () => T | undefined): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export interface TftpPeer {
  readonly port: number
  /** Read requests: file, mode and options as they came, joined by blanks. */
  readonly seen: string[]
  close(): void
}

/** Sends files in lock-step from its one port; grants blksize and tsize, knows no other option. */
export async function tftpPeer(file: (name: string) => Buffer | undefined): Promise<TftpPeer> {
  const socket = createSocket('udp4')
  const seen: string[] = []
  const transfers = new Map<string, { bytes: Buffer; blksize: number }>()
  socket.on('message', (packet, { port, address }) => {
    const key = `${address}:${port}`
    const send = (...parts: Buffer[]) => socket.send(Buffer.concat(parts), port, address)
    const sendBlock = (block: number) => {
      const { bytes, blksize } = transfers.get(key) ?? { bytes: Buffer.alloc(0), blksize: 512 }
      const start = (block - 1) * blksize
      if (start <= bytes.length)
        send(Buffer.from([0, 3, block >> 8, block & 255]), bytes.subarray(start, start + blksize))
    }
    if (packet[1] === 4) return sendBlock(packet.readUInt16BE(2) + 1)
    if (packet[1] !== 1) return
    const [name = '', mode, ...options] = packet.toString('latin1', 2).split('\0').slice(0, -1)
    seen.push([name, mode, ...options].join(' '))
    const bytes = file(name)
    if (!bytes) return send(Buffer.from([0, 5, 0, 1]), Buffer.from('File not found\0'))
    const blksize = Number(options[options.indexOf('blksize') + 1] || 512)
    transfers.set(key, { bytes, blksize })
    if (options.length === 0) sendBlock(1)
    else send(Buffer.from([0, 6]), Buffer.from(`blksize\0${blksize}\0tsize\0${bytes.length}\0`))
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { port: socket.address().port, seen, close: () => socket.close() }
}

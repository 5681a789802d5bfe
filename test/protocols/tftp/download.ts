// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Endpoint } from '#protocols/lib/exchange'
import { decode, encode, type TftpOptions, type TftpPacket } from '#protocols/tftp/codec'

/** What came, and the highest block number seen on the wire. */
export interface Download {
  readonly bytes: Uint8Array
  readonly packets: number
  readonly wraps: number
}

/**
 * A plain receiver [RFC1350, RFC2347, RFC7440]: takes blocks in order, acknowledges the last good one at the end of a
 * window, at a gap, and again after 100 ms of silence. Rejects on an ERROR and after 100 silences in a row.
 */
export async function download(service: Endpoint, file: string, ...options: TftpOptions): Promise<Download> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const request = encode({ kind: 'RRQ', file, mode: 'octet', options })
  const chunks: Uint8Array[] = []
  let [blockSize, windowSize] = [512, 1]
  let [good, inWindow, packets, silences] = [0, 0, 0, 0]
  let gapTold = false
  let tid: number | undefined
  return new Promise<Download>((resolve, reject) => {
    const acknowledge = (sent?: () => void) =>
      socket.send(encode({ kind: 'ACK', block: good & 0xffff }), tid, service.address, sent)
    const ask = () => (tid === undefined ? socket.send(request, service.port, service.address) : acknowledge())
    const timer = setInterval(() => {
      if (++silences > 100) finish(() => reject(new Error(`nobody answers: ${file}, block ${good}`)))
      else ask()
    }, 100)
    const finish = (settle: () => void) => {
      clearInterval(timer)
      socket.close()
      settle()
    }
    const take = (packet: TftpPacket & { kind: 'DATA' }) => {
      if (packet.block !== ((good + 1) & 0xffff)) {
        // Once for each gap: more of them would ask for the same blocks again and again.
        if (!gapTold) acknowledge()
        gapTold = true
        return
      }
      gapTold = false
      good++
      inWindow++
      chunks.push(Uint8Array.from(packet.data))
      const last = packet.data.length < blockSize
      if (inWindow < windowSize && !last) return
      inWindow = 0
      if (!last) acknowledge()
      else acknowledge(() => finish(() => resolve({ bytes: Buffer.concat(chunks), packets, wraps: good >> 16 })))
    }
    socket.on('message', (bytes, from) => {
      tid ??= from.port
      if (from.port !== tid) return
      const packet = decode(bytes)
      packets++
      silences = 0
      timer.refresh()
      if (packet.kind === 'ERROR') finish(() => reject(new Error(`ERROR ${packet.code} ${packet.message}`)))
      else if (packet.kind === 'DATA') take(packet)
      else if (packet.kind === 'OACK' && good === 0) {
        const agreed = new Map(packet.options)
        blockSize = Number(agreed.get('blksize') ?? 512)
        windowSize = Number(agreed.get('windowsize') ?? 1)
        acknowledge()
      }
    })
    ask()
  })
}

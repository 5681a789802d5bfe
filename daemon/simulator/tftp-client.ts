// SPDX-License-Identifier: Apache-2.0
import { createSocket, type RemoteInfo } from 'node:dgram'
import type { Endpoint } from '#protocols/lib/exchange'
import { MalformedPacket } from '#protocols/lib/malformed'
import { asFailure, StepFailure } from './failure.ts'
import { type Move, strangerError, type TftpOptions, TftpReader } from './tftp-reader.ts'
import type { Sink, Transfer, TransferTerms } from './transfer.ts'

export interface TftpRequest extends TransferTerms {
  readonly server: Endpoint
  readonly file: string
  readonly options: TftpOptions
  /** Milliseconds before the last packet is said again; doubles each time. */
  readonly retryMs: number
}

const MOST_REPEATS = 4

/** Reads a file in octet mode. Rejects with a StepFailure, or with the signal's reason. */
export function tftpTransfer(request: TftpRequest, sink: Sink, signal: AbortSignal): Promise<Transfer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const { server, file, options, mostBytes } = request
    const reader = new TftpReader(options, mostBytes, sink)
    const socket = createSocket('udp4')
    /** The port that the server answers from: its transfer identifier [RFC 1350 §4]. */
    let tid: number | undefined
    let repeats = 0
    let repeat: NodeJS.Timeout | undefined
    let over = false

    function end(tell: () => void): void {
      if (over) return
      over = true
      clearTimeout(repeat)
      clearTimeout(deadline)
      signal.removeEventListener('abort', abort)
      // In the next turn, as closing a socket drops what it has not sent yet.
      setImmediate(() => socket.close())
      tell()
    }
    const settle = (transfer: Transfer) => end(() => resolve(transfer))
    const fail = (error: unknown) => end(() => reject(asFailure(error)))
    const abort = () => end(() => reject(signal.reason))
    const send = (packet: Uint8Array) => socket.send(packet, tid ?? server.port, server.address, () => undefined)

    function expectAnswer(): void {
      clearTimeout(repeat)
      repeat = setTimeout(
        () => {
          if (repeats++ >= MOST_REPEATS) return fail(new StepFailure('no answer', 'temporary'))
          send(tid === undefined ? reader.request(file) : reader.acknowledge())
          expectAnswer()
        },
        request.retryMs * 2 ** repeats,
      )
    }

    function follow(move: Move): void {
      if (move.kind === 'ignore') return
      if (move.kind !== 'wait' && move.packet) send(move.packet)
      if (move.kind !== 'end') expectAnswer()
      else if (move.result instanceof StepFailure) fail(move.result)
      else settle(move.result)
    }

    function receive(packet: Uint8Array, peer: RemoteInfo): void {
      if (over || peer.address !== server.address) return
      if (tid !== undefined && peer.port !== tid) {
        socket.send(strangerError(), peer.port, peer.address, () => undefined)
        return
      }
      try {
        const move = reader.take(packet)
        tid = peer.port
        if (move.kind !== 'ignore') repeats = 0
        follow(move)
      } catch (error) {
        if (!(error instanceof MalformedPacket)) fail(error)
      }
    }

    const deadline = setTimeout(() => fail(new StepFailure('no answer in time', 'temporary')), request.timeoutMs)
    signal.addEventListener('abort', abort, { once: true })
    socket.on('error', fail)
    socket.on('message', receive)
    socket.bind(0, request.localAddress, () => {
      if (over) return
      send(reader.request(file))
      expectAnswer()
    })
  })
}

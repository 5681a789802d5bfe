// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { WireReply } from './reply.ts'

/** A body up to this size is given to node:http as latin-1 text: octets unchanged, and one write with the head. */
const ONE_PIECE = 16_384

/** How sending went: `bytes` of body handed to the network. */
export interface Sent {
  readonly status: number
  readonly bytes: number
  /** `closed`: the client hung up first, as phones do that only want a firmware's header. */
  readonly ending: 'sent' | 'closed'
}

/**
 * Writes an answer. `close` says so in its headers; closing the connection after it is then the caller's work, for
 * the response is left open so that unread input can be drained. Rejects with `res.headersSent` false when the
 * resource could not be read at all, and true when it broke off: the client must then not believe it has the file.
 */
export async function send(res: ServerResponse, reply: WireReply, close: boolean): Promise<Sent> {
  const { status } = reply
  if (res.destroyed || res.socket === null) return { status, bytes: 0, ending: 'closed' }
  const content = openContent(reply)
  if (content !== undefined && !(content instanceof Uint8Array)) return sendStream(res, reply, content, close)
  writeHead(res, reply, close)
  if (close) {
    if (content) res.write(content)
    else res.flushHeaders()
  } else if (content && content.byteLength <= ONE_PIECE) {
    res.end(latin1(content), 'latin1')
  } else res.end(content)
  return { status, bytes: content?.byteLength ?? 0, ending: 'sent' }
}

function openContent({ content, headers }: WireReply): Uint8Array | Readable | undefined {
  if (content === undefined || content instanceof Uint8Array) return content
  const opened = content.resource.open(content.start, content.end)
  if (opened instanceof Uint8Array && opened.byteLength !== headers['Content-Length']) {
    throw new Error(`a resource gave ${opened.byteLength} bytes instead of ${headers['Content-Length']}`)
  }
  return opened
}

function writeHead(res: ServerResponse, { status, headers }: WireReply, close: boolean): void {
  // A handler may have said `connection: close` itself.
  const adds = close && headers.connection === undefined
  res.writeHead(status, adds ? { ...headers, Connection: 'close' } : headers)
}

/**
 * Like `pipe`, but the head waits for the first bytes (a file that cannot be opened is still a 500), and the stream
 * must give exactly as many bytes as Content-Length promised: one more would be read as the next answer.
 */
function sendStream(res: ServerResponse, reply: WireReply, stream: Readable, close: boolean): Promise<Sent> {
  const promised = Number(reply.headers['Content-Length'])
  return new Promise((resolve, reject) => {
    let bytes = 0
    const settle = () => {
      res.off('drain', resume)
      res.off('close', hungUp)
      stream.destroy()
    }
    const fail = (error: Error) => {
      settle()
      reject(error)
    }
    const resume = () => stream.resume()
    const hungUp = () => {
      settle()
      resolve({ status: reply.status, bytes, ending: 'closed' })
    }
    stream.on('data', (chunk: Buffer) => {
      if (bytes + chunk.length > promised) return fail(new Error(`a resource gave more than ${promised} bytes`))
      try {
        if (bytes === 0) writeHead(res, reply, close)
      } catch (error) {
        return fail(error instanceof Error ? error : new Error(String(error)))
      }
      bytes += chunk.length
      if (!res.write(chunk)) stream.pause()
    })
    stream.once('end', () => {
      if (bytes < promised) return fail(new Error(`a resource ended after ${bytes} of ${promised} bytes`))
      settle()
      if (!close) res.end()
      resolve({ status: reply.status, bytes, ending: 'sent' })
    })
    stream.on('error', fail)
    stream.once('close', () => fail(new Error(`a resource was closed after ${bytes} of ${promised} bytes`)))
    res.on('drain', resume)
    res.once('close', hungUp)
  })
}

function latin1(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('latin1')
}

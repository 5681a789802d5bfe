// SPDX-License-Identifier: Apache-2.0
import { MalformedPacket } from '#protocols/lib/malformed'
import { fullName, spelled } from './names.ts'

/** A header field: its name in lower case and in full, its value without folds and surrounding blanks. */
export type Header = readonly [name: string, value: string]

interface SipContents {
  /** In the order of the message. */
  readonly headers: readonly Header[]
  readonly body: Uint8Array
}

export interface SipRequest extends SipContents {
  readonly kind: 'request'
  readonly method: string
  /** The Request-URI as sent. */
  readonly uri: string
}

export interface SipResponse extends SipContents {
  readonly kind: 'response'
  /** 100 to 699. */
  readonly status: number
  readonly reason: string
}

export type SipMessage = SipRequest | SipResponse

/** A request that cannot be taken, but whose headers could be read: its sender can be told [RFC 3261 §21.4.1]. */
export class MalformedRequest extends MalformedPacket {
  readonly headers: readonly Header[]

  constructor(code: string, message: string, headers: readonly Header[]) {
    super(code, message)
    this.headers = headers
  }
}

/** What a datagram can hold. */
const LONGEST = 65_535
const MOST_HEADERS = 256
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/
const VERSION = 'SIP/2.0'

/**
 * Reads one datagram [RFC 3261 §7, §18.3]: bytes after Content-Length are ignored, a body without it goes on to the end.
 * Throws only MalformedPacket: `keep-alive` (only line ends), `length`, `start-line`, `version`, `header`, `content-length`.
 */
export function decode(bytes: Uint8Array): SipMessage {
  if (bytes.length > LONGEST) throw new MalformedPacket('length', `${bytes.length} bytes`)
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  // [RFC 3261 §7.5] line ends before the start line are ignored; nothing else makes a keep-alive [RFC 5626 §3.5.1].
  const begin = text.search(/[^\r\n\0]/)
  if (begin < 0) throw new MalformedPacket('keep-alive', 'nothing but line ends')
  const gap = /\r?\n\r?\n/g
  gap.lastIndex = begin
  const end = gap.exec(text)
  if (!end) throw new MalformedPacket('header', 'no empty line ends the headers')
  const [start = '', ...lines] = unfold(utf8(text.slice(begin, end.index)))
  const headers = lines.map(readHeader)
  if (headers.length > MOST_HEADERS) throw new MalformedPacket('header', `${headers.length} header fields`)
  try {
    return { ...readStart(start), headers, body: readBody(bytes.subarray(gap.lastIndex), headers) }
  } catch (error) {
    const isRequest = error instanceof MalformedPacket && !/^SIP\//i.test(start) && !/^ACK\b/.test(start)
    throw isRequest ? new MalformedRequest(error.code, error.message, headers) : error
  }
}

/** The message as bytes, with the Content-Length that its body has. */
export function encode(message: SipMessage): Uint8Array {
  const start =
    message.kind === 'request'
      ? `${message.method} ${message.uri} ${VERSION}`
      : `${VERSION} ${message.status} ${message.reason}`
  const fields = message.headers.filter(([name]) => name !== 'content-length')
  const lines = [...fields, ['content-length', String(message.body.length)] as const]
  const head = [start, ...lines.map(([name, value]) => `${spelled(name)}: ${value}`), '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'utf8'), message.body])
}

/** The first value of a header; `name` in lower case and in full. */
export function header({ headers }: SipContents, name: string): string | undefined {
  return headers.find(([other]) => other === name)?.[1]
}

/** All its values in order: of several fields, and of fields that hold a list [RFC 3261 §7.3.1]. */
export function headerList({ headers }: SipContents, name: string): string[] {
  return headers.filter(([other]) => other === name).flatMap(([, value]) => splitList(value))
}

/** Splits at commas that stand neither in quotes nor in angle brackets; empty elements are left out. */
export function splitList(value: string): string[] {
  const parts: string[] = []
  let [start, quoted, bracketed] = [0, false, false]
  for (let at = 0; at < value.length; at++) {
    const letter = value[at]
    if (quoted && letter === '\\') at++
    else if (letter === '"') quoted = !quoted
    else if (quoted) continue
    else if (letter === '<') bracketed = true
    else if (letter === '>') bracketed = false
    else if (letter === ',' && !bracketed) {
      parts.push(value.slice(start, at))
      start = at + 1
    }
  }
  parts.push(value.slice(start))
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function readStart(
  line: string,
): { kind: 'request'; method: string; uri: string } | Pick<SipResponse, 'kind' | 'status' | 'reason'> {
  const status = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/i.exec(line)
  if (status) return { kind: 'response', status: Number(status[1]), reason: status[2] ?? '' }
  const [method = '', uri = '', version = '', ...more] = line.split(' ')
  if (!TOKEN.test(method) || uri === '' || more.length > 0 || /[<>"]/.test(uri)) {
    throw new MalformedPacket('start-line', 'neither a request line nor a status line')
  }
  if (version.toUpperCase() !== VERSION) throw new MalformedPacket('version', 'not SIP/2.0')
  return { kind: 'request', method, uri }
}

/** A line that begins with a blank goes on with the one before it [RFC 3261 §7.3.1]. */
function unfold(head: string): string[] {
  return head.replaceAll(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)
}

function readHeader(line: string): Header {
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(colon, 0)).trimEnd()
  if (!TOKEN.test(name)) throw new MalformedPacket('header', 'a line that is no header field')
  return [fullName(name), line.slice(colon + 1).trim()]
}

function readBody(rest: Uint8Array, headers: readonly Header[]): Uint8Array {
  const lengths = headers.filter(([name]) => name === 'content-length').map(([, value]) => value)
  if (lengths.length === 0) return rest
  const [length = ''] = lengths
  if (lengths.length > 1 || !/^\d{1,9}$/.test(length) || Number(length) > rest.length) {
    throw new MalformedPacket('content-length', `${rest.length} bytes of body, and Content-Length tells otherwise`)
  }
  return rest.subarray(0, Number(length))
}

/** Headers are UTF-8; bytes that are not read as U+FFFD. */
function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

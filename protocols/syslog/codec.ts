// SPDX-License-Identifier: Apache-2.0
import { MalformedPacket } from '#protocols/lib/malformed'
import { bodyText, cleanText } from '#protocols/lib/text'
import type { SyslogMessage } from './port.ts'

/** What a message without a readable PRI counts as: user-level notice [RFC3164 §4.3.3]. */
const NO_PRIORITY = 13
const PRIORITY = /^<(\d{1,3})>/
/** VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID, and what follows [RFC5424 §6]. */
const HEADER = /^1 (\S{1,64}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) ?/
/** `Oct 11 22:14:15` [RFC3164 §4.1.2]; some write the day with a zero, or the year behind it. */
const OLD_TIMESTAMP =
  /^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?:? /
const HOSTNAME = /^([A-Za-z0-9_.:-]{1,255}) /
/** `app[pid]: ` or `app: ` [RFC3164 §4.1.3]. */
const TAG = /^([^\s:[\]]{1,48})(?:\[([^\]\s]{1,128})\])?: ?/
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/
const BOM = /^\uFEFF/
const LONGEST = 8_192

/**
 * Reads a message of either format, and of phones that write neither: what is not a header is text. Throws
 * MalformedPacket `empty`.
 */
export function decode(bytes: Uint8Array): SyslogMessage {
  const all = bodyText(bytes.subarray(0, LONGEST))
  const priority = PRIORITY.exec(all)
  const number = Number(priority?.[1] ?? NO_PRIORITY)
  const isReadable = priority !== null && number <= 191
  const rest = isReadable ? all.slice(priority[0].length) : all
  const [facility, severity] = isReadable ? [number >> 3, number & 7] : [NO_PRIORITY >> 3, NO_PRIORITY & 7]
  const message = { facility, severity, ...(modern(rest) ?? traditional(rest)) }
  if (message.text === '' && message.app === '' && message.data === '') {
    throw new MalformedPacket('empty', 'the message says nothing')
  }
  return message
}

type Body = Omit<SyslogMessage, 'facility' | 'severity'>

/** Undefined where it is not of RFC 5424. */
function modern(text: string): Body | undefined {
  const header = HEADER.exec(text)
  if (!header) return undefined
  const [whole, time = '', host = '', app = '', processId = '', messageId = ''] = header
  if (time !== '-' && !RFC3339.test(time)) return undefined
  const rest = text.slice(whole.length)
  const end = endOfData(rest)
  const data = end > 0 && rest !== '-' ? rest.slice(0, end) : ''
  const told = end < 0 ? rest : rest.slice(end).replace(/^ /, '')
  const at = Date.parse(time)
  return {
    at: Number.isNaN(at) ? undefined : at,
    hostname: given(host),
    app: given(app),
    processId: given(processId),
    messageId: given(messageId),
    data: data === '-' ? '' : cleanText(data, LONGEST),
    text: cleanText(told.replace(BOM, ''), LONGEST),
  }
}

function traditional(text: string): Body {
  const time = OLD_TIMESTAMP.exec(text)
  const behindTime = time ? text.slice(time[0].length) : text
  // Without a timestamp the first word may be anything.
  const host = time ? HOSTNAME.exec(behindTime) : null
  // What ends in a colon is a tag whose host is missing.
  const hasHost = host !== null && !host[1]?.endsWith(':')
  const behindHost = hasHost ? behindTime.slice(host[0].length) : behindTime
  const tag = TAG.exec(behindHost)
  return {
    at: undefined,
    hostname: hasHost ? (host[1] ?? '') : '',
    app: cleanText(tag?.[1] ?? '', 48),
    processId: cleanText(tag?.[2] ?? '', 128),
    messageId: '',
    data: '',
    text: cleanText(tag ? behindHost.slice(tag[0].length) : behindHost, LONGEST),
  }
}

/** Where the structured data ends: elements in brackets without a blank between them, or `-` [RFC5424 §6.3]; -1 if it never does. */
function endOfData(text: string): number {
  if (text.startsWith('-')) return 1
  let at = 0
  while (text[at] === '[') {
    let quoted = false
    for (at++; at < text.length; at++) {
      const char = text[at]
      if (quoted && char === '\\') at++
      else if (char === '"') quoted = !quoted
      else if (char === ']' && !quoted) break
    }
    if (at >= text.length) return -1
    at++
  }
  return at
}

/** `-` is the nil value [RFC5424 §6]. */
function given(text: string): string {
  return text === '-' ? '' : cleanText(text, 255)
}

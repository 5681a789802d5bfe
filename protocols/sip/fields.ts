// SPDX-License-Identifier: Apache-2.0
import { MalformedPacket } from '#protocols/lib/malformed'
import { header, headerList, type SipMessage } from './codec.ts'

/** Parameters by name in lower case, without quotes; a name without a value has the empty one. */
export type Parameters = ReadonlyMap<string, string>

/** `Via` [RFC 3261 §20.42]. */
export interface Via {
  readonly transport: string
  readonly host: string
  /** Undefined where none is given. */
  readonly port: number | undefined
  readonly parameters: Parameters
}

/** `From`, `To`, `Contact` [RFC 3261 §20.10]. */
export interface NameAddress {
  readonly uri: string
  readonly parameters: Parameters
}

/** A SIP or SIPS URI, as far as we need to reach it [RFC 3261 §19.1]. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips'
  /** What stands before `@`, escapes and password as sent; empty without one. */
  readonly user: string
  readonly host: string
  readonly port: number | undefined
  readonly parameters: Parameters
}

/** What every request and response must have [RFC 3261 §8.1.1], read. */
export interface Essentials {
  readonly via: Via
  readonly from: NameAddress
  readonly to: NameAddress
  readonly callId: string
  readonly cseq: { readonly number: number; readonly method: string }
}

const HOST = String.raw`(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,255})`
const VIA = new RegExp(
  String.raw`^SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9-]{1,20})\s+${HOST}(?:\s*:\s*(\d{1,5}))?\s*(?:;(.*))?$`,
  'is',
)
const URI = new RegExp(String.raw`^(sips?):(?:([^@]*)@)?${HOST}(?::(\d{1,5}))?(?:;([^?]*))?(?:\?.*)?$`, 'is')
const CSEQ = /^(\d{1,10})\s+(\S+)$/
/** These stand in a message once. */
const SINGLE = ['from', 'to', 'call-id', 'cseq', 'max-forwards', 'event', 'expires'] as const

/** Throws MalformedPacket with the name of the header that is missing, there too often or not readable as its code. */
export function essentials(message: SipMessage): Essentials {
  for (const name of SINGLE) {
    if (message.headers.filter(([other]) => other === name).length > 1) throw bad(name, 'there are several')
  }
  const [topVia] = headerList(message, 'via')
  const cseq = CSEQ.exec(needed(message, 'cseq'))
  const number = Number(cseq?.[1])
  if (!cseq || number >= 2 ** 31) throw bad('cseq', 'no number below 2^31 and method')
  const method = cseq[2] ?? ''
  if (message.kind === 'request' && method !== message.method) throw bad('cseq', `${method} in a ${message.method}`)
  return {
    via: readVia(topVia ?? ''),
    from: readNameAddress(needed(message, 'from'), 'from'),
    to: readNameAddress(needed(message, 'to'), 'to'),
    callId: needed(message, 'call-id'),
    cseq: { number, method },
  }
}

export function readVia(text: string): Via {
  const match = VIA.exec(text)
  const port = readPort(match?.[3])
  if (!match || port === null) throw bad('via', 'not "SIP/2.0/transport host"')
  return { transport: (match[1] ?? '').toUpperCase(), host: match[2] ?? '', port, parameters: readParameters(match[4]) }
}

/** `"Anna" <sip:anna@example.com>;tag=1`, or the URI alone: then all parameters are the header's [RFC 3261 §20]. */
export function readNameAddress(text: string, name = 'contact'): NameAddress {
  const bracketed = /^(?:"(?:[^"\\]|\\.)*"|[^"<>]*)\s*<([^<>]*)>\s*(?:;(.*))?$/s.exec(text)
  if (bracketed) return { uri: (bracketed[1] ?? '').trim(), parameters: readParameters(bracketed[2]) }
  const [uri = '', ...rest] = text.split(';')
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:[^\s"<>,]+$/.test(uri.trim())) throw bad(name, 'no address')
  return { uri: uri.trim(), parameters: readParameters(rest.join(';')) }
}

/** Undefined for anything but a sip: or sips: URI. */
export function readUri(text: string): SipUri | undefined {
  const match = URI.exec(text)
  const port = readPort(match?.[4])
  if (!match || port === null) return undefined
  const scheme = match[1]?.toLowerCase() === 'sips' ? 'sips' : 'sip'
  return { scheme, user: match[2] ?? '', host: match[3] ?? '', port, parameters: readParameters(match[5]) }
}

/** `profile-type="application";model="440HD"`: semicolons in quotes separate nothing. */
export function readParameters(text = ''): Parameters {
  const found = new Map<string, string>()
  for (const [, name = '', quoted, plain] of text.matchAll(
    /\s*([^=;"\s]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*)))?\s*(?:;|$)/g,
  )) {
    const value = quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll(/\\(.)/g, '$1')
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), value)
  }
  return found
}

function needed(message: SipMessage, name: string): string {
  const value = header(message, name)
  if (!value) throw bad(name, 'missing')
  return value
}

/** Undefined where none is given, null where it is no port. */
function readPort(text: string | undefined): number | undefined | null {
  if (text === undefined) return undefined
  const port = Number(text)
  return port > 0 && port < 65_536 ? port : null
}

function bad(name: string, why: string): MalformedPacket {
  return new MalformedPacket(name, `${name}: ${why}`)
}

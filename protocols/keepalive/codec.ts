// SPDX-License-Identifier: Apache-2.0

import { scanObject } from '#protocols/lib/lenient-json'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { MalformedPacket } from '#protocols/lib/malformed'
import { bodyText, cleanText, countCharacters } from '#protocols/lib/text'
import type { StatusReport } from './port.ts'

/** What the request line and the connection tell: by whom a body was posted, and where to. */
export type Origin = Pick<StatusReport, 'operation' | 'peer' | 'prefix'>

export interface Decoded {
  readonly report: StatusReport
  /** False: the end of the body is missing, so its length was announced wrongly. */
  readonly whole: boolean
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

type Field = Exclude<keyof StatusReport, keyof Origin | 'mac' | 'extra'>

const LOCATION_LIMIT = 2_048
const EXTRA_LIMIT = 2_048
const FIELD_LIMIT = 256
const KEY_LIMIT = 64
const EXTRA_COUNT = 64
/** Stands for the MAC until one was read. */
const NO_MAC = '' as Mac
/** Levels of arrays and objects that an unknown key may hold. */
const DEPTH_LIMIT = 8

/** Keys as phones usually write them; every other case is taken too. */
const KEYS: Readonly<Record<string, Field | 'mac'>> = {
  mac: 'mac',
  status: 'status',
  ip: 'ip',
  subnet: 'subnet',
  model: 'model',
  fwVersion: 'firmware',
  userAgent: 'userAgent',
  userName: 'userName',
  userId: 'userId',
  phoneNumber: 'phoneNumber',
  location: 'location',
  vLanId: 'vlanId',
  vlanId: 'vlanId',
  sipProxy: 'sipProxy',
  sessionId: 'sessionId',
}
const FIELDS: ReadonlyMap<string, Field | 'mac'> = new Map(
  Object.entries(KEYS).flatMap(([key, field]) => [
    [key, field],
    [key.toLowerCase(), field],
  ]),
)

/** `emsUserName`, `emsUserPassword` and whatever looks like them: never kept, so that they can never be shown. */
const CREDENTIAL = /emsuser|passw|secret/i
/** The digest a phone sends as its password: not even under a key that was damaged on the way. */
const DIGEST = /^[0-9a-f]{32}$/i
/** Names that mean something to a JavaScript object. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
/** A wrong person would be created of half a name; better none. */
const PERSONAL: ReadonlySet<string> = new Set<Field>(['userName', 'userId', 'phoneNumber'])

/**
 * Decodes a keep-alive as leniently as phones need it. Throws MalformedPacket `not-an-object`, `mac` or
 * `location-too-long`.
 */
export function decode(bytes: Uint8Array, origin: Origin): Decoded {
  const text = bodyText(bytes)
  const draft = new Draft(origin)
  if (takeStrictly(text, draft)) return { report: draft.done(), whole: true }
  const end = scanObject(text, (key, value, cut) => draft.take(key, value, cut))
  if (end === 'none') throw new MalformedPacket('not-an-object', 'the body is no JSON object')
  return { report: draft.done(), whole: end === 'whole' }
}

/** The members of well-formed JSON; false when it is none. */
function takeStrictly(text: string, draft: Draft): boolean {
  let parsed: unknown
  try {
    parsed = JSON.parse(withoutTrailingComma(text))
  } catch {
    return false
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return false
  const members = parsed as Record<string, unknown>
  for (const key of Object.keys(members)) draft.take(key, textOf(members[key]), false)
  return true
}

/** Firmware ends its object in `,}`: so common that it must not cost an exception. */
function withoutTrailingComma(text: string): string {
  const end = text.trimEnd()
  if (!end.endsWith('}')) return text
  const members = end.slice(0, -1).trimEnd()
  return members.endsWith(',') ? `${members.slice(0, -1)}}` : text
}

/** A report while its members come in. Filled in place: this is the path that ten thousand phones take. */
class Draft {
  readonly #report: Mutable<StatusReport> & { extra: Record<string, string> }
  #extras = 0

  constructor({ operation, peer, prefix }: Origin) {
    this.#report = {
      operation,
      mac: NO_MAC,
      status: '',
      ip: '',
      subnet: '',
      model: '',
      firmware: '',
      userAgent: '',
      userName: '',
      userId: '',
      phoneNumber: '',
      location: '',
      vlanId: '',
      sipProxy: '',
      sessionId: '',
      extra: {},
      peer,
      prefix,
    }
  }

  take(key: string, value: string, cut: boolean): void {
    if (key.length > KEY_LIMIT) return
    const field = FIELDS.get(key) ?? FIELDS.get(cleanText(key, KEY_LIMIT).toLowerCase())
    switch (field) {
      case undefined:
        this.#takeExtra(cleanText(key, KEY_LIMIT), value)
        break
      case 'mac':
        this.#report.mac = parseMac(cleanText(value, FIELD_LIMIT)) ?? NO_MAC
        break
      case 'location':
        this.#report.location = location(value)
        break
      case 'status':
      case 'userName':
        if (!cut || field === 'status') this.#report[field] = cleanText(value, FIELD_LIMIT).toLowerCase()
        break
      default:
        if (!cut || !PERSONAL.has(field)) this.#report[field] = cleanText(value, FIELD_LIMIT)
    }
  }

  done(): StatusReport {
    if (this.#report.mac === NO_MAC) throw new MalformedPacket('mac', 'the body has no valid "mac"')
    return this.#report
  }

  #takeExtra(key: string, value: string): void {
    const { extra } = this.#report
    if (key === '' || RESERVED.has(key) || CREDENTIAL.test(key) || DIGEST.test(value)) return
    if (!Object.hasOwn(extra, key) && ++this.#extras > EXTRA_COUNT) return
    extra[key] = cleanText(value, EXTRA_LIMIT)
  }
}

function location(value: string): string {
  if (countCharacters(value) > LOCATION_LIMIT) {
    throw new MalformedPacket('location-too-long', `"location" has more than ${LOCATION_LIMIT} characters`)
  }
  return cleanText(value, 2 * LOCATION_LIMIT)
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null) return ''
  if (typeof value === 'object') return isShallow(value, DEPTH_LIMIT) ? JSON.stringify(value) : ''
  return String(value)
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1))
}

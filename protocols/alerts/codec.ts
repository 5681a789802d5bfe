// SPDX-License-Identifier: Apache-2.0
import { scanObjectWithList } from '#protocols/lib/lenient-json'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { MalformedPacket } from '#protocols/lib/malformed'
import { bodyText, cleanText } from '#protocols/lib/text'
import { dateOf } from './date.ts'
import type { Alert, AlertReport, AlertSeverity } from './port.ts'

/** Alerts read of one body; no phone sends a tenth of it. */
const ALERTS = 100
const SHORT = 256
const LONG = 2_048

type Text = 'name' | 'uniqueId' | 'description' | 'source' | 'type' | 'probableCause' | 'severity' | 'date'

/** Keys in lower case; the same alert may come with any spelling. */
const FIELDS: ReadonlyMap<string, Text> = new Map(
  (['name', 'uniqueId', 'description', 'source', 'type', 'probableCause', 'severity', 'date'] as const).map((field) => [
    field.toLowerCase(),
    field,
  ]),
)
const INFO = /^additionalinfo([1-3])$/

const SEVERITIES: Readonly<Record<string, AlertSeverity>> = {
  ...{ '0': 0, '1': 1, '2': 2, '3': 3, '4': 4, '5': 5 },
  ...{ clear: 0, cleared: 0, normal: 0, ok: 0, indeterminate: 1, info: 1, informational: 1 },
  ...{ warning: 2, minor: 3, major: 4, critical: 5 },
}

export interface Decoded {
  readonly report: AlertReport
  /** False: the end of the body is missing, so its length was announced wrongly. */
  readonly whole: boolean
}

/** Reads a body as leniently as keep-alives are read. Throws MalformedPacket `not-an-object` or `no-alerts`. */
export function decode(bytes: Uint8Array, origin: Pick<AlertReport, 'peer' | 'prefix'>): Decoded {
  const text = bodyText(bytes)
  const drafts: Draft[] = []
  const single = new Draft()
  let leftOut = 0
  let mac: Mac | undefined
  const end = scanObjectWithList(
    text,
    (key, value) => {
      if (key.toLowerCase() === 'mac') mac = parseMac(cleanText(value, SHORT))
      else single.take(key, value)
    },
    (key) => key.toLowerCase() === 'alerts',
    () => {
      if (drafts.length >= ALERTS) {
        leftOut++
        return undefined
      }
      const draft = new Draft()
      drafts.push(draft)
      return (key, value) => draft.take(key, value)
    },
  )
  if (end === 'none') throw new MalformedPacket('not-an-object', 'the body is no JSON object')
  // Without a list, the object itself may be the alert.
  const alerts = [...drafts, single].map((draft) => draft.done()).filter((alert) => alert !== undefined)
  if (alerts.length === 0 && !/"?alerts"?\s*:\s*\[\s*\]/i.test(text)) {
    throw new MalformedPacket('no-alerts', 'the body has no alert with a name')
  }
  return { report: { alerts, leftOut, mac, ...origin }, whole: end === 'whole' }
}

/** One alert while its members come in. */
class Draft {
  readonly #texts: Partial<Record<Text, string>> = {}
  readonly #info: [string, string, string] = ['', '', '']

  take(key: string, value: string): void {
    const name = cleanText(key, 64).toLowerCase()
    const field = FIELDS.get(name)
    const info = INFO.exec(name)?.[1]
    if (field) this.#texts[field] = cleanText(value, field === 'description' ? LONG : SHORT)
    else if (info) this.#info[Number(info) - 1] = cleanText(value, LONG)
  }

  /** Undefined without a name: nothing can be done with it. */
  done(): Alert | undefined {
    const { name = '', uniqueId = '', description = '', source = '', type = '', probableCause = '' } = this.#texts
    if (name === '') return undefined
    return {
      ...{ name, uniqueId, description, source, type, probableCause },
      mac: macIn(source),
      severity: severityOf(this.#texts.severity ?? ''),
      additionalInfo: this.#info.slice(0, this.#info.findLastIndex((text) => text !== '') + 1),
      date: dateOf(this.#texts.date ?? ''),
    }
  }
}

/** A number or a word; what is neither is indeterminate, never cleared. */
function severityOf(text: string): AlertSeverity {
  return SEVERITIES[text.toLowerCase().replace(/\.0+$/, '')] ?? 1
}

/** `IPPhone/<mac>`, `IPPhone:<mac>` or the MAC alone. */
function macIn(source: string): Mac | undefined {
  return parseMac(source.replace(/^\s*IPPhone\s*[/:]\s*/i, ''))
}

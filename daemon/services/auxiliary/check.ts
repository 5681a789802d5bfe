// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { DOMParser } from '@xmldom/xmldom'
import { parse } from 'csv-parse/sync'
import { type AuxiliaryKind, endingOf, KINDS } from '#daemon/domain/auxiliary'

/** What a file says of itself, or why it is refused, in a sentence. */
export type Checked =
  | { readonly kind: 'good'; readonly about: string; readonly expiresAt: number }
  | { readonly kind: 'wrong'; readonly why: string }

const good = (about: string, expiresAt = 0): Checked => ({ kind: 'good', about, expiresAt })
const wrong = (why: string): Checked => ({ kind: 'wrong', why })

/** Looks at a file's content; `now` is in milliseconds since the epoch. It never throws. */
export function checkAuxiliary(kind: AuxiliaryKind, name: string, bytes: Buffer, now: number): Checked {
  const { endings, most, title } = KINDS[kind]
  const ending = endingOf(name)
  if (!endings.includes(ending))
    return wrong(`${title}: the name must end with ${endings.map((e) => `.${e}`).join(', ')}.`)
  if (bytes.length === 0) return wrong('The file is empty.')
  if (bytes.length > most) return wrong(`The file is larger than ${most / 1024} KB.`)
  switch (kind) {
    case 'certificate':
      return certificate(bytes, now)
    case 'key':
      return key(bytes)
    case 'ring-tones':
      return ringTones(ending, bytes)
    case 'speed-dials':
      return speedDials(bytes)
    case 'directory':
      return ending === 'xml' ? xml(bytes) : lines(bytes)
  }
}

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

function certificate(bytes: Buffer, now: number): Checked {
  const text = bytes.toString('latin1')
  if (/PRIVATE KEY/.test(text))
    return wrong('It holds a private key. Upload the certificate alone: anybody can fetch it.')
  const all = text.match(PEM) ?? []
  if (all.length === 0) return wrong('It holds no certificate in PEM (-----BEGIN CERTIFICATE-----).')
  try {
    const read = all.map((one) => new X509Certificate(one))
    const late = read.find(({ validTo }) => Date.parse(validTo) <= now)
    if (late) return wrong(`The certificate of ${nameOf(late)} ran out on ${late.validTo}.`)
    const first = read[0]
    const ends = Math.min(...read.map(({ validTo }) => Date.parse(validTo)))
    return good(`${first ? nameOf(first) : ''}${read.length > 1 ? ` and ${read.length - 1} more` : ''}`, ends)
  } catch {
    return wrong('What stands between BEGIN CERTIFICATE and END CERTIFICATE is no certificate.')
  }
}

function nameOf({ subject }: X509Certificate): string {
  const flat = subject.split('\n').join(', ')
  return (/CN=([^\n]+)/.exec(subject)?.[1] ?? flat).slice(0, 120)
}

function key(bytes: Buffer): Checked {
  const text = bytes.toString('latin1')
  if (/ENCRYPTED/.test(text)) return wrong('The key has a passphrase: take it off, the key is kept encrypted here.')
  try {
    const { asymmetricKeyType = 'unknown', asymmetricKeyDetails } = createPrivateKey(text)
    const bits = asymmetricKeyDetails?.modulusLength ?? asymmetricKeyDetails?.namedCurve
    return good(`${asymmetricKeyType.toUpperCase()}${bits === undefined ? '' : ` ${bits}`}`)
  } catch {
    return wrong('It holds no private key in PEM (-----BEGIN PRIVATE KEY-----).')
  }
}

/** WAV as phones play it: A-law or µ-law at 8 kHz and 8 bits, or PCM at 16 kHz and 16 bits, one channel. */
function ringTones(ending: string, bytes: Buffer): Checked {
  if (ending === 'zip')
    return bytes.toString('latin1', 0, 4) === 'PK\x03\x04' ? good('ZIP archive') : wrong('It is no ZIP archive.')
  if (ending === 'tgz') return tarball(bytes)
  if (bytes.length < 44 || bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    return wrong('It is no WAV file.')
  }
  for (let at = 12; at + 24 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4)
    if (bytes.toString('latin1', at, at + 4) === 'fmt ') {
      const [format, channels] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)]
      const [rate, bits] = [bytes.readUInt32LE(at + 12), bytes.readUInt16LE(at + 22)]
      const law = (format === 6 || format === 7) && rate === 8_000 && bits === 8
      const pcm = format === 1 && rate === 16_000 && bits === 16
      if (!law && !pcm)
        return wrong(
          `Phones play A-law or µ-law at 8 kHz, or PCM at 16 kHz and 16 bits; this has ${rate} Hz, ${bits} bits.`,
        )
      return good(
        `${law ? 'A-law or µ-law' : 'PCM'}, ${rate / 1_000} kHz${channels === 1 ? '' : `, ${channels} channels`}`,
      )
    }
    at += 8 + length + (length % 2)
  }
  return wrong('The WAV file does not say its format.')
}

function tarball(bytes: Buffer): Checked {
  try {
    const tar = gunzipSync(bytes, { maxOutputLength: 64 * 2 ** 20 })
    return tar.toString('latin1', 257, 262) === 'ustar' ? good('tar archive') : wrong('It holds no tar archive.')
  } catch {
    return wrong('It is no tar archive compressed with gzip, or larger than 64 MB unpacked.')
  }
}

/** `<memory key>,<number>,0` in each line. */
function speedDials(bytes: Buffer): Checked {
  const text = textOf(bytes)
  if (text === undefined) return wrong('It is not text in UTF-8.')
  const rows = text.split(/\r\n|\r|\n/)
  const seen = new Set<string>()
  for (const [index, row] of rows.entries()) {
    if (row.trim() === '') continue
    const [place = '', number = '', type = '', ...more] = row.split(',').map((cell) => cell.trim())
    const right =
      /^[1-9]\d{0,2}$/.test(place) && /^[^\s,\p{Cc}]{1,128}$/u.test(number) && type === '0' && more.length === 0
    if (!right) return wrong(`Line ${index + 1} is not <memory key>,<number>,0.`)
    if (seen.has(place)) return wrong(`Line ${index + 1}: the memory key ${place} comes twice.`)
    seen.add(place)
  }
  return seen.size > 0
    ? good(seen.size === 1 ? '1 speed dial' : `${seen.size} speed dials`)
    : wrong('It holds no speed dial.')
}

function xml(bytes: Buffer): Checked {
  const text = textOf(bytes)
  if (text === undefined) return wrong('It is not text in UTF-8.')
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return wrong('It declares a document type, which phones do not need.')
  let trouble = ''
  const onError = (level: string, message: string) => {
    if (level !== 'warning') trouble ||= message.split('\n', 1)[0] ?? ''
  }
  try {
    const root = new DOMParser({ onError }).parseFromString(text, 'text/xml').documentElement
    if (trouble === '' && root) return good(`XML, ${root.nodeName.slice(0, 60)}`)
  } catch (error) {
    trouble ||= error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : ''
  }
  return wrong(`It is no well-formed XML: ${trouble.slice(0, 200) || 'it has no element'}.`)
}

function lines(bytes: Buffer): Checked {
  const text = textOf(bytes)
  if (text === undefined) return wrong('It is not text in UTF-8.')
  try {
    const rows: unknown[] = parse(text, { relax_column_count: true, skip_empty_lines: true, bom: true })
    return rows.length > 0 ? good(rows.length === 1 ? '1 line' : `${rows.length} lines`) : wrong('It holds no line.')
  } catch (error) {
    return wrong(`It is no CSV: ${error instanceof Error ? error.message.slice(0, 200) : ''}.`)
  }
}

function textOf(bytes: Buffer): string | undefined {
  const text = isUtf8(bytes) ? bytes.toString('utf8').replace(/^\ufeff/, '') : undefined
  return text === undefined || text.includes('\0') ? undefined : text
}

// SPDX-License-Identifier: Apache-2.0
import type { DirectoryFormat } from '#daemon/domain/directory-file'

export interface FileText {
  readonly text: string
  /** For people; empty for UTF-8. */
  readonly encoding: string
}

/** Reads what spreadsheets and mail programs write: UTF-8, UTF-16 with its mark, else the code page of western Windows. */
export function fileText(bytes: Uint8Array): FileText {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return { text: decode(bytes, 'utf-16le'), encoding: 'UTF-16' }
  if (first === 0xfe && second === 0xff) return { text: decode(bytes, 'utf-16be'), encoding: 'UTF-16' }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: '' }
  } catch {
    return { text: windows1252(bytes), encoding: 'Windows-1252, as it is no UTF-8' }
  }
}

const ENDINGS: Readonly<Record<string, DirectoryFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  ldif: 'ldif',
  ldi: 'ldif',
  vcf: 'vcard',
  vcard: 'vcard',
}

/** By how the text begins, else by the file's ending, else CSV. */
export function formatOf(name: string, text: string): DirectoryFormat {
  const start = text.slice(0, 4096).replace(/^\ufeff/, '')
  if (/^\s*BEGIN:VCARD\s/i.test(start)) return 'vcard'
  if (/^(?:#.*\r?\n|\s)*(?:version:|dn::? )/i.test(start)) return 'ldif'
  return ENDINGS[/\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''] ?? 'csv'
}

/** From 0x80 to 0x9f: what Windows has where Latin-1 has control characters. Node's own decoder leaves them be. */
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

function windows1252(bytes: Uint8Array): string {
  const latin = decode(bytes, 'latin1')
  return latin.replaceAll(/[\u0080-\u009f]/g, (char) => WINDOWS[char.charCodeAt(0) - 0x80] ?? char)
}

function decode(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(bytes)
}

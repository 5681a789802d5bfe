// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A golden is a text file that a person can read and a capture can be pasted into:
 *
 *     # What it is, and where it was seen.
 *     --- packet
 *     01 01 06 00            op BOOTREQUEST, htype Ethernet, hlen 6, hops 0
 *     63 82 53 63            magic cookie
 *     --- message
 *     { "op": 1 }
 *
 * Lines before the first `---` are comments. In a section of bytes, two blanks end the hex and begin the remark.
 */
export interface Golden {
  readonly name: string
  readonly sections: Readonly<Record<string, string>>
}

/** Every `*.txt` of a folder, by name. An empty folder is an error: a suite without goldens proves nothing. */
export function goldens(folder: string): Golden[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.txt'))
  if (files.length === 0) throw new Error(`no goldens in ${folder}`)
  return files.sort().map((file) => ({
    name: file.slice(0, -4),
    sections: sectionsOf(readFileSync(join(folder, file), 'utf8')),
  }))
}

export function section(golden: Golden, name: string): string {
  const text = golden.sections[name]
  if (text === undefined) throw new Error(`${golden.name}: no section "--- ${name}"`)
  return text
}

/** The bytes of an annotated hex section; `00 * 64` repeats a byte. */
export function hexBytes(text: string): Uint8Array {
  const bytes: number[] = []
  for (const line of text.split('\n')) {
    const hex = (line.trim().split(/\s{2,}/)[0] ?? '').trim()
    if (hex === '' || hex.startsWith('#')) continue
    const repeat = /^([0-9a-f]{2}) \* (\d+)$/i.exec(hex)
    if (repeat) {
      for (let i = 0; i < Number(repeat[2]); i++) bytes.push(Number.parseInt(repeat[1] ?? '', 16))
      continue
    }
    if (!/^([0-9a-f]{2}\s?)+$/i.test(hex)) throw new Error(`not hex: ${line}`)
    for (const pair of hex.replaceAll(/\s/g, '').match(/../g) ?? []) bytes.push(Number.parseInt(pair, 16))
  }
  return Uint8Array.from(bytes)
}

function sectionsOf(text: string): Record<string, string> {
  const sections: Record<string, string> = {}
  let current: string | undefined
  for (const line of text.split('\n')) {
    const heading = /^--- (.+)$/.exec(line)
    if (heading) {
      current = (heading[1] ?? '').trim()
      sections[current] = ''
    } else if (current !== undefined) sections[current] += `${line}\n`
  }
  return sections
}

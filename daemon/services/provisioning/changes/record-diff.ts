// SPDX-License-Identifier: Apache-2.0
import { diffLines } from '#daemon/domain/provisioning/line-diff'
import type { RecordChange } from '#daemon/domain/provisioning/revision'
import { MASK } from '#daemon/services/provisioning/disclosure'
import type { RecordDiff } from '#web/ports/changes'
import { isSealed, maskedLine } from './secrecy.ts'

/** A record before and after, as lines that people can read. */
export function recordDiff({ table, key, before, after }: RecordChange): RecordDiff {
  const deed = before === undefined ? 'made' : after === undefined ? 'removed' : 'changed'
  const lines = diffLines(linesOf(before), linesOf(after)).map(({ sign, text }) => ({ sign, text: shown(text) }))
  return { table, key, deed, lines }
}

/** Between the name and a sealed value, so that it is known as one again. */
const SEALED = ': sealed '

function linesOf(value: unknown, path = ''): string[] {
  if (value === undefined || value === null || value === '') return []
  if (typeof value === 'string') {
    if (isSealed(value)) return [`${path}${SEALED}${value}`]
    return /[\r\n]/.test(value) ? [`${path}:`, ...value.split(/\r\n|\r|\n/)] : [`${path}: ${value}`]
  }
  if (Array.isArray(value)) {
    if (value.every((one) => typeof one !== 'object')) return value.length > 0 ? [`${path}: ${value.join(', ')}`] : []
    return value.map((one) => `${path}: ${JSON.stringify(one)}`)
  }
  if (typeof value !== 'object') return [`${path}: ${value}`]
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, inner]) => linesOf(inner, path === '' ? name : `${path} ${name}`))
}

function shown(line: string): string {
  const at = line.indexOf(SEALED)
  return at >= 0 && isSealed(line.slice(at + SEALED.length)) ? `${line.slice(0, at)}: ${MASK}` : maskedLine(line)
}

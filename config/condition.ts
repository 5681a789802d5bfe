// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { hexDigits } from './option.ts'

/** Which clients a class is for. Text and hex as `when` says them; see `daemon/domain/dhcp/model.ts`. */
export type ConditionConfig =
  | { readonly kind: 'vendorClass' | 'userClass' | 'model'; readonly text: string; readonly prefix: boolean }
  | { readonly kind: 'oui'; readonly oui: string }
  | { readonly kind: 'mac'; readonly prefix: string }
  | { readonly kind: 'circuitId' | 'remoteId'; readonly hex: string }
  | { readonly kind: 'subnet'; readonly name: string }
  | { readonly kind: 'phone' }
  | { readonly kind: 'all' | 'any'; readonly of: readonly ConditionConfig[] }
  | { readonly kind: 'not'; readonly of: ConditionConfig }

type Complain = (path: readonly (string | number)[], message: string) => void

const KINDS = 'vendorClass, userClass, model, oui, mac, circuitId, remoteId, subnet, phone, all, any, not'
/** Deeper ones nobody can read, and a hostile file could make endless. */
const DEEPEST = 8
const NEVER: ConditionConfig = { kind: 'any', of: [] }

/** `{vendorClass: 440HD*}`; several keys must all hold; `all`, `any` and `not` hold further ones. */
export const condition = z
  .unknown()
  .transform(
    (tree, ctx): ConditionConfig =>
      read(tree, [], (path, message) => ctx.addIssue({ code: 'custom', path: [...path], message })),
  )

function read(tree: unknown, path: readonly (string | number)[], complain: Complain): ConditionConfig {
  if (path.length > DEEPEST * 2) return refuse(complain, path, `conditions go ${DEEPEST} levels deep at most`)
  const isTree = typeof tree === 'object' && tree !== null && !Array.isArray(tree)
  const entries: [string, unknown][] = isTree ? Object.entries(tree) : []
  if (entries.length === 0) return refuse(complain, path, `a condition is needed, of ${KINDS}`)
  const all = entries.map(([key, value]) => readOne(key, value, [...path, key], complain))
  const [first] = all
  return all.length === 1 && first ? first : { kind: 'all', of: all }
}

function readOne(key: string, value: unknown, path: readonly (string | number)[], complain: Complain): ConditionConfig {
  switch (key) {
    case 'vendorClass':
    case 'userClass':
    case 'model': {
      const text = typeof value === 'number' ? String(value) : value
      if (typeof text !== 'string' || text === '') return refuse(complain, path, 'a text is needed, e.g. 440HD*')
      return { kind: key, text: text.replace(/\*$/, ''), prefix: text.endsWith('*') }
    }
    case 'oui':
    case 'mac': {
      const digits = typeof value === 'string' ? value.replace(/\*$/, '').replaceAll(/[:.-]/g, '').toLowerCase() : ''
      const fits = key === 'oui' ? digits.length === 6 : digits.length >= 1 && digits.length <= 12
      if (!fits || !/^[0-9a-f]+$/.test(digits))
        return refuse(complain, path, 'hex digits in quotes are needed, e.g. "00:90:8f"')
      return key === 'oui' ? { kind: key, oui: digits } : { kind: key, prefix: digits }
    }
    case 'circuitId':
    case 'remoteId': {
      const hex = bytesOf(value)
      return hex ? { kind: key, hex } : refuse(complain, path, 'a text is needed, or "0x…" in quotes')
    }
    case 'subnet':
      if (typeof value !== 'string') return refuse(complain, path, 'the name of a subnet is needed')
      return { kind: key, name: value }
    case 'phone':
      if (typeof value !== 'boolean') return refuse(complain, path, 'true or false is needed')
      return value ? { kind: key } : { kind: 'not', of: { kind: key } }
    case 'all':
    case 'any':
      if (!Array.isArray(value) || value.length === 0) return refuse(complain, path, 'a list of conditions is needed')
      return { kind: key, of: value.map((one, index) => read(one, [...path, index], complain)) }
    case 'not':
      return { kind: key, of: read(value, path, complain) }
    default:
      return refuse(complain, path, `there is no condition "${key}", only ${KINDS}`)
  }
}

/** What a relay or client wrote there: bytes as `0x…`, or as text. */
export function bytesOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > 500) return undefined
  return value.startsWith('0x') ? hexDigits(value) : Buffer.from(value, 'utf8').toString('hex')
}

/** Conditions that hold for the same clients by their very words have the same text. */
export function canonical(condition: ConditionConfig): string {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return `${condition.kind}(${condition.of.map(canonical).sort().join(',')})`
    case 'not':
      return `not(${canonical(condition.of)})`
    default:
      return JSON.stringify(condition).toLowerCase()
  }
}

/** The subnets that a condition names. */
export function subnetsIn(condition: ConditionConfig): string[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.flatMap(subnetsIn)
    case 'not':
      return subnetsIn(condition.of)
    default:
      return condition.kind === 'subnet' ? [condition.name] : []
  }
}

function refuse(complain: Complain, path: readonly (string | number)[], message: string): ConditionConfig {
  complain(path, message)
  return NEVER
}

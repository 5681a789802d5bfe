// SPDX-License-Identifier: Apache-2.0
import type { LintCode } from './lint-codes.ts'
import type { ParameterFacts } from './parameter.ts'

/** What is wrong with a value. */
export interface Complaint {
  readonly code: LintCode
  readonly message: string
}

/** `{"…"}`: encrypted with a key that only phones have. It passes as it is. */
export const OPAQUE = /^\{"[^"]*"\}$/
/** What `crypt` makes: `$1$salt$digest`. */
const HASHED = /^\$[0-9a-z]{1,2}\$[^$]*\$/i
const SECRET_KEY = /(^|[/_])(password|passwd|psw|secret|passphrase|pin_code|lock_pin)$/i
const MOST_CHOICES = 12

/** Undefined when one of the variants takes it. An empty value clears what was set, whatever the type. */
export function checkValue(variants: readonly ParameterFacts[], value: string): Complaint | undefined {
  if (value === '' || OPAQUE.test(value)) return undefined
  let first: Complaint | undefined
  for (const facts of variants) {
    const complaint = complaintOf(facts, value)
    if (!complaint) return undefined
    first ??= complaint
  }
  return first
}

/** Whether a value of `key` is one that must not be read by everybody. */
export function isSecretKey(key: string, variants: readonly ParameterFacts[]): boolean {
  // Some switches are encrypted, too: a 0 or 1 is no secret worth a word.
  return SECRET_KEY.test(key) || variants.some(({ secured, type }) => secured && type !== 'bool' && type !== 'int')
}

export function isReadableSecret(value: string): boolean {
  return value !== '' && !OPAQUE.test(value) && !HASHED.test(value)
}

function complaintOf(facts: ParameterFacts, value: string): Complaint | undefined {
  if (facts.type === 'int') return numberComplaint(facts, value)
  if (facts.type === 'bool' && value !== '0' && value !== '1') {
    return { code: 'wrong-type', message: 'Write 1 for on or 0 for off.' }
  }
  if (facts.type === 'enum') return choiceComplaint(facts.values ?? [], value)
  if (facts.maxLength !== undefined && lengthOf(value) > facts.maxLength) {
    return { code: 'too-long', message: `The phone keeps at most ${facts.maxLength} characters of this.` }
  }
  return undefined
}

function numberComplaint({ min, max }: ParameterFacts, value: string): Complaint | undefined {
  const range = min !== undefined && max !== undefined ? ` from ${min} to ${max}` : ''
  if (!/^-?(\d{1,15}|0x[0-9a-f]{1,12})$/i.test(value)) {
    return { code: 'wrong-type', message: `Write a whole number${range}.` }
  }
  const number = value.startsWith('-') ? -Number(value.slice(1)) : Number(value)
  const fits = number >= (min ?? Number.NEGATIVE_INFINITY) && number <= (max ?? Number.POSITIVE_INFINITY)
  if (fits) return undefined
  const least = min === undefined ? '' : ` at least ${min}`
  const most = max === undefined ? '' : ` at most ${max}`
  return { code: 'out-of-range', message: `The number must be${range || least || most}.` }
}

function choiceComplaint(values: readonly string[], value: string): Complaint | undefined {
  const wanted = value.toLowerCase()
  const names = values.map((choice) => choice.split('=')[0] ?? '')
  const known = values.some((choice) => choice.toLowerCase().split('=').includes(wanted))
  if (known || values.length === 0) return undefined
  const shown = names.slice(0, MOST_CHOICES).join(', ')
  const more = names.length > MOST_CHOICES ? ` or one of ${names.length - MOST_CHOICES} more` : ''
  return { code: 'unknown-value', message: `Known values are ${shown}${more}.` }
}

/** Phones count bytes. */
function lengthOf(value: string): number {
  return /^[ -~]*$/.test(value) ? value.length : new TextEncoder().encode(value).length
}

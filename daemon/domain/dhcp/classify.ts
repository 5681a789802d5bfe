// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import type { ClientClass, Condition, Subnet } from './model.ts'

/** What a message tells of its client, as far as classes and options go. The DHCP port's queries are such facts. */
export interface ClientFacts {
  readonly mac: Mac
  /** Option 61 in hex, else the hardware address. */
  readonly clientKey: string
  readonly vendorClass: string | undefined
  /** Option 77; several classes are joined by commas. */
  readonly userClass: string | undefined
  readonly circuitId: string | undefined
  readonly remoteId: string | undefined
  /** Option 55. */
  readonly wanted: readonly number[]
}

/** A phone of ours; the model is empty when only its maker is known. */
export interface KnownPhone {
  readonly model: string
}

/** How one condition came out, and the value that decided it. */
export interface Finding {
  readonly condition: Condition
  readonly holds: boolean
  /** Undefined when the message had no such value; empty for `all`, `any` and `not`. */
  readonly saw: string | undefined
  /** The parts of `all`, `any` and `not`. */
  readonly parts: readonly Finding[]
}

export interface ClassVerdict {
  readonly name: string
  readonly member: boolean
  readonly because: Finding
}

const NO_PARTS: readonly Finding[] = []

/** Tries every class, and keeps why the client is in it or is not. */
export function classify(
  classes: readonly ClientClass[],
  subnet: Subnet,
  facts: ClientFacts,
  phone: KnownPhone | undefined,
): ClassVerdict[] {
  return classes.map(({ name, when }) => {
    const because = check(when, subnet, facts, phone)
    return { name, member: because.holds, because }
  })
}

function check(condition: Condition, subnet: Subnet, facts: ClientFacts, phone: KnownPhone | undefined): Finding {
  const told = (saw: string | undefined, holds: boolean): Finding => ({ condition, holds, saw, parts: NO_PARTS })
  switch (condition.kind) {
    case 'vendorClass':
      return told(facts.vendorClass, matches(facts.vendorClass, condition))
    case 'userClass':
      return told(facts.userClass, facts.userClass?.split(',').some((one) => matches(one, condition)) === true)
    case 'model':
      return told(phone?.model, matches(phone?.model, condition))
    case 'oui':
      return told(facts.mac.slice(0, 6), facts.mac.startsWith(condition.oui))
    case 'mac':
      return told(facts.mac, facts.mac.startsWith(condition.prefix))
    case 'circuitId':
    case 'remoteId':
      return told(facts[condition.kind], facts[condition.kind] === condition.hex)
    case 'subnet':
      return told(subnet.name, subnet.name === condition.name)
    case 'phone':
      return told(phone && (phone.model || 'a phone of unknown model'), phone !== undefined)
    case 'all':
    case 'any':
    case 'not': {
      const inner = condition.kind === 'not' ? [condition.of] : condition.of
      const parts = inner.map((one) => check(one, subnet, facts, phone))
      return { condition, holds: combine(condition.kind, parts), saw: '', parts }
    }
  }
}

function combine(kind: 'all' | 'any' | 'not', parts: readonly Finding[]): boolean {
  if (kind === 'all') return parts.every(({ holds }) => holds)
  const any = parts.some(({ holds }) => holds)
  return kind === 'any' ? any : !any
}

function matches(
  saw: string | undefined,
  { text, prefix }: { readonly text: string; readonly prefix: boolean },
): boolean {
  if (saw === undefined) return false
  const [a, b] = [saw.toLowerCase(), text.toLowerCase()]
  return prefix ? a.startsWith(b) : a === b
}

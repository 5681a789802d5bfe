// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod'
import { OPTION_KINDS, type OptionType, type OptionValue, optionCode, type SubOption } from '#protocols/lib/dhcp-option'
import { type Ipv4, parseCidr, parseIpv4 } from '#protocols/lib/ipv4'
import { live } from './fields.ts'

/** Options that the server works out for each message; the configuration cannot set them. */
const OWN: ReadonlySet<number> = new Set([1, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 80, 82])
const TYPES = ['ipv4', 'text', 'uint8', 'uint16', 'uint32', 'int32', 'hex', 'fqdn', 'sip', 'routes', 'tlv'] as const
const LONGEST = 1_000
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?$/i

/** One option: by name (`dns-servers`) or code, with a value of its type, or of the type given. */
export const option = z
  .strictObject({
    option: z.union([z.string(), z.int()]).meta(live('Option', 'Its name, e.g. dns-servers, or its code.')),
    type: z.enum(TYPES).optional().meta(live('Type', 'Needed for options that have no name, and for unusual values.')),
    value: z.unknown().meta(live('Value', 'One value or a list, by the type of the option.')),
    enterprise: z.int().min(0).max(0xffffffff).optional().meta(live('Enterprise', 'For option 125 (RFC 3925).')),
    always: z.boolean().optional().meta(live('Always', 'Send it to clients that do not ask for it, too.')),
  })
  .transform(({ option: key, type: given, value, enterprise, always }, ctx) => {
    const refuse = (at: string, message: string) => {
      ctx.addIssue({ code: 'custom', path: [at], message })
      return z.NEVER
    }
    const code = optionCode(String(key))
    if (code === undefined) return refuse('option', `there is no option "${key}"`)
    if (OWN.has(code)) return refuse('option', `option ${code} is worked out by the server for each message`)
    const type = given ?? OPTION_KINDS.get(code)?.type
    if (!type) return refuse('option', `option ${code} has no type of its own: add "type", one of ${TYPES.join(', ')}`)
    if ((code === 125) !== (enterprise !== undefined))
      return refuse('option', 'option 125, and no other, has an enterprise')
    const read = readValue(type, value, enterprise)
    if (typeof read === 'string') return refuse('value', read)
    return { code, value: read, ...(always !== undefined && { always }) }
  })

export type OptionConfig = z.output<typeof option>

/** The options of one layer, each at most once. */
export const options = z
  .array(option)
  .default([])
  .superRefine((list, ctx) => {
    for (const [index, { code }] of list.entries()) {
      if (list.findIndex((other) => other.code === code) === index) continue
      ctx.addIssue({ code: 'custom', path: [index, 'option'], message: `option ${code} is set twice here` })
    }
  })

/** Options for everybody: the provisioning URL is not among them, lest another maker's phone follow it. */
export const sharedOptions = options.superRefine((list, ctx) => {
  for (const [index, { code }] of list.entries()) {
    if (code !== 160) continue
    const message = 'option 160 is for phones of ours only: set provisioningUrl, or a class, reservation or device'
    ctx.addIssue({ code: 'custom', path: [index, 'option'], message })
  }
})

/** The typed value, or what is wrong with it. */
function readValue(type: OptionType, value: unknown, enterprise?: number): OptionValue | string {
  switch (type) {
    case 'ipv4':
      return listOf(value, 'an IPv4 address', parseIpv4, (addresses) => ({ type, value: addresses }))
    case 'text':
      if (typeof value !== 'string' && typeof value !== 'number') return 'a text is needed'
      return String(value).length <= LONGEST && value !== '' ? { type, value: String(value) } : 'too long, or empty'
    case 'hex': {
      const digits = hexDigits(value)
      return digits === undefined ? 'hex digits in quotes are needed, e.g. "0x0a01"' : { type, value: digits }
    }
    case 'fqdn':
      return listOf(value, 'a domain name', domainName, (names) => ({ type, value: names }))
    case 'sip':
      return sipServers(value)
    case 'routes':
      return listOf(value, 'a route such as {to: 10.0.0.0/8, via: 10.1.0.1}', route, (list) => ({ type, value: list }))
    case 'tlv':
      return subOptions(value, enterprise)
    default: {
      const [least, most] = RANGES[type]
      if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
        return { type, value }
      return `a whole number from ${least} to ${most} is needed`
    }
  }
}

const RANGES = {
  uint8: [0, 0xff],
  uint16: [0, 0xffff],
  uint32: [0, 0xffffffff],
  int32: [-0x80000000, 0x7fffffff],
} as const

/** Names or addresses, but not both: the encoding octet tells one for all [RFC 3361 §3]. */
function sipServers(value: unknown): OptionValue | string {
  const read = listOf(value, 'a host name or address', hostOrAddress, (servers) => ({ type: 'sip', value: servers }))
  if (typeof read === 'string' || read.type !== 'sip') return read
  const addresses = read.value.filter((server) => parseIpv4(server)).length
  return addresses === 0 || addresses === read.value.length ? read : 'names or addresses, not both'
}

/** `[{code: 1, value: text}, {code: 10, type: uint16, value: 100}]`, behind one length octet each. */
function subOptions(value: unknown, enterprise: number | undefined): OptionValue | string {
  if (!Array.isArray(value)) return 'a list of sub-options is needed, e.g. [{code: 1, value: text}]'
  const list: SubOption[] = []
  let length = 0
  for (const one of value) {
    const read = subOption.safeParse(one)
    if (!read.success) return `a sub-option is {code: 1…254, type, value}: ${read.error.issues[0]?.message}`
    const inner = readValue(read.data.type, read.data.value)
    if (typeof inner === 'string') return `sub-option ${read.data.code}: ${inner}`
    if (lengthOf(inner) > 255) return `sub-option ${read.data.code}: longer than 255 bytes`
    length += lengthOf(inner) + 2
    list.push({ code: read.data.code, value: inner })
  }
  if (enterprise !== undefined && length > 255) return 'the sub-options are longer than 255 bytes'
  return { type: 'tlv', value: list, ...(enterprise !== undefined && { enterprise }) }
}

const subOption = z.strictObject({
  code: z.int().min(1).max(254),
  type: z.enum(['ipv4', 'text', 'uint8', 'uint16', 'uint32', 'int32', 'hex']).default('text'),
  value: z.unknown(),
})

/** Bytes on the wire of the kinds that sub-options have. */
function lengthOf(option: OptionValue): number {
  switch (option.type) {
    case 'ipv4':
      return option.value.length * 4
    case 'text':
      return Buffer.byteLength(option.value)
    case 'hex':
      return option.value.length / 2
    case 'uint8':
      return 1
    case 'uint16':
      return 2
    default:
      return 4
  }
}

function listOf<T>(
  value: unknown,
  what: string,
  read: (one: unknown & string) => T | undefined,
  make: (list: T[]) => OptionValue,
): OptionValue | string {
  const list: T[] = []
  for (const one of Array.isArray(value) ? value : [value]) {
    const found = read(one)
    if (found === undefined) return `${JSON.stringify(one)} is not ${what}`
    list.push(found)
  }
  return list.length > 0 && list.length <= 60 ? make(list) : `1 to 60 values are needed`
}

/** Labels of 1 to 63 characters, 253 in all [RFC 1035 §2.3.4]. */
export function domainName(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 253) return undefined
  const labels = text.replace(/\.$/, '').split('.')
  return labels.every((label) => LABEL.test(label)) ? text : undefined
}

function hostOrAddress(text: unknown): string | undefined {
  return typeof text === 'string' && parseIpv4(text) ? text : domainName(text)
}

function route(value: unknown): { to: NonNullable<ReturnType<typeof parseCidr>>; via: Ipv4 } | undefined {
  const read = z.strictObject({ to: z.string(), via: z.string() }).safeParse(value)
  if (!read.success) return undefined
  const to = parseCidr(read.data.to)
  const via = parseIpv4(read.data.via)
  return to && via && { to, via }
}

/** `0x0a01`, `0a01` or `0a:01` in lower case without separators; undefined when it is none. */
export function hexDigits(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const digits = value.replace(/^0x/i, '').replaceAll(/[:-]/g, '').toLowerCase()
  return /^(?:[0-9a-f]{2})+$/.test(digits) && digits.length <= LONGEST * 2 ? digits : undefined
}

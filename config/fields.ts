// SPDX-License-Identifier: Apache-2.0
import { Cron } from 'croner'
import { z } from 'zod'
import type { Endpoint } from '#protocols/lib/exchange'
import { contains, type Ipv4, ipv4FromNumber, ipv4ToNumber, parseCidr, parseIpv4 } from '#protocols/lib/ipv4'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { isTimeZone } from '#protocols/lib/time-zone'

/** What a field is for, beyond its type: shown in the form, the generated documentation and error messages. */
declare module 'zod' {
  interface GlobalMeta {
    /** Never logged, never exported in clear. */
    secret?: boolean
    /** A change takes effect only at the next start. */
    requiresRestart?: boolean
  }
}

/** A field that takes effect at the next start. */
export const restart = (title: string, description: string) => ({ title, description, requiresRestart: true })

/** A field that takes effect at once. */
export const live = (title: string, description: string) => ({ title, description })

export const ipv4 = z.string().transform((text, ctx): Ipv4 => {
  const address = parseIpv4(text)
  if (address === undefined) ctx.addIssue({ code: 'custom', message: `"${text}" is not an IPv4 address` })
  return address ?? ('0.0.0.0' as Ipv4)
})

/** An IANA time zone name, e.g. `Europe/Berlin`. */
export const timeZone = z
  .string()
  .refine(isTimeZone, { error: ({ input }) => `"${input}" is not an IANA time zone such as Europe/Berlin` })

/** A region's or site's name, or its path from the top: names with slashes between them. */
export const scopePath = z
  .string()
  .max(300)
  .regex(/^(?!\s)[^\\/\p{Cc}]{1,64}(\/[^\\/\p{Cc}]{1,64}){0,15}$/u, {
    error: 'a name, or names with slashes between them, such as Germany/Berlin is needed',
  })

/** A base DN in its plain form: `attribute=value` parts with commas between them, e.g. `dc=example,dc=com`. */
export const distinguishedName = z
  .string()
  .max(255)
  .regex(/^[a-z][a-z0-9-]*=[\p{L}\p{N} ._-]+(,[a-z][a-z0-9-]*=[\p{L}\p{N} ._-]+)*$/iu, {
    error: ({ input }) => `"${input}" is not a base DN such as dc=example,dc=com`,
  })

/** `address:port`, IPv4. */
export const endpoint = z.string().transform((text, ctx): Endpoint => {
  const [address = '', port = '', ...more] = text.split(':')
  const number = Number(port)
  if (parseIpv4(address) && /^\d{1,5}$/.test(port) && number <= 65535 && more.length === 0) {
    return { address, port: number }
  }
  ctx.addIssue({ code: 'custom', message: `"${text}" is not address:port, e.g. 0.0.0.0:8080` })
  return { address: '', port: 0 }
})

export const cidr = z.string().transform((text, ctx) => {
  const range = parseCidr(text)
  if (range) return range
  ctx.addIssue({ code: 'custom', message: `"${text}" is not a network such as 10.1.0.0/16` })
  return { network: 0, broadcast: 0, prefix: 32 }
})

export const mac = z.string().transform((text, ctx): Mac => {
  const found = parseMac(text)
  if (!found) ctx.addIssue({ code: 'custom', message: `"${text}" is not a MAC address` })
  return found ?? ('000000000000' as Mac)
})

/** `first-last`, both included, or one address. */
export const addressRange = z.string().transform((text, ctx) => {
  const parts = text.split('-').map((part) => parseIpv4(part.trim()))
  const [first, last = parts.length === 1 ? first : undefined] = parts
  if (first === undefined || last === undefined || parts.length > 2) {
    ctx.addIssue({ code: 'custom', message: `"${text}" is not a range such as 10.1.1.10-10.1.1.200` })
    return { first: 0, last: 0 }
  }
  const range = { first: ipv4ToNumber(first), last: ipv4ToNumber(last) }
  if (range.first > range.last) ctx.addIssue({ code: 'custom', message: `"${text}" ends before it begins` })
  return range
})

type Pool = z.infer<typeof addressRange> & { readonly exclude?: readonly z.infer<typeof addressRange>[] }

interface Pooled {
  readonly cidr: z.infer<typeof cidr>
  readonly pools: readonly Pool[]
}

/** Pools must lie inside their subnet and apart from each other. */
export function checkPools(subnet: Pooled, ctx: z.RefinementCtx): void {
  for (const [index, pool] of subnet.pools.entries()) {
    const complain = (message: string) => ctx.addIssue({ code: 'custom', path: ['pools', index], message })
    const { network, broadcast, prefix } = subnet.cidr
    const first = prefix < 31 ? network + 1 : network
    const last = prefix < 31 ? broadcast - 1 : broadcast
    if (pool.first < first || pool.last > last) {
      complain(`the pool is not inside ${ipv4FromNumber(network)}/${prefix} (usable: ${span({ first, last })})`)
    }
    for (const [at, { first, last }] of (pool.exclude ?? []).entries()) {
      if (first >= pool.first && last <= pool.last) continue
      const message = `the excluded addresses are not inside ${span(pool)}`
      ctx.addIssue({ code: 'custom', path: ['pools', index, 'exclude', at], message })
    }
    const twin = subnet.pools.findIndex((other) => pool.first <= other.last && other.first <= pool.last)
    if (twin !== index) complain(`the pool overlaps pool ${twin + 1}`)
  }
}

/** Subnets must not overlap, and need names of their own. */
export function checkSubnets(subnets: readonly (Pooled & { readonly name: string })[], ctx: z.RefinementCtx): void {
  for (const [index, { name, cidr }] of subnets.entries()) {
    for (const other of subnets.slice(0, index)) {
      if (other.name === name) ctx.addIssue({ code: 'custom', path: [index, 'name'], message: `"${name}" is taken` })
      if (contains(other.cidr, ipv4FromNumber(cidr.network)) || contains(cidr, ipv4FromNumber(other.cidr.network))) {
        ctx.addIssue({ code: 'custom', path: [index, 'cidr'], message: `the network overlaps that of "${other.name}"` })
      }
    }
  }
}

function span(range: { first: number; last: number }): string {
  return `${ipv4FromNumber(range.first)}-${ipv4FromNumber(range.last)}`
}

/** A password or key: written out, or in a file of its own (`{ file: … }`, or `{ credential: … }` as systemd passes it). */
export type Secret = string | { readonly file: string } | { readonly credential: string }

/** Never logged, never exported in clear. `least` is its shortest length when written out. */
export const secret = (least = 1) =>
  z.union([
    z.string().min(least),
    z.strictObject({ file: z.string().startsWith('/', 'the file needs its whole path') }),
    z.strictObject({ credential: z.string().regex(/^[\w.-]+$/, 'a credential has a plain name') }),
  ])

/** When something is done again and again: five fields, as crontab(5) has them. */
export const cronPattern = z.string().refine(isCron, {
  error: ({ input }) => `"${input}" is not a cron pattern of five fields, such as "0 3 * * *" (at three each night)`,
})

function isCron(text: string): boolean {
  try {
    return new Cron(text, { paused: true, mode: '5-part' }).nextRun() !== null
  } catch {
    return false
  }
}

// SPDX-License-Identifier: Apache-2.0
import { ipv4FromNumber, netmask } from '#protocols/lib/ipv4'
import { MODELS } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import type { ExportOption } from './export-option.ts'

/** What people wrote goes into a comment on one line: without what joins lines, or acts at once on a console. */
export function commentText(text: string): string {
  return text.replaceAll(/[\p{C}\p{Z}\\?]+/gu, ' ').trim()
}

/** Text that needs no care but for the quotes of the language it goes into. */
export function isPrintable(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

export function subnetTitle({ name, cidr }: ExportGroup['subnets'][number]): string {
  return `${commentText(name)}, ${ipv4FromNumber(cidr.network)}/${cidr.prefix}`
}

export function networkOf({ cidr }: ExportGroup['subnets'][number]): {
  readonly network: string
  readonly mask: string
} {
  return { network: ipv4FromNumber(cidr.network), mask: netmask(cidr) }
}

/** Text of an option if it is one, and printable. */
export function printableText({ value }: ExportOption): string | undefined {
  return value.type === 'text' && isPrintable(value.value) ? value.value : undefined
}

export function toHex(text: string): string {
  return Buffer.from(text).toString('hex')
}

/** `0a0b` → `0a:0b`. */
export function colons(hex: string): string {
  return hex.replaceAll(/(..)(?=.)/g, '$1:')
}

/** The known models that a condition is for. */
export function modelsOf({ text, prefix }: { readonly text: string; readonly prefix: boolean }): string[] {
  const wanted = text.toUpperCase()
  return MODELS.filter((model) => (prefix ? model.startsWith(wanted) : model === wanted))
}

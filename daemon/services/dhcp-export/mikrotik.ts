// SPDX-License-Identifier: Apache-2.0
import { bootFileOf, MODELS } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import type { ExportOption } from './export-option.ts'
import { alternatives, type Formula } from './formula.ts'
import { rangeTexts } from './own.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { subnetTitle, toHex } from './text.ts'

/** For MikroTik RouterOS 7.4 and later: matchers look for a model in options 60 and 77 and choose a set of options. */
export function mikrotikExport(plan: ExportPlan, cannot: CannotSay): string {
  const { groups } = plan
  const lines = [
    '# Written by Offhook for MikroTik RouterOS 7: put the names of your DHCP servers in, then paste it.',
    '# Phones that name no model in option 60 or 77 get nothing: a matcher cannot look at the hardware address.',
    ...groups.flatMap((group) => groupLines(group, plan, cannot)),
  ]
  return `${lines.join('\n')}\n`
}

function groupLines(group: ExportGroup, plan: ExportPlan, cannot: CannotSay): string[] {
  const { suffix, subnets, phone, bootFile, vendorClasses } = group
  const name = (what: string | number) => `offhook-${what}${suffix}`
  const server = (index: number) => `$offhookServer${suffix.slice(1)}n${index + 1}`
  const lines = subnets.map((subnet, index) => `# ${subnetTitle(subnet)}:\n:global ${server(index).slice(1)} "dhcp1"`)
  const adding = (set: string, options: readonly ExportOption[]) =>
    options.map((option) => `add name=${set}-${option.code} code=${option.code} value=${valueText(option)} force=yes`)

  lines.push('/ip dhcp-server option', ...adding(name('phone'), phone))
  if (bootFile !== undefined) {
    for (const model of MODELS) {
      lines.push(`add name=${name(model)}-67 code=67 value=${text(bootFileOf(bootFile, model))} force=yes`)
    }
  }
  for (const { vendorClass, options } of vendorClasses) lines.push(...adding(name(vendorClass), options))

  const codes = (set: string, options: readonly ExportOption[]) => options.map(({ code }) => `${set}-${code}`)
  lines.push('/ip dhcp-server option sets')
  for (const model of MODELS) {
    const boot = bootFile === undefined ? [] : [`${name(model)}-67`]
    lines.push(`add name=${name(model)} options=${[...codes(name('phone'), phone), ...boot].join(',')}`)
  }
  for (const { vendorClass, options } of vendorClasses) {
    lines.push(`add name=${name(vendorClass)} options=${codes(name(vendorClass), options).join(',')}`)
  }

  const own = ownLines(group, cannot, server)
  lines.push(...own.before, '/ip dhcp-server matcher', ...own.matchers, ...poolLines(group, plan, cannot, server))
  const matcher = (what: string, code: number, type: string) =>
    subnets.map(
      (_, index) =>
        `add name=${name(what)}-${code}-${index + 1} server=${server(index)} code=${code} matching-type=${type} ` +
        `value="${what}" option-set=${name(what)}`,
    )
  for (const { vendorClass } of vendorClasses) lines.push(...matcher(vendorClass, 60, 'exact'))
  for (const model of MODELS) lines.push(...matcher(model, 60, 'substring'), ...matcher(model, 77, 'substring'))
  return [...lines, ...leaseLines(group, plan, cannot, server)]
}

type ServerName = (index: number) => string

/** A matcher looks at one option: what needs two of them at once, or none of one, cannot be said. */
function ownLines({ suffix, subnets, own }: ExportGroup, cannot: CannotSay, server: ServerName) {
  const before: string[] = []
  const matchers: string[] = []
  for (const { label, formula, options, says } of own.toReversed()) {
    const found = looks(formula)
    if (!found) {
      for (const one of says) cannot.add(one)
      continue
    }
    const name = `offhook-${label}${suffix}`
    before.push('/ip dhcp-server option', ...options.map((one) => adding(`${name}-${one.code}`, one)))
    const list = options.map(({ code }) => `${name}-${code}`).join(',')
    before.push('/ip dhcp-server option sets', `add name=${name} options=${list}`)
    matchers.push(...subnets.flatMap((_, index) => matching(name, found, server(index), index, `option-set=${name}`)))
  }
  return { before, matchers }
}

function poolLines({ subnets }: ExportGroup, { gates }: ExportPlan, cannot: CannotSay, server: ServerName): string[] {
  return gates.flatMap(({ label, subnet, pool, formula }) => {
    const index = subnets.findIndex(({ name }) => name === subnet.name)
    if (index < 0) return []
    const found = looks(formula)
    if (!found) {
      cannot.add(pool)
      return []
    }
    const name = `offhook-${label}`
    return [
      ...['/ip pool', `add name=${name} ranges=${rangeTexts(pool, '-').join(',')}`, '/ip dhcp-server matcher'],
      ...matching(name, found, server(index), index, `address-pool=${name}`),
    ]
  })
}

function leaseLines({ subnets }: ExportGroup, { hosts }: ExportPlan, cannot: CannotSay, server: ServerName): string[] {
  return hosts.flatMap(({ label, subnet, reservation, options }) => {
    const index = subnets.findIndex(({ name }) => name === subnet.name)
    if (index < 0) return []
    const { by, address } = reservation
    if (by.kind === 'circuitId' || address === undefined) {
      cannot.add(reservation)
      return []
    }
    const name = `offhook-${label}`
    const own = options.map((one) => adding(`${name}-${one.code}`, one))
    const client = by.kind === 'mac' ? `mac-address=${colonsOf(by.mac)}` : `client-id="${shortBytes(by.hex)}"`
    const list = options.length > 0 ? ` dhcp-option=${options.map(({ code }) => `${name}-${code}`).join(',')}` : ''
    return [
      ...(own.length > 0 ? ['/ip dhcp-server option', ...own] : []),
      ...['/ip dhcp-server lease', `add server=${server(index)} address=${address} ${client}${list}`],
    ]
  })
}

interface Look {
  readonly code: number
  readonly type: string
  readonly text: string
}

function looks(formula: Formula): Look[] | undefined {
  const terms = alternatives(formula)
  const found = terms?.map(([first, ...rest]): Look[] => {
    if (!first || rest.length > 0 || first.negated) return []
    const { test } = first
    if (test.kind !== 'vendorClass' && test.kind !== 'userClass') return []
    if (!/^[\w .:/<>=@%&+,~-]+$/.test(test.text)) return []
    // A client has one set of options: another one would take a phone's away.
    if (MODELS.some((model) => model.startsWith(test.text) || test.text.includes(model))) return []
    const code = test.kind === 'vendorClass' ? 60 : 77
    return [{ code, type: test.prefix || code === 77 ? 'substring' : 'exact', text: test.text }]
  })
  return found?.every(({ length }) => length > 0) ? found.flat() : undefined
}

function matching(name: string, found: readonly Look[], server: string, index: number, gives: string): string[] {
  return found.map(
    ({ code, type, text }, number) =>
      `add name=${name}-${index + 1}-${number + 1} server=${server} code=${code} matching-type=${type} value="${text}" ${gives}`,
  )
}

function adding(name: string, option: ExportOption): string {
  return `add name=${name} code=${option.code} value=${valueText(option)}${option.always ? ' force=yes' : ''}`
}

function colonsOf(mac: string): string {
  return mac.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:')
}

/** RouterOS writes client identifiers without leading zeros. */
function shortBytes(hex: string): string {
  return (hex.match(/../g) ?? []).map((byte) => byte.replace(/^0/, '')).join(':')
}

function valueText({ value, hex }: ExportOption): string {
  return value.type === 'text' ? text(value.value) : `0x${hex}`
}

/** RouterOS reads a script within quotes, too: text that could be more than text is written in hex. */
function text(value: string): string {
  return /^[\w .:;/<>=@%&+,~-]+$/.test(value) ? `"s'${value}'"` : `0x${toHex(value)}`
}

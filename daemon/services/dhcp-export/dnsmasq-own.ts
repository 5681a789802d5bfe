// SPDX-License-Identifier: Apache-2.0

import { MODELS } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import type { ExportOption } from './export-option.ts'
import { type Formula, type Literal, macBeginnings } from './formula.ts'
import { rangeTexts } from './own.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { colons, isPrintable, modelsOf, subnetTitle, toHex } from './text.ts'

/** What sets the tags that options are given by, and the literal `tag:…` or `tag:!…` that stands for a condition. */
export class Tags {
  readonly lines: string[] = []
  readonly #known = new Map<string, string>()

  /** Tags of a condition, all of which must be set or not; undefined if dnsmasq cannot look at it. */
  of(formula: Formula): string[] | undefined {
    if (formula.kind === 'test') return this.#test(formula)
    const parts = formula.of.map((one) => this.of(one))
    const found = parts.flatMap((part) => (part ? [part] : []))
    if (found.length < parts.length) return undefined
    if (formula.kind === 'all') return found.flat()
    const tag = this.#tag(`any ${JSON.stringify(formula)}`, (name) =>
      found.map((tags) => `tag-if=set:${name},${tags.join(',')}`),
    )
    return [`tag:${tag}`]
  }

  #test({ test, negated }: Literal): string[] | undefined {
    const tag = this.#tagOf(test)
    return tag === undefined ? undefined : [`tag:${negated ? '!' : ''}${tag}`]
  }

  #tagOf(test: Literal['test']): string | undefined {
    switch (test.kind) {
      case 'phone':
        return 'offhook-phone'
      case 'vendorClass':
        return this.#text(test, 60, [toHex(test.text)])
      case 'userClass': {
        // Option 77 may begin with its length [RFC 3004 §4].
        const length = Buffer.byteLength(test.text).toString(16).padStart(2, '0')
        return this.#text(test, 77, [toHex(test.text), `${test.prefix ? '*' : length}${toHex(test.text)}`])
      }
      case 'model': {
        const models = modelsOf(test)
        if (models.length === 0) return undefined
        return this.#tag(`model ${models.join()}`, (name) =>
          models.map((model) => `tag-if=set:${name},${modelTags(model)}`),
        )
      }
      case 'oui':
      case 'mac': {
        const all = macBeginnings(test.kind === 'oui' ? test.oui : test.prefix)
        return this.#tag(`mac ${all[0]} ${all.length}`, (name) =>
          all.map((hex) => `dhcp-mac=set:${name},${colons(hex)}${':*'.repeat(6 - hex.length / 2)}`),
        )
      }
      case 'circuitId':
      case 'remoteId': {
        if (test.hex.length < 4) return undefined
        const what = test.kind === 'circuitId' ? 'dhcp-circuitid' : 'dhcp-remoteid'
        return this.#tag(`${test.kind} ${test.hex}`, (name) => [`${what}=set:${name},${colons(test.hex)}`])
      }
    }
  }

  /** A match is of a beginning; a whole text is one that has no byte more. One byte would be read as a number. */
  #text({ text, prefix }: { readonly text: string; readonly prefix: boolean }, code: number, all: readonly string[]) {
    if (Buffer.byteLength(text) < 2) return undefined
    return this.#tag(`${code} ${prefix} ${text}`, (name) =>
      all.flatMap((hex, index) => {
        const value = hex.startsWith('*') ? `*:${colons(hex.slice(1))}` : colons(hex)
        if (prefix) return [`dhcp-match=set:${name},${code},${value}`]
        return [
          `dhcp-match=set:${name}-${index}-begin,${code},${value}`,
          `dhcp-match=set:${name}-${index}-more,${code},${value}:*`,
          `tag-if=set:${name},tag:${name}-${index}-begin,tag:!${name}-${index}-more`,
        ]
      }),
    )
  }

  #tag(key: string, lines: (name: string) => readonly string[]): string {
    const known = this.#known.get(key)
    if (known) return known
    const name = `offhook-if-${this.#known.size + 1}`
    this.#known.set(key, name)
    this.lines.push(...lines(name))
    return name
  }
}

/** Of two options with tags that are set dnsmasq takes the later one: these stand behind all others. */
export function ownOptions(group: ExportGroup, here: string, tags: Tags, cannot: CannotSay): string[] {
  return group.own.flatMap(({ label, formula, options, says }) => {
    const when = tags.of(formula)
    if (when) {
      const name = `offhook-${label}${group.suffix}`
      if (when.length > 0) tags.lines.push(`tag-if=set:${name},${when.join(',')}`)
      // The tag of a range is there when options are chosen, which is later than some of the others.
      const only = when.length > 0 ? `tag:${name},` : ''
      return options.map((option) => optionLine(`${here}${only}`, option))
    }
    for (const one of says) cannot.add(one)
    return []
  })
}

export function hostLines({ groups, hosts }: ExportPlan, tags: Tags, cannot: CannotSay): string[] {
  return hosts.flatMap(({ label, subnet, reservation, options }) => {
    const { by, address } = reservation
    const tag = `offhook-${label}`
    const lines = options.map((option) => optionLine(`tag:${tag},`, option))
    if (by.kind === 'circuitId') {
      const when = tags.of({ kind: 'test', test: { kind: 'circuitId', hex: by.hex }, negated: false })
      if (!when) {
        cannot.add(reservation)
        return []
      }
      tags.lines.push(`tag-if=set:${tag},${when.join(',')}`)
      return [
        '',
        `# ${subnetTitle(subnet)}`,
        `dhcp-range=tag:${tag},${rangeTag(groups, subnet.name)}${address},${address}`,
        ...lines,
      ]
    }
    const client = by.kind === 'mac' ? colons(by.mac) : `id:${colons(by.hex)}`
    return ['', `# ${subnetTitle(subnet)}`, `dhcp-host=${client},set:${tag}${address ? `,${address}` : ''}`, ...lines]
  })
}

/** dnsmasq looks for an address among ranges whose tags are set before it looks among the others. */
export function gateLines({ groups, gates }: ExportPlan, tags: Tags, cannot: CannotSay): string[] {
  return gates.flatMap(({ label, subnet, pool, formula }) => {
    const when = tags.of(formula)
    if (!when) {
      cannot.add(pool)
      return []
    }
    const tag = `offhook-${label}`
    if (when.length > 0) tags.lines.push(`tag-if=set:${tag},${when.join(',')}`)
    const only = when.length > 0 ? `tag:${tag},` : ''
    return [
      '',
      `# ${subnetTitle(subnet)}`,
      ...rangeTexts(pool, ',').map(
        (range) => `dhcp-range=${only}${rangeTag(groups, subnet.name)}${range},${subnet.leaseSeconds}`,
      ),
    ]
  })
}

/** With several groups of subnets, a range says which one its clients are in. */
function rangeTag(groups: readonly ExportGroup[], subnet: string): string {
  if (groups.length === 1) return ''
  const group = groups.find(({ subnets }) => subnets.some(({ name }) => name === subnet))
  return group ? `set:offhook-net${group.suffix},` : ''
}

/** `450HD` is found in `C450HD`, too, which must not have its file. */
export function modelTags(model: string): string {
  const longer = MODELS.filter((other) => other !== model && other.includes(model))
  return [`tag:offhook-${model}`, ...longer.map((other) => `tag:!offhook-${other}`)].join(',')
}

function optionLine(tags: string, option: ExportOption): string {
  return `dhcp-option${option.always ? '-force' : ''}=${tags}${option.code},${optionValue(option)}`
}

export function optionValue({ value, hex }: ExportOption): string {
  if (value.type === 'text') return textValue(value.value)
  if (value.type === 'ipv4') return value.value.join(',')
  // One byte alone would be read as a text.
  if (hex.length === 2) return String(Number.parseInt(hex, 16))
  return colons(hex)
}

/** In quotes, in which only the backslash and the quote itself mean something; other bytes are written in hex. */
export function textValue(text: string): string {
  if (!isPrintable(text)) return colons(toHex(text))
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

// SPDX-License-Identifier: Apache-2.0
import { GATEWAY, MODELS, NO_GATEWAY, OUI } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import type { ExportOption } from './export-option.ts'
import { type Formula, type Literal, macBeginnings, written } from './formula.ts'
import { rangeTexts } from './own.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { isPrintable, modelsOf, subnetTitle, toHex } from './text.ts'

/** Classes of Kea, as it names the members of `Dhcp4`. Of two classes that give one option, the first one counts. */
export interface KeaClass {
  readonly name: string
  readonly test: string
  readonly [setting: string]: unknown
}

const ALWAYS = { 'always-send': true }
const WORDS = { all: ' and ', any: ' or ', always: "'a' == 'a'", never: "'a' == 'b'" }
/** Options whose definition in Kea is of this kind; the others are written in hex, which needs none. */
const TEXTS: ReadonlySet<number> = new Set([12, 15, 66, 67, 160])
const ADDRESSES: ReadonlySet<number> = new Set([3, 4, 6, 7, 42])
/** Kea defines it as a container: only a class may say that it is bytes. */
const VENDOR_OPTIONS = 43

/** The classes of the configuration's own making, strongest first: they stand before all others. */
export function ownKeaClasses({ suffix, own }: ExportGroup, required: object, cannot: CannotSay): KeaClass[] {
  return own.toReversed().flatMap(({ label, formula, options, says }) => {
    const test = keaTest(formula)
    if (test === undefined) {
      for (const one of says) cannot.add(one)
      return []
    }
    const data = options.map((option) => ({ ...optionData(option), ...(option.always && ALWAYS) }))
    const def = options.some(({ code }) => code === VENDOR_OPTIONS) ? vendorOptionsDef() : {}
    return [{ name: `offhook-${label}${suffix}`, test, ...required, ...def, 'option-data': data }]
  })
}

/** Evaluated before a pool is chosen: never only where a subnet requires them. */
export function gateClasses({ gates }: ExportPlan, cannot: CannotSay): KeaClass[] {
  return gates.flatMap(({ label, pool, formula }) => {
    const test = keaTest(formula)
    if (test !== undefined) return [{ name: `offhook-${label}`, test }]
    cannot.add(pool)
    return []
  })
}

/** What people put inside their subnets: pools for some clients only, and reservations. */
export function subnetMembers({ gates, hosts }: ExportPlan, cannot: CannotSay): string[] {
  const subnets = new Set([...gates, ...hosts].map(({ subnet }) => subnet))
  const lines = [...subnets].flatMap((subnet) => {
    const pools = gates
      .filter((gate) => gate.subnet === subnet && !cannot.has(gate.pool))
      .flatMap(({ label, pool }) => rangeTexts(pool, '-').map((range) => ({ pool: range, class: `offhook-${label}` })))
      .map(({ pool, class: name }) => JSON.stringify({ pool, 'client-class': name }))
    const reserved = hosts.filter((host) => host.subnet === subnet).map((host) => JSON.stringify(hostOf(host, cannot)))
    const member = (name: string, rows: readonly string[]) =>
      rows.length > 0
        ? [
            `    "${name}": [`,
            ...rows.map((row, index) => `      ${row}${index < rows.length - 1 ? ',' : ''}`),
            '    ]',
          ]
        : []
    const members = [member('pools', pools), member('reservations', reserved)].filter(({ length }) => length > 0)
    const text = members.flatMap((one, index) => (index < members.length - 1 ? [...one.slice(0, -1), '    ],'] : one))
    return text.length > 0 ? [`  ${subnetTitle(subnet)}:`, ...text] : []
  })
  if (lines.length === 0) return []
  return ['// Then put these into the subnets, among what they have already:', ...lines.map((line) => `//${line}`)]
}

function hostOf({ reservation, options }: ExportPlan['hosts'][number], cannot: CannotSay): object {
  const { by, address } = reservation
  const key = { mac: 'hw-address', clientId: 'client-id', circuitId: 'circuit-id' }[by.kind]
  const value = by.kind === 'mac' ? by.mac.replaceAll(/(..)(?=.)/g, '$1:') : by.hex
  if (options.some(({ code }) => code === VENDOR_OPTIONS)) cannot.add(reservation)
  const data = options
    .filter(({ code }) => code !== VENDOR_OPTIONS)
    .map((option) => ({ ...optionData(option), ...(option.always && ALWAYS) }))
  return { [key]: value, ...(address && { 'ip-address': address }), ...(data.length > 0 && { 'option-data': data }) }
}

export function keaTest(formula: Formula): string | undefined {
  return written(formula, WORDS, (one) => {
    const text = literal(one)
    return text === undefined || !one.negated ? text : `not (${text})`
  })
}

/** An option that is not there is empty: each test is either true or false. */
function literal({ test }: Literal): string | undefined {
  switch (test.kind) {
    case 'vendorClass':
    case 'userClass': {
      const code = test.kind === 'vendorClass' ? 60 : 77
      if (test.prefix)
        return `(${code === 60 ? begins(60, 0, test.text) : either(begins(77, 0, test.text), begins(77, 1, test.text))})`
      const whole = `option[${code}].hex == ${literalText(test.text)}`
      const length = Buffer.byteLength(test.text).toString(16).padStart(2, '0')
      return code === 60 ? `(${whole})` : `(${either(whole, `option[77].hex == 0x${length}${toHex(test.text)}`)})`
    }
    case 'model': {
      const models = modelsOf(test)
      return models.length > 0 ? `(${models.map(modelTest).join(' or ')})` : undefined
    }
    case 'oui':
      return macTest(test.oui)
    case 'mac':
      return `(${macBeginnings(test.prefix).map(macTest).join(' or ')})`
    case 'circuitId':
      return `relay4[1].hex == 0x${test.hex}`
    case 'remoteId':
      return `relay4[2].hex == 0x${test.hex}`
    case 'phone':
      return `(${MODELS.map(modelTest).join(' or ')} or (${ouiTest()}))`
  }
}

/** Option 77 may begin with its length [RFC 3004 §4]. */
export function modelTest(model: string): string {
  return [begins(60, 0, model), begins(77, 0, model), begins(77, 1, model)].join(' or ')
}

export function ouiTest(): string {
  const isGateway = `substring(option[60].hex,0,1) == '${GATEWAY}' and not (option[60].hex == '${NO_GATEWAY}')`
  return `${macTest(OUI)} and not (${isGateway})`
}

function begins(code: number, at: number, text: string): string {
  return `substring(option[${code}].hex,${at},${Buffer.byteLength(text)}) == ${literalText(text)}`
}

function either(one: string, other: string): string {
  return `${one} or ${other}`
}

function macTest(hex: string): string {
  return `substring(pkt4.mac,0,${hex.length / 2}) == 0x${hex}`
}

/** Kea's expressions have no escapes within quotes. */
function literalText(text: string): string {
  return isPrintable(text) && !/['\\]/.test(text) ? `'${text}'` : `0x${toHex(text)}`
}

interface OptionData {
  readonly code: number
  readonly data: string
  readonly 'csv-format'?: boolean
}

export function vendorOptionsDef(): object {
  return { 'option-def': [{ name: 'offhook-vendor-options', code: VENDOR_OPTIONS, type: 'binary' }] }
}

export function optionData({ code, value, hex }: ExportOption): OptionData {
  if (value.type === 'text' && TEXTS.has(code)) return textData(code, value.value)
  if (value.type === 'ipv4' && ADDRESSES.has(code)) return { code, data: value.value.join(', ') }
  return { code, 'csv-format': false, data: hex }
}

/** Kea splits texts at commas and knows an escape for them; hex needs neither. */
export function textData(code: number, text: string): OptionData {
  if (isPrintable(text) && !/[,\\]/.test(text)) return { code, data: text }
  return { code, 'csv-format': false, data: toHex(text) }
}

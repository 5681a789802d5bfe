// SPDX-License-Identifier: Apache-2.0
import { GATEWAY, MODELS, NO_GATEWAY, OUI } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import type { ExportOption } from './export-option.ts'
import { type Formula, type Literal, macBeginnings, written } from './formula.ts'
import { rangeTexts } from './own.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { colons, modelsOf, subnetTitle } from './text.ts'

/** What dhcpd calls the options that it knows, where their values are written as texts, numbers and addresses. */
const NAMES: ReadonlyMap<number, { readonly name: string; readonly type: string }> = new Map([
  [2, { name: 'time-offset', type: 'int32' }],
  [4, { name: 'time-servers', type: 'ipv4' }],
  [7, { name: 'log-servers', type: 'ipv4' }],
  [12, { name: 'host-name', type: 'text' }],
  [15, { name: 'domain-name', type: 'text' }],
  [42, { name: 'ntp-servers', type: 'ipv4' }],
  [66, { name: 'tftp-server-name', type: 'text' }],
  [67, { name: 'bootfile-name', type: 'text' }],
  [160, { name: 'offhook-provisioning-url', type: 'text' }],
])
const VENDOR_OPTIONS = 43
export const VENDOR_CLASS = 'option vendor-class-identifier'
export const USER_CLASS = 'option user-class'
const WORDS = { all: ' and ', any: ' or ', always: '1 = 1', never: '1 = 0' }

export function statement({ code, value, hex }: ExportOption): string {
  if (code === VENDOR_OPTIONS) return `option vendor-encapsulated-options ${colons(hex)};`
  const known = NAMES.get(code)
  if (known?.type !== value.type) return `option offhook-${code} ${colons(hex)};`
  if (value.type === 'text') return `option ${known.name} ${quoted(value.value)};`
  if (value.type === 'ipv4') return `option ${known.name} ${value.value.join(', ')};`
  return `option ${known.name} ${'value' in value ? String(value.value) : ''};`
}

/** Codes of options that need a definition of their own. */
export function unnamed({ groups, hosts }: ExportPlan): number[] {
  const options = [
    ...groups.flatMap(({ phone, vendorClasses, own }) => [
      phone,
      ...[...vendorClasses, ...own].map((one) => one.options),
    ]),
    ...hosts.map((host) => host.options),
  ].flat()
  const codes = options.filter(({ code, value }) => code !== VENDOR_OPTIONS && NAMES.get(code)?.type !== value.type)
  return [...new Set(codes.map(({ code }) => code))].sort((a, b) => a - b)
}

/**
 * What a client did not ask for is sent only if the list of wanted options says so; the last such list counts, so each
 * has all. An option that the client's classes do not set is not sent for it.
 */
export function wantedList({ groups, hosts }: ExportPlan): string {
  const own = [...groups.flatMap((group) => group.own), ...hosts].flatMap(({ options }) => options)
  const boot = groups.some(({ bootFile }) => bootFile !== undefined) ? [67] : []
  const codes = [
    ...groups.flatMap(({ phone }) => phone.map(({ code }) => code)),
    ...boot,
    ...own.filter(({ always }) => always).map(({ code }) => code),
  ]
  const list = [...new Set(codes)].map((code) => code.toString(16)).join(':')
  return `option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, ${list});`
}

/** Each with its condition, weakest first; what cannot be written is noted. */
export function ownConditions(
  { own }: ExportGroup,
  plan: ExportPlan,
  cannot: CannotSay,
): { readonly label: string; readonly test: string; readonly statements: readonly string[] }[] {
  return own.flatMap(({ label, formula, options, says }) => {
    const test = iscTest(formula)
    if (test === undefined) for (const one of says) cannot.add(one)
    if (test === undefined) return []
    const list = options.some(({ always }) => always) ? [wantedList(plan)] : []
    return [{ label, test, statements: [...options.map(statement), ...list] }]
  })
}

export function hostBlocks(plan: ExportPlan, cannot: CannotSay): string[] {
  return plan.hosts.flatMap(({ label, subnet, reservation, options }) => {
    const { by, address } = reservation
    // A host without an address is the same in every subnet.
    if (address === undefined && plan.groups.flatMap(({ subnets }) => subnets).length > 1) {
      cannot.add(reservation)
      return []
    }
    const client = {
      mac: () => (by.kind === 'mac' ? `hardware ethernet ${colons(by.mac)};` : ''),
      clientId: () => (by.kind === 'mac' ? '' : `option dhcp-client-identifier ${bytes(by.hex)};`),
      circuitId: () => (by.kind === 'mac' ? '' : `host-identifier option agent.circuit-id ${bytes(by.hex)};`),
    }[by.kind]()
    const list = options.some(({ always }) => always) ? [wantedList(plan)] : []
    const lines = [client, ...(address ? [`fixed-address ${address};`] : []), ...options.map(statement), ...list]
    const head = [`# ${subnetTitle(subnet)}: take the address out of its ranges.`, `host offhook-${label} {`]
    return ['', ...head, ...lines.map((line) => `  ${line}`), '}']
  })
}

export function gateBlocks({ gates }: ExportPlan, cannot: CannotSay): string[] {
  return gates.flatMap(({ label, subnet, pool, formula }) => {
    const test = iscTest(formula)
    if (test === undefined) {
      cannot.add(pool)
      return []
    }
    const ranges = rangeTexts(pool, ' ').map((range) => `range ${range};`)
    const inside = ['pool {', `  allow members of "offhook-${label}";`, ...ranges.map((range) => `  ${range}`), '}']
    return [
      ...['', `class "offhook-${label}" {`, `  match if ${test};`, '}'],
      `# Put this into the declaration of ${subnetTitle(subnet)}:`,
      ...inside.map((line) => `#   ${line}`),
    ]
  })
}

export function iscTest(formula: Formula): string | undefined {
  return written(formula, WORDS, literal)
}

/**
 * A comparison with an option that is not there is neither true nor false: it counts as false, but its negation would,
 * too. So negations ask first whether the option is there, and stand at single comparisons only.
 */
function literal({ test, negated }: Literal): string | undefined {
  const vendor = (regex: string) => compared('vendor-class-identifier', `${VENDOR_CLASS} ~~ ${quoted(regex)}`, negated)
  const user = (regex: string) => compared('user-class', `${USER_CLASS} ~~ ${quoted(regex)}`, negated)
  const both = (parts: readonly string[]) => `(${parts.join(negated ? ' and ' : ' or ')})`
  switch (test.kind) {
    case 'vendorClass':
      return vendor(`^${escaped(test.text)}${test.prefix ? '' : '$'}`)
    case 'userClass':
      return user(`^.?${escaped(test.text)}${test.prefix ? '' : '$'}`)
    case 'model': {
      const models = modelsOf(test).join('|')
      return models === '' ? undefined : both([vendor(`^(${models})`), user(`^.?(${models})`)])
    }
    case 'oui':
      return hardware(test.oui, negated)
    case 'mac':
      return hardware(test.prefix, negated)
    case 'circuitId':
    case 'remoteId': {
      const name = test.kind === 'circuitId' ? 'agent.circuit-id' : 'agent.remote-id'
      return compared(name, `option ${name} = ${bytes(test.hex)}`, negated)
    }
    case 'phone': {
      const models = MODELS.join('|')
      const none = `not exists vendor-class-identifier or ${VENDOR_CLASS} = "${NO_GATEWAY}" or not (${VENDOR_CLASS} ~~ "^${GATEWAY}")`
      const gateway = `exists vendor-class-identifier and ${VENDOR_CLASS} ~~ "^${GATEWAY}" and not (${VENDOR_CLASS} = "${NO_GATEWAY}")`
      const maker = negated ? `(${hardware(OUI, true)} or (${gateway}))` : `(${hardware(OUI, false)} and (${none}))`
      return both([vendor(`^(${models})`), user(`^.?(${models})`), maker])
    }
  }
}

function compared(option: string, comparison: string, negated: boolean): string {
  return negated ? `(not exists ${option} or not (${comparison}))` : `(${comparison})`
}

/** As text, `0:90:8f`: half a byte cannot be compared, and one byte alone would be read as a name. */
function hardware(prefix: string, negated: boolean): string {
  const beginnings = macBeginnings(prefix).map((hex) => (hex.match(/../g) ?? []).map((byte) => byte.replace(/^0/, '')))
  const count = beginnings[0]?.length ?? 0
  const regex = beginnings.map((parts) => parts.join(':')).join('|')
  const test = `binary-to-ascii(16, 8, ":", substring(hardware, 1, ${count})) ~~ "^(${regex})$"`
  return negated ? `(not (${test}))` : `(${test})`
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&')
}

/** One byte alone would be read as a name or a number. */
function bytes(hex: string): string {
  return hex.length > 2 ? colons(hex) : `"\\${Number.parseInt(hex, 16).toString(8).padStart(3, '0')}"`
}

/** As bytes: whatever is not plain ASCII is written in octal. */
export function quoted(text: string): string {
  const latin = Buffer.from(text).toString('latin1')
  const safe = latin.replaceAll(/[^ !#-[\]-~]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return `"${safe}"`
}

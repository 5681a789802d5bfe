// SPDX-License-Identifier: Apache-2.0
import { bootFileOf, GATEWAY, headerFileOf, MODELS, NO_GATEWAY, OUI } from './clients.ts'
import type { ExportGroup, ExportOption, ExportPlan } from './plan.ts'
import { isPrintable, subnetTitle, toHex } from './text.ts'

/** Classes of Kea, as it names the members of `Dhcp4`. Of two classes that give one option, the first one counts. */
interface KeaClass {
  readonly name: string
  readonly test: string
  readonly [setting: string]: unknown
}

/**
 * For Kea 2.2 to 2.6: members to paste into `Dhcp4`. With one group of subnets the classes apply everywhere; with
 * several they are evaluated only where a subnet requires them.
 */
export function keaExport({ groups }: ExportPlan): string {
  const isOne = groups.length === 1
  const classes = groups.flatMap((group) => classesOf(group, !isOne))
  const optionDef = [{ name: 'offhook-provisioning-url', code: 160, type: 'string' }]
  const lines = [
    '// Written by Offhook. Paste these members into "Dhcp4" of kea-dhcp4.conf; if it has "option-def" or',
    '// "client-classes" already, add the entries to them.',
    ...(isOne ? [] : ['// Then add to the subnets:', ...groups.flatMap(requirements)]),
    `"option-def": ${rows(optionDef)},`,
    `"client-classes": ${rows(classes)}`,
  ]
  return `${lines.join('\n')}\n`
}

/** Which classes a subnet of the group requires; for several groups only. */
export function requiredClasses(group: ExportGroup): string[] {
  return classesOf(group, true).map(({ name }) => name)
}

function requirements(group: ExportGroup): string[] {
  const member = `"require-client-classes": ${JSON.stringify(requiredClasses(group))}`
  return group.subnets.flatMap((subnet) => [`//   ${subnetTitle(subnet)}:`, `//     ${member}`])
}

function classesOf(group: ExportGroup, onlyIfRequired: boolean): KeaClass[] {
  const { suffix, bootFile, nextServer, phone, vendorClasses } = group
  const required = onlyIfRequired ? { 'only-if-required': true } : {}
  const name = (kind: string) => `offhook-${kind}${suffix}`
  const models = MODELS.map((model): KeaClass => {
    const file = bootFile === undefined ? undefined : bootFileOf(bootFile, model)
    const boot = file !== undefined && isPrintable(file) && { 'boot-file-name': headerFileOf(file) }
    const options = file === undefined ? {} : { 'option-data': [{ ...textData(67, file), ...ALWAYS }] }
    return { name: name(model), test: modelTest(model), ...required, ...boot, ...options }
  })
  const data = [...phone.map((option) => ({ ...optionData(option), ...ALWAYS }))]
  if (bootFile !== undefined) data.push({ ...textData(67, bootFile), ...ALWAYS })
  const isModel = MODELS.map((model) => `member('${name(model)}')`).join(' or ')
  const test = `${isModel} or (${ouiTest()})`
  const phones: KeaClass = { name: name('phone'), test, ...required, 'next-server': nextServer, 'option-data': data }
  const others = vendorClasses.map(({ vendorClass, options }): KeaClass => {
    const needsDef = options.some(({ code }) => code === 43)
    const def = needsDef ? { 'option-def': [{ name: 'offhook-vendor-options', code: 43, type: 'binary' }] } : {}
    const test = `option[60].hex == '${vendorClass}'`
    return { name: name(vendorClass), test, ...required, ...def, 'option-data': options.map(optionData) }
  })
  return [...models, phones, ...others]
}

const ALWAYS = { 'always-send': true }

/** Option 77 may begin with its length [RFC 3004 §4]. */
function modelTest(model: string): string {
  const begins = (code: number, at: number) => `substring(option[${code}].hex,${at},${model.length}) == '${model}'`
  return [begins(60, 0), begins(77, 0), begins(77, 1)].join(' or ')
}

function ouiTest(): string {
  const isGateway = `substring(option[60].hex,0,1) == '${GATEWAY}' and not (option[60].hex == '${NO_GATEWAY}')`
  return `substring(pkt4.mac,0,3) == 0x${OUI} and not (${isGateway})`
}

interface OptionData {
  readonly code: number
  readonly data: string
  readonly 'csv-format'?: boolean
}

function optionData({ code, value, hex }: ExportOption): OptionData {
  if (value.type === 'text') return textData(code, value.value)
  if (value.type === 'ipv4') return { code, data: value.value.join(', ') }
  return { code, 'csv-format': false, data: hex }
}

/** Kea splits texts at commas and knows an escape for them; hex needs neither. */
function textData(code: number, text: string): OptionData {
  if (isPrintable(text) && !/[,\\]/.test(text)) return { code, data: text }
  return { code, 'csv-format': false, data: toHex(text) }
}

/** One entry a line: a person has to read and move them. */
function rows(entries: readonly object[]): string {
  return `[\n${entries.map((entry) => `  ${JSON.stringify(entry)}`).join(',\n')}\n]`
}

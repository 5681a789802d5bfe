// SPDX-License-Identifier: Apache-2.0
import { bootFileOf, headerFileOf, MODELS } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import {
  gateClasses,
  type KeaClass,
  modelTest,
  optionData,
  ouiTest,
  ownKeaClasses,
  subnetMembers,
  textData,
  vendorOptionsDef,
} from './kea-own.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { isPrintable, subnetTitle } from './text.ts'

/**
 * For Kea 2.2 to 2.6: members to paste into `Dhcp4`. With one group of subnets the classes apply everywhere; with
 * several they are evaluated only where a subnet requires them.
 */
export function keaExport(plan: ExportPlan, cannot: CannotSay): string {
  const { groups } = plan
  const isOne = groups.length === 1
  const classes = [...gateClasses(plan, cannot), ...groups.flatMap((group) => classesOf(group, !isOne, cannot))]
  const optionDef = [{ name: 'offhook-provisioning-url', code: 160, type: 'string' }]
  const lines = [
    '// Written by Offhook. Paste these members into "Dhcp4" of kea-dhcp4.conf; if it has "option-def" or',
    '// "client-classes" already, add the entries to them.',
    ...(isOne ? [] : ['// Then add to the subnets:', ...groups.flatMap(requirements)]),
    ...subnetMembers(plan, cannot),
    `"option-def": ${rows(optionDef)},`,
    `"client-classes": ${rows(classes)}`,
  ]
  return `${lines.join('\n')}\n`
}

/** Which classes a subnet of the group requires; for several groups only. */
export function requiredClasses(group: ExportGroup): string[] {
  return classesOf(group, true, new Set()).map(({ name }) => name)
}

function requirements(group: ExportGroup): string[] {
  const member = `"require-client-classes": ${JSON.stringify(requiredClasses(group))}`
  return group.subnets.flatMap((subnet) => [`//   ${subnetTitle(subnet)}:`, `//     ${member}`])
}

function classesOf(group: ExportGroup, onlyIfRequired: boolean, cannot: CannotSay): KeaClass[] {
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
    const def = needsDef ? vendorOptionsDef() : {}
    const test = `option[60].hex == '${vendorClass}'`
    return { name: name(vendorClass), test, ...required, ...def, 'option-data': options.map(optionData) }
  })
  return [...ownKeaClasses(group, required, cannot), ...models, phones, ...others]
}

const ALWAYS = { 'always-send': true }

/** One entry a line: a person has to read and move them. */
function rows(entries: readonly object[]): string {
  return `[\n${entries.map((entry) => `  ${JSON.stringify(entry)}`).join(',\n')}\n]`
}

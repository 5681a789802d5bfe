// SPDX-License-Identifier: Apache-2.0
import { bootFileOf, MODELS } from './clients.ts'
import type { ExportGroup, ExportOption, ExportPlan } from './plan.ts'
import { subnetTitle, toHex } from './text.ts'

/** For MikroTik RouterOS 7.4 and later: matchers look for a model in options 60 and 77 and choose a set of options. */
export function mikrotikExport({ groups }: ExportPlan): string {
  const lines = [
    '# Written by Offhook for MikroTik RouterOS 7: put the names of your DHCP servers in, then paste it.',
    '# Phones that name no model in option 60 or 77 get nothing: a matcher cannot look at the hardware address.',
    ...groups.flatMap(groupLines),
  ]
  return `${lines.join('\n')}\n`
}

function groupLines({ suffix, subnets, phone, bootFile, vendorClasses }: ExportGroup): string[] {
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

  lines.push('/ip dhcp-server matcher')
  const matcher = (what: string, code: number, type: string) =>
    subnets.map(
      (_, index) =>
        `add name=${name(what)}-${code}-${index + 1} server=${server(index)} code=${code} matching-type=${type} ` +
        `value="${what}" option-set=${name(what)}`,
    )
  for (const { vendorClass } of vendorClasses) lines.push(...matcher(vendorClass, 60, 'exact'))
  for (const model of MODELS) lines.push(...matcher(model, 60, 'substring'), ...matcher(model, 77, 'substring'))
  return lines
}

function valueText({ value, hex }: ExportOption): string {
  return value.type === 'text' ? text(value.value) : `0x${hex}`
}

/** RouterOS reads a script within quotes, too: text that could be more than text is written in hex. */
function text(value: string): string {
  return /^[\w .:;/<>=@%&+,~-]+$/.test(value) ? `"s'${value}'"` : `0x${toHex(value)}`
}

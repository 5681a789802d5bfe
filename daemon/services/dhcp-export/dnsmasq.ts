// SPDX-License-Identifier: Apache-2.0
import { bootFileOf, MODELS, OUI } from './clients.ts'
import type { ExportGroup, ExportOption, ExportPlan } from './plan.ts'
import { colons, isPrintable, subnetTitle, toHex } from './text.ts'

/** dnsmasq looks for a class anywhere in option 60 or 77: a gateway's would be found in many. */
const GATEWAYS = ['Mediant', 'MP-', 'MP1']

/**
 * For dnsmasq 2.8x. Tags say who a client is; with several groups of subnets, a tag of the `dhcp-range` says where.
 */
export function dnsmasqExport({ groups }: ExportPlan): string {
  const isOne = groups.length === 1
  const lines = [
    '# Written by Offhook for dnsmasq: save it as a file of its own in /etc/dnsmasq.d.',
    ...MODELS.flatMap((model) => [
      `dhcp-vendorclass=set:offhook-${model},${model}`,
      `dhcp-userclass=set:offhook-${model},${model}`,
      `tag-if=set:offhook-phone,tag:offhook-${model}`,
    ]),
    ...GATEWAYS.map((gateway) => `dhcp-vendorclass=set:offhook-gateway,${gateway}`),
    `dhcp-mac=set:offhook-maker,${colons(OUI)}:*:*:*`,
    'tag-if=set:offhook-phone,tag:offhook-maker,tag:!offhook-gateway',
    ...vendorClassesOf(groups).map((name) => `dhcp-vendorclass=set:offhook-${name},${name}`),
    ...groups.flatMap((group) => optionsOf(group, isOne)),
  ]
  return `${lines.join('\n')}\n`
}

function optionsOf(group: ExportGroup, isOne: boolean): string[] {
  const { suffix, phone, bootFile, nextServer, vendorClasses } = group
  const here = isOne ? '' : `tag:offhook-net${suffix},`
  const lines = isOne ? [''] : ['', `# Add set:offhook-net${suffix} to the dhcp-range of each of these subnets:`]
  if (!isOne) lines.push(...group.subnets.map((subnet) => `#   ${subnetTitle(subnet)}`))
  for (const option of phone) lines.push(forced(`${here}tag:offhook-phone`, option))
  if (bootFile !== undefined) {
    for (const model of MODELS) {
      const file = bootFileOf(bootFile, model)
      const tags = `${here}${tagsOf(model)}`
      // dhcp-boot makes the header's file, or option 67 for who asks for it; both together would send option 67 twice.
      if (isPrintable(file)) lines.push(`dhcp-boot=${tags},${textValue(file)},,${nextServer}`)
      else lines.push(`dhcp-option-force=${tags},67,${textValue(file)}`)
    }
    const unknown = MODELS.map((model) => `tag:!offhook-${model}`).join(',')
    lines.push(`dhcp-option-force=${here}tag:offhook-phone,${unknown},67,${textValue(bootFile)}`)
  }
  for (const { vendorClass, options } of vendorClasses) {
    lines.push(...options.map((option) => forced(`${here}tag:offhook-${vendorClass}`, option)))
  }
  return lines
}

/** `450HD` is found in `C450HD`, too, which must not have its file. */
function tagsOf(model: string): string {
  const longer = MODELS.filter((other) => other !== model && other.includes(model))
  return [`tag:offhook-${model}`, ...longer.map((other) => `tag:!offhook-${other}`)].join(',')
}

function forced(tags: string, { code, value, hex }: ExportOption): string {
  if (value.type === 'text') return `dhcp-option-force=${tags},${code},${textValue(value.value)}`
  if (value.type === 'ipv4') return `dhcp-option-force=${tags},${code},${value.value.join(',')}`
  return `dhcp-option-force=${tags},${code},${colons(hex)}`
}

/** In quotes, in which only the backslash and the quote itself mean something; other bytes are written in hex. */
function textValue(text: string): string {
  if (!isPrintable(text)) return colons(toHex(text))
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

function vendorClassesOf(groups: readonly ExportGroup[]): string[] {
  return [...new Set(groups.flatMap(({ vendorClasses }) => vendorClasses.map(({ vendorClass }) => vendorClass)))]
}

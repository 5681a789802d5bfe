// SPDX-License-Identifier: Apache-2.0
import { bootFileOf, MODELS, OUI } from './clients.ts'
import { gateLines, hostLines, modelTags, optionValue, ownOptions, Tags, textValue } from './dnsmasq-own.ts'
import type { ExportGroup } from './export-group.ts'
import type { ExportOption } from './export-option.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { colons, isPrintable, subnetTitle } from './text.ts'

/** dnsmasq looks for a class anywhere in option 60 or 77: a gateway's would be found in many. */
const GATEWAYS = ['Mediant', 'MP-', 'MP1']

/**
 * For dnsmasq 2.8x. Tags say who a client is; with several groups of subnets, a tag of the `dhcp-range` says where.
 */
export function dnsmasqExport(plan: ExportPlan, cannot: CannotSay): string {
  const { groups } = plan
  const isOne = groups.length === 1
  const tags = new Tags()
  const own = groups.flatMap((group) => ownOptions(group, isOne ? '' : `tag:offhook-net${group.suffix},`, tags, cannot))
  const more = [...own, ...gateLines(plan, tags, cannot), ...hostLines(plan, tags, cannot)]
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
    ...tags.lines,
    ...groups.flatMap((group) => optionsOf(group, isOne)),
    ...more,
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
      const tags = `${here}${modelTags(model)}`
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

function forced(tags: string, option: ExportOption): string {
  return `dhcp-option-force=${tags},${option.code},${optionValue(option)}`
}

function vendorClassesOf(groups: readonly ExportGroup[]): string[] {
  return [...new Set(groups.flatMap(({ vendorClasses }) => vendorClasses.map(({ vendorClass }) => vendorClass)))]
}

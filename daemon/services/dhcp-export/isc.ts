// SPDX-License-Identifier: Apache-2.0
import { bootFileOf, GATEWAY, headerFileOf, MODELS, NO_GATEWAY, OUI } from './clients.ts'
import type { ExportGroup, ExportOption, ExportPlan } from './plan.ts'
import { colons, subnetTitle } from './text.ts'

/** What dhcpd calls the options that it knows, where their values are written as texts, numbers and addresses. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [2, 'time-offset'],
  [4, 'time-servers'],
  [7, 'log-servers'],
  [15, 'domain-name'],
  [42, 'ntp-servers'],
  [43, 'vendor-encapsulated-options'],
  [66, 'tftp-server-name'],
  [67, 'bootfile-name'],
  [160, 'offhook-provisioning-url'],
])
const VENDOR_CLASS = 'option vendor-class-identifier'
const USER_CLASS = 'option user-class'

/**
 * For ISC dhcpd 4.x. With one group of subnets a class applies everywhere, and is stronger than what subnets say; with
 * several each subnet gets its own conditions.
 */
export function iscExport({ groups }: ExportPlan): string {
  const isOne = groups.length === 1
  const lines = [
    '# Written by Offhook for ISC dhcpd. Paste it into dhcpd.conf before the first subnet.',
    'option offhook-provisioning-url code 160 = text;',
    ...unnamed(groups).map((code) => `option offhook-${code} code ${code} = string;`),
    ...(isOne ? groups.flatMap(asClasses) : groups.flatMap(asConditions)),
  ]
  return `${lines.join('\n')}\n`
}

function asClasses(group: ExportGroup): string[] {
  const lines = ['', 'class "offhook-phone" {', `  match if ${isPhone()};`, ...phoneStatements(group, '  '), '}']
  for (const { vendorClass, options } of group.vendorClasses) {
    lines.push('', `class "offhook-${vendorClass}" {`, `  match if ${VENDOR_CLASS} = "${vendorClass}";`)
    lines.push(...options.map((option) => `  ${statement(option)}`), '}')
  }
  return lines
}

function asConditions(group: ExportGroup): string[] {
  const lines = ['', `# Move this into the declaration of each of these subnets:`]
  lines.push(...group.subnets.map((subnet) => `#   ${subnetTitle(subnet)}`))
  lines.push(`if ${isPhone()} {`, ...phoneStatements(group, '  '), '}')
  for (const { vendorClass, options } of group.vendorClasses) {
    lines.push(`if ${VENDOR_CLASS} = "${vendorClass}" {`, ...options.map((option) => `  ${statement(option)}`), '}')
  }
  return lines
}

/** `~~` ignores case. Option 77 may begin with its length [RFC 3004 §4]. */
function isPhone(): string {
  const oui = colons(OUI)
  // A comparison with an option that is not there is neither true nor false, and spoils the whole condition.
  const isNone = `not exists vendor-class-identifier or ${VENDOR_CLASS} = "${NO_GATEWAY}" or not (${VENDOR_CLASS} ~~ "^${GATEWAY}")`
  const models = MODELS.join('|')
  return [
    `(${VENDOR_CLASS} ~~ "^(${models})" or ${USER_CLASS} ~~ "^.?(${models})"`,
    `            or (substring(hardware, 1, 3) = ${oui} and (${isNone})))`,
  ].join('\n')
}

function phoneStatements({ phone, bootFile, nextServer }: ExportGroup, indent: string): string[] {
  const lines = [...phone.map(statement), `next-server ${nextServer};`]
  const codes = phone.map(({ code }) => code)
  if (bootFile !== undefined) {
    codes.push(67)
    for (const [index, model] of MODELS.entries()) {
      const file = bootFileOf(bootFile, model)
      lines.push(
        `${index === 0 ? 'if' : '} elsif'} ${VENDOR_CLASS} ~~ "^${model}" or ${USER_CLASS} ~~ "^.?${model}" {`,
        `  option bootfile-name ${quoted(file)}; filename ${quoted(headerFileOf(file))};`,
      )
    }
    lines.push('} else {', `  option bootfile-name ${quoted(bootFile)};`, '}')
  }
  // What a client did not ask for is sent only if the list of wanted options says so.
  const list = codes.map((code) => code.toString(16)).join(':')
  lines.push(`option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, ${list});`)
  return lines.map((line) => indent + line)
}

function statement({ code, value, hex }: ExportOption): string {
  const name = NAMES.get(code)
  if (name === undefined || code === 43) return `option ${name ?? `offhook-${code}`} ${colons(hex)};`
  if (value.type === 'text') return `option ${name} ${quoted(value.value)};`
  if (value.type === 'ipv4') return `option ${name} ${value.value.join(', ')};`
  return `option ${name} ${'value' in value ? String(value.value) : ''};`
}

function unnamed(groups: readonly ExportGroup[]): number[] {
  const options = groups.flatMap(({ phone, vendorClasses }) => [phone, ...vendorClasses.map(({ options }) => options)])
  return [...new Set(options.flat().map(({ code }) => code))].filter((code) => !NAMES.has(code)).sort((a, b) => a - b)
}

/** As bytes: whatever is not plain ASCII is written in octal. */
function quoted(text: string): string {
  const bytes = Buffer.from(text).toString('latin1')
  const escaped = bytes.replaceAll(/[^ !#-[\]-~]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return `"${escaped}"`
}

// SPDX-License-Identifier: Apache-2.0
import { bootFileOf, GATEWAY, headerFileOf, MODELS, NO_GATEWAY, OUI } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import {
  gateBlocks,
  hostBlocks,
  ownConditions,
  quoted,
  statement,
  USER_CLASS,
  unnamed,
  VENDOR_CLASS,
  wantedList,
} from './isc-own.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { colons, subnetTitle } from './text.ts'

/**
 * For ISC dhcpd 4.x. With one group of subnets a class applies everywhere, and is stronger than what subnets say; with
 * several each subnet gets its own conditions.
 */
export function iscExport(plan: ExportPlan, cannot: CannotSay): string {
  const { groups } = plan
  const isOne = groups.length === 1
  const lines = [
    '# Written by Offhook for ISC dhcpd. Paste it into dhcpd.conf before the first subnet.',
    'option offhook-provisioning-url code 160 = text;',
    ...unnamed(plan).map((code) => `option offhook-${code} code ${code} = string;`),
    ...gateBlocks(plan, cannot),
    ...hostBlocks(plan, cannot),
    ...groups.flatMap((group) => (isOne ? asClasses(group, plan, cannot) : asConditions(group, plan, cannot))),
  ]
  return `${lines.join('\n')}\n`
}

function asClasses(group: ExportGroup, plan: ExportPlan, cannot: CannotSay): string[] {
  const lines: string[] = []
  for (const { label, test, statements } of ownConditions(group, plan, cannot).reverse()) {
    lines.push('', `class "offhook-${label}" {`, `  match if ${test};`, ...statements.map((one) => `  ${one}`), '}')
  }
  lines.push('', 'class "offhook-phone" {', `  match if ${isPhone()};`, ...phoneStatements(group, plan), '}')
  for (const { vendorClass, options } of group.vendorClasses) {
    lines.push('', `class "offhook-${vendorClass}" {`, `  match if ${VENDOR_CLASS} = "${vendorClass}";`)
    lines.push(...options.map((option) => `  ${statement(option)}`), '}')
  }
  return lines
}

function asConditions(group: ExportGroup, plan: ExportPlan, cannot: CannotSay): string[] {
  const lines = ['', `# Move this into the declaration of each of these subnets:`]
  lines.push(...group.subnets.map((subnet) => `#   ${subnetTitle(subnet)}`))
  lines.push(`if ${isPhone()} {`, ...phoneStatements(group, plan), '}')
  for (const { vendorClass, options } of group.vendorClasses) {
    lines.push(`if ${VENDOR_CLASS} = "${vendorClass}" {`, ...options.map((option) => `  ${statement(option)}`), '}')
  }
  for (const { test, statements } of ownConditions(group, plan, cannot)) {
    lines.push(`if ${test} {`, ...statements.map((one) => `  ${one}`), '}')
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

function phoneStatements({ phone, bootFile, nextServer }: ExportGroup, plan: ExportPlan): string[] {
  const lines = [...phone.map(statement), `next-server ${nextServer};`]
  if (bootFile !== undefined) {
    for (const [index, model] of MODELS.entries()) {
      const file = bootFileOf(bootFile, model)
      lines.push(
        `${index === 0 ? 'if' : '} elsif'} ${VENDOR_CLASS} ~~ "^${model}" or ${USER_CLASS} ~~ "^.?${model}" {`,
        `  option bootfile-name ${quoted(file)}; filename ${quoted(headerFileOf(file))};`,
      )
    }
    lines.push('} else {', `  option bootfile-name ${quoted(bootFile)};`, '}')
  }
  lines.push(wantedList(plan))
  return lines.map((line) => `  ${line}`)
}

// SPDX-License-Identifier: Apache-2.0
import { bootFileOf, MODELS, VENDOR_CLASSES } from './clients.ts'
import type { ExportGroup, ExportOption, ExportPlan } from './plan.ts'
import { networkOf, subnetTitle } from './text.ts'

/**
 * For the DHCP server of Windows Server 2012 and later: a PowerShell script. Policies of a scope tell clients apart and
 * carry their options. `EQ` with a `*` behind a vendor class matches classes that begin so.
 */
export function windowsExport({ groups }: ExportPlan): string {
  const others = groups.flatMap((group) => group.vendorClasses)
  const vendorClasses = new Set(others.map(({ vendorClass }) => vendorClass))
  const options = [...groups.map(({ phone }) => phone), ...others.map((other) => other.options)].flat()
  const codes = new Set(options.map(({ code }) => code))
  const lines = [
    '# Written by Offhook for Windows Server: run it in PowerShell on the DHCP server, as an administrator.',
    '# A phone is known by its model in option 60 or 77. One that sends neither gets nothing from these policies.',
    "$ErrorActionPreference = 'Stop'",
    `$models = ${MODELS.map(quoted).join(', ')}`,
    ...['Vendor', 'User'].flatMap((type) => [
      `foreach ($model in $models) {`,
      `  Add-DhcpServerv4Class -Name "Offhook ${type} $model" -Type ${type} -Data $model`,
      '}',
    ]),
    ...VENDOR_CLASSES.filter((name) => vendorClasses.has(name)).map(
      (name) => `Add-DhcpServerv4Class -Name ${quoted(`Offhook ${name}`)} -Type Vendor -Data ${quoted(name)}`,
    ),
    ...[160, 120].filter((code) => codes.has(code)).map(definition),
    ...groups.flatMap((group, index) => scopes(group, index + 1)),
  ]
  return `${lines.join('\r\n')}\r\n`
}

function definition(code: number): string {
  const [name, type] = code === 160 ? ['Offhook provisioning URL', 'String'] : ['SIP servers', 'BinaryData']
  return `Add-DhcpServerv4OptionDefinition -OptionId ${code} -Name ${quoted(name ?? '')} -Type ${type}`
}

function scopes({ subnets, phone, bootFile, vendorClasses }: ExportGroup, number: number): string[] {
  const lines = ['', `# Group ${number}`, ...subnets.map((subnet) => `#   ${subnetTitle(subnet)}`)]
  lines.push(`foreach ($scope in ${subnets.map((subnet) => quoted(networkOf(subnet).network)).join(', ')}) {`)
  lines.push('  foreach ($model in $models) {')
  lines.push('    $policy = "Offhook $model"')
  lines.push(
    '    Add-DhcpServerv4Policy -ScopeId $scope -Name $policy -Condition OR ' +
      '-VendorClass EQ,"Offhook Vendor $model*" -UserClass EQ,"Offhook User $model*"',
  )
  lines.push(...phone.map((option) => `    ${setValue(option)}`))
  if (bootFile !== undefined) {
    const file = bootFileOf(quoted(bootFile), "' + $model + '")
    lines.push(`    Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName $policy -OptionId 67 -Value (${file})`)
  }
  lines.push('  }')
  for (const { vendorClass, options } of vendorClasses) {
    const name = quoted(`Offhook ${vendorClass}`)
    lines.push(`  $policy = ${name}`)
    lines.push(`  Add-DhcpServerv4Policy -ScopeId $scope -Name $policy -Condition OR -VendorClass EQ,${name}`)
    lines.push(...options.map((option) => `  ${setValue(option)}`))
  }
  return [...lines, '}']
}

function setValue(option: ExportOption): string {
  return `Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName $policy -OptionId ${option.code} -Value ${valueText(option)}`
}

function valueText({ value, hex }: ExportOption): string {
  if (value.type === 'text') return quoted(value.value)
  if (value.type === 'ipv4') return value.value.map(quoted).join(', ')
  return `(${(hex.match(/../g) ?? []).map((byte) => `0x${byte}`).join(', ')})`
}

/** PowerShell takes typographic quotation marks for the plain one; doubled, each stands for itself. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`
}

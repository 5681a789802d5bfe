// SPDX-License-Identifier: Apache-2.0
import { ipv4FromNumber } from '#protocols/lib/ipv4'
import { bootFileOf, MODELS, VENDOR_CLASSES } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import type { ExportOption } from './export-option.ts'
import { alternatives, type Formula, type Literal } from './formula.ts'
import { rangesOf } from './own.ts'
import type { CannotSay, ExportPlan } from './plan.ts'
import { isPrintable, modelsOf, networkOf, subnetTitle } from './text.ts'

/**
 * For the DHCP server of Windows Server 2012 and later: a PowerShell script. Policies of a scope tell clients apart and
 * carry their options. `EQ` with a `*` behind a vendor class matches classes that begin so.
 */
export function windowsExport(plan: ExportPlan, cannot: CannotSay): string {
  const { groups, hosts } = plan
  const others = groups.flatMap((group) => group.vendorClasses)
  const vendorClasses = new Set(others.map(({ vendorClass }) => vendorClass))
  const given = [...others, ...groups.flatMap(({ own }) => own), ...hosts]
  const options = [...groups.map(({ phone }) => phone), ...given.map((other) => other.options)].flat()
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
    ...ownClassNames(plan),
    ...[...codes]
      .filter((code) => DEFINED.has(code) || code >= 128)
      .sort((a, b) => b - a)
      .map(definition),
    ...groups.flatMap((group, index) => [...ownPolicies(group, plan, cannot), ...scopes(group, index + 1)]),
    ...reservations(plan, cannot),
  ]
  return `${lines.join('\r\n')}\r\n`
}

/** Those below 128 that a Windows server does not know by itself. */
const DEFINED: ReadonlySet<number> = new Set([100, 101, 119, 120, 125])

function definition(code: number): string {
  const known = code === 120 ? 'SIP servers' : `Offhook option ${code}`
  const [name, type] = code === 160 ? ['Offhook provisioning URL', 'String'] : [known, 'BinaryData']
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

/** Policies that come first win: the strongest is added first, before those for phones. */
function ownPolicies({ own, subnets }: ExportGroup, { gates }: ExportPlan, cannot: CannotSay): string[] {
  const lines: string[] = []
  for (const subnet of subnets) {
    const scope = quoted(networkOf(subnet).network)
    for (const { label, formula, options, says } of own.toReversed()) {
      const conditions = policyConditions(formula)
      if (!conditions) for (const one of says) cannot.add(one)
      for (const [index, condition] of (conditions ?? []).entries()) {
        const name = quoted(`Offhook ${label} ${index + 1}`)
        lines.push(`$scope = ${scope}; $policy = ${name}`)
        lines.push(`Add-DhcpServerv4Policy -ScopeId $scope -Name $policy ${condition}`, ...options.map(setValue))
      }
    }
    for (const { label, pool, formula } of gates.filter((gate) => gate.subnet.name === subnet.name)) {
      const conditions = policyConditions(formula)
      // Without a policy of its own a range is everybody's.
      if (!conditions || conditions.length === 0) cannot.add(pool)
      for (const [index, condition] of (conditions ?? []).entries()) {
        const name = quoted(`Offhook ${label} ${index + 1}`)
        lines.push(`Add-DhcpServerv4Policy -ScopeId ${scope} -Name ${name} ${condition}`)
        for (const { first, last } of rangesOf(pool)) {
          const range = `-StartRange ${ipv4FromNumber(first)} -EndRange ${ipv4FromNumber(last)}`
          lines.push(`Add-DhcpServerv4PolicyIPRange -ScopeId ${scope} -Name ${name} ${range}`)
        }
      }
    }
  }
  return lines
}

function reservations({ hosts }: ExportPlan, cannot: CannotSay): string[] {
  return hosts.flatMap(({ label, subnet, reservation, options }) => {
    const { by, address } = reservation
    if (by.kind === 'circuitId' || address === undefined) {
      cannot.add(reservation)
      return []
    }
    const client = (by.kind === 'mac' ? by.mac : by.hex).replaceAll(/(..)(?=.)/g, '$1-')
    const scope = quoted(networkOf(subnet).network)
    return [
      `Add-DhcpServerv4Reservation -ScopeId ${scope} -IPAddress ${quoted(address)} -ClientId ${quoted(client)} -Name ${quoted(`Offhook ${label}`)}`,
      ...options.map(
        (one) =>
          `Set-DhcpServerv4OptionValue -ReservedIP ${quoted(address)} -OptionId ${one.code} -Value ${valueText(one)}`,
      ),
    ]
  })
}

/** What a policy looks at: the parameter and its value. */
type Look = readonly [parameter: string, value: string]

/** One policy for each way in which the condition can hold; its tests must all hold. */
function policyConditions(formula: Formula): string[] | undefined {
  const terms = alternatives(formula)?.flatMap((term) => expanded(term))
  if (!terms || terms.length === 0 || terms.length > MOST_POLICIES) return terms?.length === 0 ? [] : undefined
  const written = terms.map((term) => {
    const looks = term.map((one) => lookOf(one.test))
    const known = looks.flatMap((look) => (look ? [look] : []))
    if (known.length < looks.length || known.length === 0) return undefined
    const parameters = [...new Set(known.map(([parameter]) => parameter))].map((parameter) => {
      const same = term.filter((_, index) => known[index]?.[0] === parameter)
      const values = known.flatMap(([name, value]) => (name === parameter ? [value] : []))
      // Several values of one parameter are alternatives with EQ, and all excluded with NE: never both at once.
      if (same.length > 1 && same.some(({ negated }) => !negated)) return undefined
      return `-${parameter} ${same[0]?.negated ? 'NE' : 'EQ'},${values.join(',')}`
    })
    return parameters.includes(undefined) ? undefined : `-Condition AND ${parameters.join(' ')}`
  })
  const all = written.flatMap((one) => (one === undefined ? [] : [one]))
  return all.length === written.length ? all : undefined
}

/** More of them for one class nobody would look after. */
const MOST_POLICIES = 64

/** A model is any of some beginnings of options 60 and 77; not to be one excludes all of them. */
function expanded(term: readonly Literal[]): Literal[][] {
  let terms: Literal[][] = [[]]
  for (const one of term) {
    const models = one.test.kind === 'phone' ? MODELS : one.test.kind === 'model' ? modelsOf(one.test) : undefined
    const more = models?.flatMap((text): Literal[] => [
      { kind: 'test', test: { kind: 'vendorClass', text, prefix: true }, negated: one.negated },
      { kind: 'test', test: { kind: 'userClass', text, prefix: true }, negated: one.negated },
    ]) ?? [one]
    if (one.negated) terms = terms.map((known) => [...known, ...more])
    else terms = terms.flatMap((known) => more.map((and) => [...known, and]))
    if (terms.length > MOST_POLICIES) return terms
  }
  return terms
}

function lookOf(test: Literal['test']): Look | undefined {
  if ('text' in test && !isPrintable(test.text)) return undefined
  switch (test.kind) {
    case 'vendorClass':
      return ['VendorClass', quoted(`${className('Vendor', test.text)}${test.prefix ? '*' : ''}`)]
    case 'userClass':
      return ['UserClass', quoted(`${className('User', test.text)}${test.prefix ? '*' : ''}`)]
    case 'oui':
      return ['MacAddress', quoted(`${test.oui.toUpperCase()}*`)]
    case 'mac':
      if (test.prefix.length % 2 !== 0) return undefined
      return ['MacAddress', quoted(`${test.prefix.toUpperCase()}${test.prefix.length < 12 ? '*' : ''}`)]
    case 'circuitId':
      return ['CircuitId', quoted(test.hex.toUpperCase())]
    case 'remoteId':
      return ['RemoteId', quoted(test.hex.toUpperCase())]
    default:
      return undefined
  }
}

function className(type: 'Vendor' | 'User', text: string): string {
  return `Offhook ${type} ${text}`
}

/** Classes whose names policies use, besides those of models. */
function ownClassNames({ groups, gates }: ExportPlan): string[] {
  const formulas = [
    ...groups.flatMap(({ own }) => own.map(({ formula }) => formula)),
    ...gates.map(({ formula }) => formula),
  ]
  const lines = formulas.flatMap(textsIn).map(([type, text]) => {
    return `Add-DhcpServerv4Class -Name ${quoted(className(type, text))} -Type ${type} -Data ${quoted(text)}`
  })
  return [...new Set(lines)]
}

function textsIn(formula: Formula): ['Vendor' | 'User', string][] {
  if (formula.kind !== 'test') return formula.of.flatMap(textsIn)
  const { test } = formula
  if (test.kind !== 'vendorClass' && test.kind !== 'userClass') return []
  if (!isPrintable(test.text)) return []
  return MODELS.some((model) => model === test.text)
    ? []
    : [[test.kind === 'vendorClass' ? 'Vendor' : 'User', test.text]]
}

function setValue(option: ExportOption): string {
  return `Set-DhcpServerv4OptionValue -ScopeId $scope -PolicyName $policy -OptionId ${option.code} -Value ${valueText(option)}`
}

function valueText({ code, value, hex }: ExportOption): string {
  const isBytes = code !== 160 && (DEFINED.has(code) || code >= 128)
  if (value.type === 'text' && !isBytes) return quoted(value.value)
  if (value.type === 'ipv4' && !isBytes) return value.value.map(quoted).join(', ')
  if (typeof value.value === 'number' && !isBytes) return String(value.value >>> 0)
  return `(${(hex.match(/../g) ?? []).map((byte) => `0x${byte}`).join(', ')})`
}

/** PowerShell takes typographic quotation marks for the plain one; doubled, each stands for itself. */
function quoted(text: string): string {
  return `'${text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`
}

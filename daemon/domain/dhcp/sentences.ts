// SPDX-License-Identifier: Apache-2.0
import { optionName } from '#protocols/lib/dhcp-option'
import type { Finding } from './classify.ts'
import type { Explanation } from './explanation.ts'
import type { Condition } from './model.ts'

/** An explanation in plain sentences, one a line. */
export function sentences(explanation: Explanation): string[] {
  const { asked, verdict, subnet, model, pool, reservation, classes, sent, missing, unasked, overridden } = explanation
  const when = explanation.at === undefined ? 'A made-up message' : `At ${new Date(explanation.at).toISOString()}`
  const lines = [
    `${when}: ${asked.mac} sent ${asked.kind.toUpperCase()} (option 60 ${show(asked.vendorClass)}, option 77 ${show(asked.userClass)}).`,
    subnet === undefined
      ? `It is in none of our subnets (${asked.link ?? 'no relay, no address of its own'}).`
      : `It is in subnet ${subnet}, ${asked.link === undefined ? 'our own link' : `because of ${asked.link}`}.`,
  ]
  if (model !== undefined)
    lines.push(model === '' ? 'It is a phone of unknown model.' : `It is a phone, model ${model}.`)
  for (const { name, member, because } of classes) {
    lines.push(`It is ${member ? '' : 'not '}in class ${name}: ${finding(because)}.`)
  }
  if (reservation) lines.push(`It has a ${reservation}.`)
  lines.push(ending(explanation))
  if (pool) lines.push(`The address is of pool ${pool}.`)
  for (const { code, name, value, source } of sent) lines.push(`Sent: ${code} ${name} = ${value}, from ${source}.`)
  for (const { code, source, by } of overridden) {
    lines.push(`Replaced: the ${optionName(code)} (${code}) of ${source}, by that of ${by}.`)
  }
  if (verdict.kind === 'lease') {
    for (const { code, name, reason } of missing) lines.push(`Asked for and not sent: ${code} ${name}: ${reason}.`)
  }
  for (const { code, name, source } of unasked) lines.push(`Not asked for, so not sent: ${code} ${name} of ${source}.`)
  return lines
}

function ending({ verdict }: Explanation): string {
  if (verdict.kind === 'lease') {
    const { address, leaseSeconds } = verdict
    if (address === undefined) return 'It got options and no address.'
    return leaseSeconds === undefined ? `It would get ${address}.` : `It got ${address} for ${leaseSeconds} seconds.`
  }
  return verdict.kind === 'nak' ? `It was refused (NAK): ${verdict.reason}.` : `It got no answer: ${verdict.reason}.`
}

/** A class's condition in words: `option 60 begins with "440HD" and not (the subnet is "lab")`. */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'all':
    case 'any': {
      const parts = condition.of.map((one) =>
        one.kind === 'all' || one.kind === 'any' ? `(${conditionText(one)})` : conditionText(one),
      )
      return parts.join(condition.kind === 'all' ? ' and ' : ' or ')
    }
    case 'not':
      return `not (${conditionText(condition.of)})`
    default:
      return wording(condition)
  }
}

/** `option 60 begins with "440HD": yes, it is "440HDG"`. */
export function finding({ condition, holds, saw, parts }: Finding): string {
  switch (condition.kind) {
    case 'all':
    case 'any':
    case 'not':
      return `${condition.kind === 'not' ? 'not' : `${condition.kind} of`} [${parts.map(finding).join('; ')}]: ${yes(holds)}`
    default:
      return `${wording(condition)}: ${yes(holds)}, it is ${show(saw)}`
  }
}

function wording(condition: Exclude<Condition, { kind: 'all' | 'any' | 'not' }>): string {
  switch (condition.kind) {
    case 'vendorClass':
    case 'userClass':
    case 'model': {
      const what = { vendorClass: 'option 60', userClass: 'option 77', model: 'the model' }[condition.kind]
      return `${what} ${condition.prefix ? 'begins with' : 'is'} ${show(condition.text)}`
    }
    case 'oui':
      return `the hardware address begins with ${condition.oui}`
    case 'mac':
      return `the hardware address begins with ${condition.prefix}`
    case 'circuitId':
      return `the relay's circuit is 0x${condition.hex}`
    case 'remoteId':
      return `the relay's remote identifier is 0x${condition.hex}`
    case 'subnet':
      return `the subnet is ${show(condition.name)}`
    case 'phone':
      return 'it is a phone of ours'
  }
}

function yes(holds: boolean): string {
  return holds ? 'yes' : 'no'
}

function show(text: string | undefined): string {
  return text === undefined ? '(none)' : JSON.stringify(text)
}

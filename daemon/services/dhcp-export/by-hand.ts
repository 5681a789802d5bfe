// SPDX-License-Identifier: Apache-2.0
import { poolName } from '#daemon/domain/dhcp/evaluate'
import type { DhcpPlan, OptionSetting, Reservation, Subnet } from '#daemon/domain/dhcp/model'
import { conditionText } from '#daemon/domain/dhcp/sentences'
import { optionName, showOptionValue } from '#protocols/lib/dhcp-option'
import { formatMac } from '#protocols/lib/mac'
import { commentText } from './text.ts'

/** Phones are told these by the export itself, out of the subnet's time zone. */
const CLOCK: ReadonlySet<number> = new Set([2, 4])
/** A comment is for people; the configuration has the whole list. */
const MOST = 200

/**
 * What the plan says and an export does not: classes and pools of one's own, options for every client, reservations,
 * single devices. Addresses are the other server's, and each server has its own way to say the rest; so people are told,
 * one sentence for each, and nothing is missing in silence.
 */
export function byHand(plan: DhcpPlan): string[] {
  const lines = [
    ...told('Every client', plan.options),
    ...plan.subnets.flatMap(subnetLines),
    ...plan.classes.flatMap((one) => {
      if (one.readyMade) return []
      const who = `Clients of class ${one.name} (${conditionText(one.when)})`
      const there = plan.subnets.flatMap(({ name, classOptions = [] }) => {
        return classOptions.flatMap((here) => (here.name === one.name ? told(`${who} in ${name}`, here.options) : []))
      })
      return [...told(who, one.options), ...there]
    }),
    ...plan.devices.flatMap(({ mac, options }) => told(`The device ${formatMac(mac)}`, options)),
  ].map(commentText)
  return lines.length > MOST
    ? [...lines.slice(0, MOST), `and ${lines.length - MOST} more: see the configuration`]
    : lines
}

function subnetLines({ name, options = [], pools, reservations = [] }: Subnet): string[] {
  return [
    ...told(
      `Every client of ${name}`,
      options.filter(({ code }) => !CLOCK.has(code)),
    ),
    ...pools.flatMap((pool) => {
      const of = `pool ${poolName(pool)} of ${name}`
      const only = pool.classes
        ? [`Only clients of class ${pool.classes.join(' or ')} may have an address of ${of}`]
        : []
      return [...only, ...told(`Clients with an address of ${of}`, pool.options ?? [])]
    }),
    ...reservations.map((one) => reservationLine(one, name)),
  ]
}

function reservationLine({ by, address, options }: Reservation, subnet: string): string {
  const client =
    by.kind === 'mac'
      ? formatMac(by.mac)
      : `${by.kind === 'clientId' ? 'client identifier' : 'relay circuit'} 0x${by.hex}`
  const gets = [...(address ? [address] : []), ...options.map(shown)]
  return `Reserved in ${subnet}: ${client} gets ${gets.join('; ')}`
}

function told(who: string, options: readonly OptionSetting[]): string[] {
  return options.map((option) => `${who}: ${shown(option)}`)
}

function shown({ code, value }: OptionSetting): string {
  return `option ${code} ${optionName(code)} = ${showOptionValue(value)}`
}

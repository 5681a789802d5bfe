// SPDX-License-Identifier: Apache-2.0
import { poolName } from '#daemon/domain/dhcp/evaluate'
import type { DhcpPlan, OptionSetting, Reservation, Subnet } from '#daemon/domain/dhcp/model'
import { conditionText } from '#daemon/domain/dhcp/sentences'
import { optionName, showOptionValue } from '#protocols/lib/dhcp-option'
import { formatMac } from '#protocols/lib/mac'
import { isReserved } from './own.ts'
import { commentText } from './text.ts'

/** One sentence, and the part of the plan that it tells: an export that writes that part need not say it. */
export interface HandItem {
  readonly text: string
  /** Undefined for what no export writes. */
  readonly of: object | undefined
}

/** Phones are told these by the export itself, out of the subnet's time zone. */
const CLOCK: ReadonlySet<number> = new Set([2, 4])
/** A comment is for people; the configuration has the whole list. */
const MOST = 200

/**
 * What the plan says besides what phones get: for every client, for classes, reservations, single devices and pools.
 * Options for all clients are the other server's own matter; of the rest each server writes what it can.
 */
export function byHand(plan: DhcpPlan): HandItem[] {
  return [
    ...told('Every client', plan.options, undefined),
    ...plan.subnets.flatMap((subnet) => subnetItems(plan, subnet)),
    ...plan.classes.flatMap((one) => {
      if (one.readyMade) return []
      const who = `Clients of class ${one.name} (${conditionText(one.when)})`
      const there = plan.subnets.flatMap(({ name, classOptions = [] }) => {
        return classOptions.flatMap((here) => {
          return here.name === one.name ? told(`${who} in ${name}`, here.options, here) : []
        })
      })
      return [...told(who, one.options, one), ...there]
    }),
    ...plan.devices.flatMap((one) => told(`The device ${formatMac(one.mac)}`, one.options, one)),
  ]
}

/** The sentences of a comment. */
export function handLines(items: readonly HandItem[]): string[] {
  const lines = items.map(({ text }) => commentText(text))
  return lines.length > MOST
    ? [...lines.slice(0, MOST), `and ${lines.length - MOST} more: see the configuration`]
    : lines
}

function subnetItems(plan: DhcpPlan, { name, options = [], pools, reservations = [] }: Subnet): HandItem[] {
  const others = options.filter(({ code }) => !CLOCK.has(code))
  return [
    ...told(`Every client of ${name}`, others, undefined),
    ...pools.flatMap((pool) => {
      const where = `pool ${poolName(pool)} of ${name}`
      const text = `Only clients of class ${pool.classes?.join(' or ')} may have an address of ${where}`
      const only = pool.classes ? [{ text, of: pool }] : []
      return [...only, ...told(`Clients with an address of ${where}`, pool.options ?? [], undefined)]
    }),
    ...reservations.flatMap((one) => {
      const kept = one.by.kind === 'clientId' ? one.options.filter(({ code }) => isReserved(plan, code)) : []
      const who = `The client with identifier ${one.by.kind === 'clientId' ? `0x${one.by.hex}` : ''} in ${name}, if a phone`
      return [{ text: reservationText(one, name), of: one }, ...told(who, kept, undefined)]
    }),
  ]
}

function reservationText({ by, address, options }: Reservation, subnet: string): string {
  const client =
    by.kind === 'mac'
      ? formatMac(by.mac)
      : `${by.kind === 'clientId' ? 'client identifier' : 'relay circuit'} 0x${by.hex}`
  const gets = [...(address ? [address] : []), ...options.map(shown)]
  return `Reserved in ${subnet}: ${client} gets ${gets.join('; ')}`
}

function told(who: string, options: readonly OptionSetting[], of: object | undefined): HandItem[] {
  return options.map((option) => ({ text: `${who}: ${shown(option)}`, of }))
}

function shown({ code, value }: OptionSetting): string {
  return `option ${code} ${optionName(code)} = ${showOptionValue(value)}`
}

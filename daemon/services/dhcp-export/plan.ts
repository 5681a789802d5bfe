// SPDX-License-Identifier: Apache-2.0

import { bootHost } from '#daemon/domain/dhcp/boot-host'
import type { ClientFacts } from '#daemon/domain/dhcp/classify'
import { Evaluator, type ResolvedOption } from '#daemon/domain/dhcp/evaluate'
import type { DhcpPlan, OptionSetting, Subnet } from '#daemon/domain/dhcp/model'
import type { OptionValue } from '#protocols/lib/dhcp-option'
import { type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { byHand, type HandItem } from './by-hand.ts'
import { ANY_MODEL, OUI, VENDOR_CLASSES } from './clients.ts'
import type { ExportGroup } from './export-group.ts'
import type { ExportOption } from './export-option.ts'
import { type Gate, gatesOf, type Host, hostsOf, type OwnClass, ownClasses, type ToExport } from './own.ts'

/** What other DHCP servers must be told so that phones find us and get what the configuration gives them. */
export interface ExportPlan {
  readonly groups: readonly ExportGroup[]
  readonly hosts: readonly Host[]
  readonly gates: readonly Gate[]
  /** All that an export could leave out. */
  readonly byHand: readonly HandItem[]
}

/** Where a writer notes what of the plan its server cannot do: the classes, reservations, devices and pools. */
export type CannotSay = Set<object>

type Encode = (value: OptionValue) => Uint8Array

const BOOT_SERVER = 66
const BOOT_FILE = 67
/** The time offset and who tells the time: a subnet's, but only phones are told here. */
const CLOCK: ReadonlySet<number> = new Set([2, 4])

/**
 * Made by evaluating the plan for a phone and for each vendor class in every subnet, as our own server would: so the
 * exports cannot disagree with it. Of the options it takes those that these clients get and others do not.
 */
export function exportPlan(plan: DhcpPlan, encode: Encode): ExportPlan {
  const readyMade = plan.classes.filter((one) => one.readyMade)
  const subnets = plan.subnets.map(withoutReservations)
  const evaluator = new Evaluator({ ...plan, subnets, classes: readyMade, devices: [] })
  const toExport = exporter(encode)
  const groups = new Map<string, Omit<ExportGroup, 'suffix'>>()
  for (const [index, subnet] of plan.subnets.entries()) {
    const group = groupOf(evaluator, subnets[index] ?? subnet, toExport, ownClasses(plan, subnet, toExport))
    const { subnets: _, own, ...settings } = group
    const key = JSON.stringify([settings, own.map(({ says, ...one }) => one)])
    groups.set(key, { ...group, subnets: [...(groups.get(key)?.subnets ?? []), subnet] })
  }
  const isOne = groups.size === 1
  return {
    groups: [...groups.values()].map((group, index) => ({ ...group, suffix: isOne ? '' : `-${index + 1}` })),
    hosts: hostsOf(plan, toExport),
    gates: gatesOf(plan),
    byHand: byHand(plan),
  }
}

function exporter(encode: Encode): ToExport {
  return ({ code, value, always }: OptionSetting): ExportOption => {
    const hex = Buffer.from(encode(value)).toString('hex')
    return { code, value, hex, ...(always === true && { always }) }
  }
}

/** The evaluation is for clients that have none. */
function withoutReservations({ reservations: _, ...subnet }: Subnet): Subnet {
  return subnet
}

function groupOf(
  evaluator: Evaluator,
  subnet: Subnet,
  toExport: ToExport,
  own: readonly OwnClass[],
): Omit<ExportGroup, 'suffix'> {
  const phone = optionsFor(evaluator, subnet, ANY_MODEL, true)
  const bootFile = phone.find(({ code }) => code === BOOT_FILE)?.value
  return {
    subnets: [subnet],
    nextServer: addressIn(phone.find(({ code }) => code === BOOT_SERVER)?.value) ?? subnet.serverAddress,
    phone: phone.filter(({ code }) => code !== BOOT_FILE).map(toExport),
    bootFile: bootFile?.type === 'text' ? bootFile.value : undefined,
    vendorClasses: VENDOR_CLASSES.map((vendorClass) => ({
      vendorClass,
      options: optionsFor(evaluator, subnet, vendorClass, false).map(toExport),
    })).filter(({ options }) => options.length > 0),
    own,
  }
}

/** Of a phone whose model is not known, so that `<MODEL>` stays; or of a client that is no phone of ours. */
function optionsFor(evaluator: Evaluator, subnet: Subnet, vendorClass: string, isPhone: boolean): ResolvedOption[] {
  const mac = (isPhone ? `${OUI}000000` : '020000000000') as Mac
  const facts: ClientFacts = {
    ...{ mac, clientKey: mac, vendorClass, userClass: undefined, circuitId: undefined, remoteId: undefined },
    wanted: [],
  }
  const phone = isPhone ? { model: '' } : undefined
  const { options } = evaluator.evaluate(evaluator.standing(subnet, facts, phone), facts, undefined)
  return options.filter(({ code, source, always }) => {
    return source.startsWith('class ') || always === true || (isPhone && CLOCK.has(code))
  })
}

/** Option 66 holds a host or a URL. */
function addressIn(server: OptionValue | undefined): Ipv4 | undefined {
  if (server?.type !== 'text') return undefined
  return parseIpv4(bootHost(server.value))
}

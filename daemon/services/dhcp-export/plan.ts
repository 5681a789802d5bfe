// SPDX-License-Identifier: Apache-2.0

import { bootHost } from '#daemon/domain/dhcp/boot-host'
import type { ClientFacts } from '#daemon/domain/dhcp/classify'
import { Evaluator, type ResolvedOption } from '#daemon/domain/dhcp/evaluate'
import type { DhcpPlan, Subnet } from '#daemon/domain/dhcp/model'
import type { OptionValue } from '#protocols/lib/dhcp-option'
import { type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { byHand } from './by-hand.ts'
import { ANY_MODEL, OUI, VENDOR_CLASSES } from './clients.ts'

/** One option for another server: as people write it, and as it is on the wire (hex). */
export interface ExportOption {
  readonly code: number
  readonly value: OptionValue
  readonly hex: string
}

/** Clients that are known by option 60 as a whole, e.g. `MS-UC-Client`. */
export interface VendorClassOptions {
  readonly vendorClass: string
  readonly options: readonly ExportOption[]
}

/** Subnets in which the same clients get the same. */
export interface ExportGroup {
  /** Goes behind the names of what is made for the group: empty if there is only one, else `-1`, `-2`. */
  readonly suffix: string
  readonly subnets: readonly Subnet[]
  /** For the header field siaddr. */
  readonly nextServer: Ipv4
  /** What every phone gets, asked for or not; option 67 is `bootFile`. */
  readonly phone: readonly ExportOption[]
  /** Option 67; holds `<MODEL>`, which a phone fills in itself where the other server cannot. */
  readonly bootFile: string | undefined
  readonly vendorClasses: readonly VendorClassOptions[]
}

/** What other DHCP servers must be told so that phones find us, and nothing about addresses: those are theirs. */
export interface ExportPlan {
  readonly groups: readonly ExportGroup[]
  /** What no export says, one sentence for each. */
  readonly byHand: readonly string[]
}

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
  const evaluator = new Evaluator(plan)
  const groups = new Map<string, Omit<ExportGroup, 'suffix'>>()
  for (const subnet of plan.subnets) {
    const group = groupOf(evaluator, subnet, encode)
    const { subnets: _, ...settings } = group
    const key = JSON.stringify(settings)
    groups.set(key, { ...group, subnets: [...(groups.get(key)?.subnets ?? []), subnet] })
  }
  const isOne = groups.size === 1
  return {
    groups: [...groups.values()].map((group, index) => ({ ...group, suffix: isOne ? '' : `-${index + 1}` })),
    byHand: byHand(plan),
  }
}

function groupOf(evaluator: Evaluator, subnet: Subnet, encode: Encode): Omit<ExportGroup, 'suffix'> {
  const toExport = ({ code, value }: ResolvedOption): ExportOption => {
    return { code, value, hex: Buffer.from(encode(value)).toString('hex') }
  }
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

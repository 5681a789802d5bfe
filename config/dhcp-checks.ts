// SPDX-License-Identifier: Apache-2.0
import type { z } from 'zod'
import { contains, type Ipv4, ipv4FromNumber } from '#protocols/lib/ipv4'
import { type ConditionConfig, canonical, subnetsIn } from './condition.ts'
import type { cidr } from './fields.ts'
import type { OptionConfig } from './option.ts'

interface Reserved {
  readonly cidr: z.infer<typeof cidr>
  readonly reservations: readonly { readonly by: object; readonly address?: Ipv4 }[]
}

interface Named {
  readonly name: string
  readonly options: readonly OptionConfig[]
}

interface Classed {
  readonly classes: readonly (Named & { readonly when: ConditionConfig })[]
  readonly subnets: readonly {
    readonly name: string
    readonly pools: readonly { readonly first: number; readonly classes?: readonly string[] }[]
    readonly classOptions: readonly Named[]
  }[]
  readonly devices: readonly { readonly mac: string }[]
}

/** Classes that come with the product. */
const READY_MADE = ['phone', 'ms-uc-client', 'cpe-ocphone']

/** A reservation is of a host of its subnet; no two share an address or a client. */
export function checkReservations({ cidr, reservations }: Reserved, ctx: z.RefinementCtx): void {
  const { network, broadcast, prefix } = cidr
  const ends = prefix < 31 ? [ipv4FromNumber(network), ipv4FromNumber(broadcast)] : []
  const clients = new Map<string, number>()
  const addresses = new Map<string, number>()
  for (const [index, { by, address }] of reservations.entries()) {
    const complain = (message: string, ...path: string[]) => {
      ctx.addIssue({ code: 'custom', path: ['reservations', index, ...path], message })
    }
    if (address && (!contains(cidr, address) || ends.includes(address))) {
      complain(`${address} is not inside ${ipv4FromNumber(network)}/${prefix}`, 'address')
    }
    const twin = address && addresses.get(address)
    if (twin !== undefined) complain(`${address} is reserved for reservation ${Number(twin) + 1} already`, 'address')
    const same = clients.get(JSON.stringify(by))
    if (same !== undefined) complain(`reservation ${same + 1} is for the same client`)
    clients.set(JSON.stringify(by), index)
    if (address) addresses.set(address, index)
  }
}

/** Every name leads to something, and no two classes of the same clients give them different values. */
export function checkClasses(dhcp: Classed, ctx: z.RefinementCtx): void {
  const complain = (path: (string | number)[], message: string) => ctx.addIssue({ code: 'custom', path, message })
  const names = new Set([...READY_MADE, ...dhcp.classes.map(({ name }) => name)])
  for (const [index, one] of dhcp.classes.entries()) {
    const before = dhcp.classes.slice(0, index)
    if (READY_MADE.includes(one.name)) complain(['classes', index, 'name'], `"${one.name}" comes with Offhook`)
    if (before.some(({ name }) => name === one.name)) complain(['classes', index, 'name'], `"${one.name}" is taken`)
    for (const name of subnetsIn(one.when)) {
      if (dhcp.subnets.some((subnet) => subnet.name === name)) continue
      complain(['classes', index, 'when'], `there is no subnet "${name}"`)
    }
    for (const other of before) {
      if (canonical(other.when) !== canonical(one.when)) continue
      for (const [at, option] of one.options.entries()) {
        const twin = other.options.find(({ code }) => code === option.code)
        if (!twin || JSON.stringify(twin) === JSON.stringify(option)) continue
        const message = `contradicts class "${other.name}", which gives the same clients another value`
        complain(['classes', index, 'options', at], message)
      }
    }
  }
  for (const [index, { pools, classOptions }] of dhcp.subnets.entries()) {
    const unknown = (path: (string | number)[], name: string) => {
      if (!names.has(name)) complain(['subnets', index, ...path], `there is no class "${name}"`)
    }
    for (const [at, { classes = [] }] of pools.entries())
      for (const name of classes) unknown(['pools', at, 'classes'], name)
    for (const [at, { name }] of classOptions.entries()) unknown(['classOptions', at, 'name'], name)
  }
  for (const [index, { mac }] of dhcp.devices.entries()) {
    if (dhcp.devices.findIndex((device) => device.mac === mac) === index) continue
    complain(['devices', index, 'mac'], `${mac} stands here twice`)
  }
}

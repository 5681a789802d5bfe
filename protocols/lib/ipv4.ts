// SPDX-License-Identifier: Apache-2.0
import { isIPv4 } from 'node:net'

/** An IPv4 address in dotted-decimal form, e.g. `10.1.2.3`. */
export type Ipv4 = string & { readonly __brand: 'Ipv4' }

/** `address/prefix`; `network` and `broadcast` are unsigned 32-bit numbers. */
export interface Cidr {
  readonly network: number
  readonly broadcast: number
  readonly prefix: number
}

export const UNSPECIFIED = '0.0.0.0' as Ipv4
export const BROADCAST = '255.255.255.255' as Ipv4

export function parseIpv4(text: string): Ipv4 | undefined {
  return isIPv4(text) ? (text as Ipv4) : undefined
}

export function ipv4ToNumber(address: Ipv4): number {
  let value = 0
  let octet = 0
  for (let i = 0; i < address.length; i++) {
    const char = address.charCodeAt(i)
    if (char === 46) {
      value = value * 256 + octet
      octet = 0
    } else octet = octet * 10 + char - 48
  }
  return value * 256 + octet
}

export function ipv4FromNumber(value: number): Ipv4 {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ipv4
}

/** `10.1.2.3/16` → its network; host bits are dropped. Undefined when it is not a CIDR. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', bits = '', ...more] = text.split('/')
  const ip = parseIpv4(address)
  const prefix = Number(bits)
  if (!ip || more.length > 0 || !/^\d{1,2}$/.test(bits) || prefix > 32) return undefined
  const size = 2 ** (32 - prefix)
  const network = ipv4ToNumber(ip) - (ipv4ToNumber(ip) % size)
  return { network, broadcast: network + size - 1, prefix }
}

export function netmask(cidr: Cidr): Ipv4 {
  return ipv4FromNumber(2 ** 32 - 2 ** (32 - cidr.prefix))
}

export function contains(cidr: Cidr, address: Ipv4): boolean {
  const value = ipv4ToNumber(address)
  return value >= cidr.network && value <= cidr.broadcast
}

/** Strips the IPv6 mapping that a dual-stack socket puts before an IPv4 peer (`::ffff:10.0.0.1`). */
export function peerAddress(remote: string | undefined): Ipv4 | undefined {
  return remote === undefined ? undefined : parseIpv4(remote.startsWith('::ffff:') ? remote.slice(7) : remote)
}

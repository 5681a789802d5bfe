// SPDX-License-Identifier: Apache-2.0
import type { Cidr, Ipv4 } from './ipv4.ts'

/** A typed option value; the codec knows how each one looks on the wire. */
export type OptionValue =
  | { readonly type: 'ipv4'; readonly value: readonly Ipv4[] }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'uint8' | 'uint16' | 'uint32' | 'int32'; readonly value: number }
  | { readonly type: 'hex'; readonly value: string }
  /** Domain names as uncompressed labels [RFC 1035 §3.1]. */
  | { readonly type: 'fqdn'; readonly value: readonly string[] }
  /** Option 120: all names or all addresses, behind an octet that says which [RFC 3361 §3]. */
  | { readonly type: 'sip'; readonly value: readonly string[] }
  /** Option 121 [RFC 3442]. */
  | { readonly type: 'routes'; readonly value: readonly Route[] }
  /** Sub-options: option 43 [RFC 2132 §8.4], or with an enterprise number option 125 [RFC 3925 §4]. */
  | { readonly type: 'tlv'; readonly enterprise?: number; readonly value: readonly SubOption[] }

export type OptionType = OptionValue['type']

export interface Route {
  readonly to: Cidr
  readonly via: Ipv4
}

export interface SubOption {
  readonly code: number
  readonly value: OptionValue
}

interface OptionKind {
  /** What people call it. */
  readonly name: string
  readonly type: OptionType
}

function kind(name: string, type: OptionType): OptionKind {
  return { name, type }
}

/** What the options of a phone network are called and how they look; any other one is shown in hex. */
export const OPTION_KINDS: ReadonlyMap<number, OptionKind> = new Map([
  [1, kind('subnet mask', 'ipv4')],
  [2, kind('time offset', 'int32')],
  [3, kind('routers', 'ipv4')],
  [4, kind('time servers', 'ipv4')],
  [6, kind('DNS servers', 'ipv4')],
  [7, kind('log servers', 'ipv4')],
  [12, kind('host name', 'text')],
  [15, kind('domain name', 'text')],
  [26, kind('interface MTU', 'uint16')],
  [28, kind('broadcast address', 'ipv4')],
  [42, kind('NTP servers', 'ipv4')],
  [43, kind('vendor-specific information', 'tlv')],
  [44, kind('NetBIOS name servers', 'ipv4')],
  [50, kind('requested address', 'ipv4')],
  [51, kind('lease time', 'uint32')],
  [52, kind('option overload', 'uint8')],
  [53, kind('message type', 'uint8')],
  [54, kind('server identifier', 'ipv4')],
  [55, kind('parameter request list', 'hex')],
  [56, kind('message', 'text')],
  [57, kind('maximum message size', 'uint16')],
  [58, kind('renewal time (T1)', 'uint32')],
  [59, kind('rebinding time (T2)', 'uint32')],
  [60, kind('vendor class identifier', 'text')],
  [61, kind('client identifier', 'hex')],
  [66, kind('TFTP server name', 'text')],
  [67, kind('boot file name', 'text')],
  [77, kind('user class', 'hex')],
  [80, kind('rapid commit', 'hex')],
  [81, kind('client FQDN', 'hex')],
  [82, kind('relay agent information', 'hex')],
  [100, kind('POSIX time zone', 'text')],
  [101, kind('TZDB time zone', 'text')],
  [119, kind('domain search', 'fqdn')],
  [120, kind('SIP servers', 'sip')],
  [121, kind('classless static routes', 'routes')],
  [125, kind('vendor-identifying information', 'tlv')],
  [132, kind('VLAN', 'text')],
  [150, kind('TFTP server addresses', 'ipv4')],
  [160, kind('provisioning URL', 'text')],
])

/** What people call an option. */
export function optionName(code: number): string {
  return OPTION_KINDS.get(code)?.name ?? `option ${code}`
}

/** The name in configuration files: `dns-servers`, `provisioning-url`; a number for an option without a name. */
export function optionKey(code: number): string {
  const name = OPTION_KINDS.get(code)?.name
  return name === undefined ? String(code) : keyOf(name)
}

/** The code of a name in configuration files, or of a number from 1 to 254. */
export function optionCode(key: string): number | undefined {
  if (/^\d{1,3}$/.test(key)) return Number(key) >= 1 && Number(key) <= 254 ? Number(key) : undefined
  return CODES.get(key.toLowerCase())
}

const CODES: ReadonlyMap<string, number> = new Map([...OPTION_KINDS].map(([code, { name }]) => [keyOf(name), code]))

function keyOf(name: string): string {
  return name
    .replace(/ \(.*\)$/, '')
    .replaceAll(' ', '-')
    .toLowerCase()
}

/** A value as people write it: `10.1.0.1, 10.1.0.2`, `"text"`, `1 = "MS-UC-Client", 2 = "https"`. */
export function showOptionValue(option: OptionValue): string {
  switch (option.type) {
    case 'ipv4':
    case 'fqdn':
    case 'sip':
      return option.value.join(', ')
    case 'text':
      return JSON.stringify(option.value)
    case 'hex':
      return `0x${option.value}`
    case 'routes':
      return option.value.map(({ to, via }) => `${showCidr(to)} via ${via}`).join(', ')
    case 'tlv': {
      const inside = option.value.map(({ code, value }) => `${code} = ${showOptionValue(value)}`).join(', ')
      return option.enterprise === undefined ? inside : `enterprise ${option.enterprise}: ${inside}`
    }
    default:
      return String(option.value)
  }
}

function showCidr({ network, prefix }: Cidr): string {
  return `${[24, 16, 8, 0].map((shift) => (network >>> shift) & 255).join('.')}/${prefix}`
}

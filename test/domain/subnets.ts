// SPDX-License-Identifier: Apache-2.0
import type { Subnet } from '#daemon/domain/subnet'
import { type Ipv4, ipv4ToNumber, parseCidr } from '#protocols/lib/ipv4'

export function ip(text: string): Ipv4 {
  return text as Ipv4
}

/** A subnet with one pool of the addresses from `first` to `last`. */
export function subnet(cidr: string, first: string, last: string, change: Partial<Subnet> = {}): Subnet {
  const parsed = parseCidr(cidr)
  if (!parsed) throw new Error(`not a CIDR: ${cidr}`)
  return {
    name: 'voice',
    cidr: parsed,
    pools: [{ first: ipv4ToNumber(ip(first)), last: ipv4ToNumber(ip(last)) }],
    serverAddress: ip('10.99.0.1'),
    routers: [ip('10.99.0.254')],
    dnsServers: [ip('10.99.0.3')],
    ntpServers: [ip('10.99.0.5')],
    domainName: 'voice.example.com',
    leaseSeconds: 3_600,
    provisioningUrl: 'http://10.99.0.1/firmwarefiles;ipp/dhcpoption160.cfg',
    tftpServer: '10.99.0.1',
    ...change,
  }
}

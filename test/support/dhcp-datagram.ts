// SPDX-License-Identifier: Apache-2.0
import { encode } from '#protocols/dhcp/codec'
import { UNSPECIFIED } from '#protocols/lib/ipv4'
import { type Mac, macToBytes } from '#protocols/lib/mac'

/** A client's message without addresses, with these options. */
export function packetOf(mac: string, ...options: (readonly [number, readonly number[]])[]): Uint8Array {
  const chaddr = new Uint8Array(16)
  chaddr.set(macToBytes(mac as Mac))
  return encode({
    ...{ op: 1, htype: 1, hlen: 6, hops: 0, xid: 1, secs: 0, flags: 0, chaddr, sname: '', file: '' },
    ...{ ciaddr: UNSPECIFIED, yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED, giaddr: UNSPECIFIED },
    options: new Map(options.map(([code, bytes]) => [code, Uint8Array.from(bytes)])),
  })
}

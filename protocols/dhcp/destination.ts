// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import { BROADCAST, UNSPECIFIED } from '#protocols/lib/ipv4'
import type { DhcpMessage } from './codec.ts'
import { MESSAGE } from './options.ts'
import { type ClientRequest, messageType } from './query.ts'
import { isRelayed } from './relay.ts'

/** The well-known ports, unless a test says otherwise [RFC 2131 §4.1]. */
export interface DhcpPorts {
  readonly client: number
  readonly relay: number
}

/**
 * Where the answer goes [RFC 2131 §4.1]: to the relay if one passed the request on, at its source port if it asked for
 * that [RFC 8357]; a NAK to everybody; to `ciaddr` of a client that has one; to everybody on the link otherwise.
 *
 * The last case differs from the RFC where the client leaves the broadcast flag off: it wants a frame to its hardware
 * address and `yiaddr`, which it does not answer ARP for yet. Node has no sockets for frames, so that goes out by
 * broadcast, which such clients take as well.
 */
export function destination(request: ClientRequest, reply: DhcpMessage, ports: DhcpPorts): Endpoint {
  const { message, relay, query } = request
  if (isRelayed(message)) {
    return { address: message.giaddr, port: relay.sourcePort ? query.peer.port : ports.relay }
  }
  const bound = message.ciaddr !== UNSPECIFIED && messageType(reply) !== MESSAGE.nak
  return { address: bound ? message.ciaddr : BROADCAST, port: ports.client }
}

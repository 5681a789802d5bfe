// SPDX-License-Identifier: Apache-2.0
import type { OptionValue } from '#protocols/lib/dhcp-option'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'

export type { OptionValue }

/** The state the client is in, as RFC 2131 §4.3 and table 4 tell it from the message. */
export type QueryKind =
  | 'discover'
  | 'selecting'
  | 'init-reboot'
  | 'renewing'
  | 'rebinding'
  | 'inform'
  | 'release'
  | 'decline'

/** A decoded and classified client message: all that the owner of addresses and options needs to know. */
export interface LeaseQuery {
  readonly kind: QueryKind
  /** The client's key: its identifier (option 61) in hex if it sent one, else its hardware address [RFC 2131 §4.2]. */
  readonly clientKey: string
  readonly mac: Mac
  /** Picks the subnet: link selection [RFC 3527], else giaddr, else ciaddr; undefined on the server's own link. */
  readonly link: Ipv4 | undefined
  /** The address asked for or held: option 50, or ciaddr when renewing, rebinding, informing or releasing. */
  readonly address: Ipv4 | undefined
  /** Option 51 as asked for, in seconds. */
  readonly leaseSeconds: number | undefined
  /**
   * Option 54: the server the client chose (`selecting`) or addresses (`release`, `decline`). Undefined when it is the
   * name that the relay gave us [RFC 5107 §4]: the client means this server.
   */
  readonly server: Ipv4 | undefined
  /** Option 55, in the client's order. */
  readonly wanted: readonly number[]
  /** Option 60, and 77 as text (the raw and the RFC 3004 form read alike). */
  readonly vendorClass: string | undefined
  readonly userClass: string | undefined
  readonly hostname: string | undefined
  /** Option 82 sub-options 1 and 2 in hex. */
  readonly circuitId: string | undefined
  readonly remoteId: string | undefined
  /** Where the packet came from: the relay, or the client. */
  readonly peer: { readonly address: string; readonly port: number }
  /** The client asks to skip OFFER and REQUEST [RFC 4039]. */
  readonly rapidCommit?: boolean | undefined
  /** The datagram as it came, for people who want to look. */
  readonly packet?: Uint8Array | undefined
}

/** One option of an answer, and which layer of the configuration it came from (for people and for `explain`). */
export interface GivenOption {
  readonly code: number
  readonly value: OptionValue
  readonly source: string
  /** Sent even when the client's option 55 does not name it. */
  readonly always?: boolean
}

/** The boot fields of the fixed header, for boot loaders that read nothing else [RFC 2131 §2]. */
export interface BootFields {
  readonly siaddr?: Ipv4
  readonly sname?: string
  readonly file?: string
}

export type LeaseAnswer =
  | {
      readonly kind: 'lease'
      /** Undefined in answer to INFORM: options only, no address, no lease time [RFC 2131 §4.3.5]. */
      readonly address: Ipv4 | undefined
      readonly leaseSeconds: number | undefined
      /** The server identifier (option 54): an address of ours that this client can reach. */
      readonly server: Ipv4
      readonly options: readonly GivenOption[]
      readonly boot: BootFields
      /** The lease is durable already, in answer to a DISCOVER with rapid commit: ACK it at once [RFC 4039 §3.1]. */
      readonly committed?: boolean
    }
  | { readonly kind: 'nak'; readonly server: Ipv4; readonly reason: string }
  /** Say nothing: not our client, nothing to give, or a message that has no answer (`release`, `decline`). */
  | { readonly kind: 'silent'; readonly reason: string }

/** What the DHCP server asks of its owner. */
export interface DhcpPort {
  /**
   * Decides, and makes the decision durable before it resolves: an ACK leaves only after its lease is on disk.
   * Rejects only on a fault (a full disk, say); the server then stays silent, as a client will retry.
   */
  leaseFor(query: LeaseQuery): Promise<LeaseAnswer>
  /** Hears which options really went out: some may have found no room. Never throws. */
  answered?(query: LeaseQuery, sent: ReadonlyMap<number, Uint8Array>): void
}

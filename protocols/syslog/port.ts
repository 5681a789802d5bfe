// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'

/** One message of a phone's log, as far as it could be read. Texts hold no control characters. */
export interface SyslogMessage {
  /** 0 to 23 [RFC5424 §6.2.1]. */
  readonly facility: number
  /** 0 (emergency) to 7 (debug). */
  readonly severity: number
  /** Milliseconds since the epoch, if the message says when in a way that names the year; phones' clocks may be wrong. */
  readonly at: number | undefined
  readonly hostname: string
  readonly app: string
  readonly processId: string
  readonly messageId: string
  /** The structured data as sent, with its brackets; empty for none. */
  readonly data: string
  readonly text: string
}

export interface Received {
  readonly message: SyslogMessage
  readonly peer: Endpoint
  readonly transport: 'udp' | 'tcp'
}

/** What the receiver asks of the keeper of logs. */
export interface SyslogPort {
  /** Resolves when it is taken; a TCP sender waits for that. False: nobody we know has this address. Never rejects. */
  log(received: Received): Promise<boolean>
}

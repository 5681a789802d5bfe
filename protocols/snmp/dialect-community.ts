// SPDX-License-Identifier: Apache-2.0
import { decode, encodeCommunity } from './codec-message.ts'
import { type Answer, type Dialect, varbindsOf, wrapped } from './dialect.ts'
import type { Pdu } from './messages.ts'
import type { Notification } from './port.ts'
import { asTrapV1 } from './trap-v1.ts'

/** Versions 1 and 2c: a community, and nothing to find out. */
export class CommunityDialect implements Dialect {
  readonly mustDiscover = false
  readonly inStep = true
  readonly freshIds = false
  readonly #version: '1' | '2c'
  readonly #community: Uint8Array

  constructor(version: '1' | '2c', community: string) {
    this.#version = version
    this.#community = Buffer.from(community, 'utf8')
  }

  trap(notification: Notification, requestId: number, localAddress: string): Uint8Array {
    if (this.#version === '1') {
      const pdu = asTrapV1({ ...notification, uptime: wrapped(notification.uptime) }, localAddress)
      return encodeCommunity({ version: '1', community: this.#community, pdu })
    }
    return this.request({ kind: 'trap', requestId, errorStatus: 0, errorIndex: 0, varbinds: varbindsOf(notification) })
  }

  discovery(pdu: Pdu): Uint8Array {
    return this.request(pdu)
  }

  request(pdu: Pdu): Uint8Array {
    return encodeCommunity({ version: this.#version, community: this.#community, pdu })
  }

  read(bytes: Uint8Array): Answer {
    const message = decode(bytes, 'response')
    if (message.version !== this.#version) return { kind: 'stray', reason: `version ${message.version}` }
    if (Buffer.compare(message.community, this.#community) !== 0) return { kind: 'stray', reason: 'another community' }
    const { pdu } = message
    if (pdu.kind !== 'response') return { kind: 'stray', reason: `no response but ${pdu.kind}` }
    return { kind: 'response', id: pdu.requestId, requestId: pdu.requestId, errorStatus: pdu.errorStatus }
  }

  discovered(): void {}

  forget(): void {}
}

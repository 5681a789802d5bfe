// SPDX-License-Identifier: Apache-2.0
import type { Identity } from '#daemon/domain/phone'
import type { Evidence } from '#protocols/lib/exchange'
import { modelIn, OUI } from './models.ts'
import { parseUserAgent } from './user-agent.ts'

/** The maker's gateways live in the same block and read options 66 and 67 as theirs. */
const GATEWAY = /^(?:mediant|mp-?\d|m\d{3,4}\b)/i

/**
 * Whether the evidence is of an AudioCodes phone, and which one: by the model in DHCP option 60 or 77, in the user
 * agent or in a keep-alive, else by the hardware address alone. A phone of another maker is undefined here.
 */
export function identify(evidence: Evidence): Identity | undefined {
  const { vendorClass = '', userClass = '', userAgent = '' } = evidence
  const agent = parseUserAgent(userAgent)
  const model = [evidence.model, agent?.model, vendorClass, ...userClass.split(',')]
    .map((text) => text && modelIn(text))
    .find((found) => found)
  const mac = evidence.mac ?? agent?.mac
  const isOurMakers = mac?.startsWith(OUI) === true && !GATEWAY.test(vendorClass) && !GATEWAY.test(userClass)
  if (!model && !agent && !isOurMakers) return undefined
  return { vendor: 'AudioCodes', model: model || '', firmware: evidence.firmware ?? agent?.firmware ?? '', mac }
}

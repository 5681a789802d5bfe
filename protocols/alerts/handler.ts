// SPDX-License-Identifier: Apache-2.0
import type { HandlerAnswer, HttpHandler, PhoneRequest } from '#protocols/http/port'
import { decode } from './codec.ts'
import { alertPrefix } from './path.ts'
import type { AlertsPort } from './port.ts'
import { respond } from './reply.ts'

/** Takes the phones' alarms. A body that cannot be read throws MalformedPacket: the front answers 400. */
export class AlertsHandler implements HttpHandler {
  readonly name = 'alerts'
  readonly bodyLimit = 256 * 1024
  readonly #port: AlertsPort

  constructor(port: AlertsPort) {
    this.#port = port
  }

  matches(method: string, path: string): boolean {
    return method === 'POST' && alertPrefix(path) !== undefined
  }

  async handle({ path, body, peer }: PhoneRequest): Promise<HandlerAnswer> {
    const { report, whole } = decode(body, { peer, prefix: alertPrefix(path) ?? [] })
    const answer = await this.#port.report(report)
    const reply = respond(answer, whole)
    // The MACs in it are claims that introduce no phone: the fleet is to learn nothing from an alarm.
    return answer.kind === 'refused' ? { reply, reason: answer.reason, evidence: {} } : { reply, evidence: {} }
  }
}

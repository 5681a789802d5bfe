// SPDX-License-Identifier: Apache-2.0
import type { HandlerAnswer, HttpHandler, PhoneRequest } from '#protocols/http/port'
import { parseMac } from '#protocols/lib/mac'
import type { RedirectPort } from './port.ts'
import { refusal } from './reply.ts'

const PATH = /^\/([0-9a-f]{12}|[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5})$/i

/** Sends phones that ask for `/<MAC>`, as they ask their maker's redirect server, to where their files are. */
export class RedirectHandler implements HttpHandler {
  readonly name = 'redirect'
  readonly bodyLimit = 0
  readonly #port: RedirectPort

  constructor(port: RedirectPort) {
    this.#port = port
  }

  matches(method: string, path: string): boolean {
    return (method === 'GET' || method === 'HEAD') && PATH.test(path) && this.#port.isOn()
  }

  async handle({ path, peer, headers }: PhoneRequest): Promise<HandlerAnswer> {
    const mac = parseMac(PATH.exec(path)?.[1] ?? '')
    const userAgent = headers['user-agent']
    const evidence = { ...(mac && { mac }), ...(userAgent !== undefined && { userAgent }), fileKind: 'redirect' }
    const location = mac && (await this.#port.locationOf(mac, peer.address))
    if (location === undefined) return { reply: refusal(404), reason: 'the phone is on no redirect list', evidence }
    return { reply: { kind: 'redirect', status: 302, location }, evidence }
  }
}

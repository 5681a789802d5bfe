// SPDX-License-Identifier: Apache-2.0
import type { HandlerAnswer, HttpHandler, PhoneRequest } from '#protocols/http/port'
import type { Files } from './answer.ts'
import { fileRequest } from './path.ts'
import { refusal } from './reply.ts'

/** Serves phones their files over HTTP: GET and HEAD, and POST where the file is a configuration. */
export class ProvisioningHandler implements HttpHandler {
  readonly name = 'provisioning'
  /** What a POST brings along is of no interest. */
  readonly bodyLimit = 64 * 1024
  readonly #files: Files

  constructor(files: Files) {
    this.#files = files
  }

  matches(method: string, path: string): boolean {
    const request = fileRequest(path)
    if (!request) return false
    return (
      method === 'GET' ||
      method === 'HEAD' ||
      (method === 'POST' && request.kind !== 'firmware' && request.kind !== 'auxiliary')
    )
  }

  async handle({ path, peer, secure, headers, clientName }: PhoneRequest): Promise<HandlerAnswer> {
    const transport = secure ? 'https' : 'http'
    const asker = { peer, transport, userAgent: headers['user-agent'], clientName } as const
    const { answer, evidence } = await this.#files.open(path, asker)
    if (answer.kind === 'refuse') return { reply: refusal(answer.status), reason: answer.reason, evidence }
    return { reply: { kind: 'resource', resource: answer.resource }, evidence }
  }
}

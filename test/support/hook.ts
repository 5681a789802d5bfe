// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HookMessage {
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly json: {
    readonly kind: string
    readonly sequence: number | null
    readonly alarm: {
      readonly id: string
      readonly name: string
      readonly severity: string
      readonly description: string
    }
  }
}

/** Answers one POST; `got` is what was acknowledged so far. */
export type HookAnswer = (message: HookMessage, response: ServerResponse, got: readonly HookMessage[]) => void

export const ACCEPT: HookAnswer = (_, response) => void response.writeHead(204).end()
export const DOWN: HookAnswer = (_, response) => void response.writeHead(503).end()

/** A webhook's receiver. What it answered 2xx is in `got`; a test may change how it answers. */
export class Hook {
  readonly #server = createServer((request, response) => void this.#take(request, response))
  readonly #waiting = new Set<() => void>()
  /** Everything that arrived. */
  readonly tries: HookMessage[] = []
  readonly got: HookMessage[] = []
  answer: HookAnswer = ACCEPT
  /** Requests that came while others were not answered yet, at most. */
  port = 0

  static async open(port = 0): Promise<Hook> {
    const hook = new Hook()
    hook.#server.listen(port, '127.0.0.1')
    await once(hook.#server, 'listening')
    hook.port = (hook.#server.address() as AddressInfo).port
    return hook
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/alarms?key=private`
  }

  /** Waits until this holds of what was acknowledged. */
  until(
    holds: (got: readonly HookMessage[], tries: readonly HookMessage[]) => boolean,
    timeoutMs = 8_000,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!holds(this.got, this.tries)) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        const seen = this.got.map(({ json }) => `${json.kind} ${json.alarm?.id}`).slice(-20)
        reject(
          new Error(
            `not within ${timeoutMs} ms; ${this.tries.length} tries, ${this.got.length} got: ${seen.join(', ')}`,
          ),
        )
      }, timeoutMs)
      this.#waiting.add(check)
      check()
    })
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    request.on('error', () => {})
    response.on('error', () => {})
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const message: HookMessage = { headers: request.headers, body, json: JSON.parse(body) }
    this.tries.push(message)
    response.once('finish', () => {
      if (response.statusCode < 300) this.got.push(message)
      for (const check of [...this.#waiting]) check()
    })
    this.answer(message, response, this.got)
    for (const check of [...this.#waiting]) check()
  }
}

/** As the documentation tells a receiver to check. */
export function isSigned({ headers, body }: HookMessage, key: string): boolean {
  const wanted = createHmac('sha256', key).update(`${headers['x-offhook-timestamp']}.${body}`).digest('hex')
  return headers['x-offhook-signature'] === `sha256=${wanted}`
}

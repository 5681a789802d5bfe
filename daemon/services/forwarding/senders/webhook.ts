// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { DestinationSecrets, WebhookSettings } from '#daemon/domain/destination'
import { type Outgoing, SendError, type Sender, sentenceOf } from '#daemon/services/forwarding/sender'
import { heartbeatBody, signature, webhookBody } from './webhook-body.ts'

/** An answer's body tells us nothing: it is read so that the connection can be used again, to this length. */
const LONGEST_ANSWER = 64 * 1024
const LONGEST_WAIT_MS = 10 * 60_000
/** The receiver understood and will not have this message; anything else may pass. */
const REFUSALS = new Set([400, 413, 415, 422])

export interface WebhookOptions {
  readonly settings: WebhookSettings
  readonly secrets: DestinationSecrets
  readonly now: () => number
}

/** POSTs each message as JSON; an answer of 2xx is an acknowledgement. Redirects are told, never followed. */
export class WebhookSender implements Sender {
  readonly window = 8
  readonly most = 1
  readonly pauseMillis = 0
  readonly #options: WebhookOptions
  readonly #url: URL
  readonly #agent: HttpAgent | HttpsAgent
  readonly #closing = new AbortController()

  constructor(options: WebhookOptions) {
    this.#options = options
    this.#url = new URL(options.settings.url)
    const keep = { keepAlive: true, maxSockets: this.window, maxFreeSockets: 2 }
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(keep) : new HttpAgent(keep)
  }

  async send(messages: readonly Outgoing[]): Promise<void> {
    for (const message of messages) await this.#post(webhookBody(message), message.sequence)
  }

  heartbeat(activeAlarms: number, at: number): Promise<void> {
    return this.#post(heartbeatBody(activeAlarms, at), 0)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#agent.destroy()
  }

  async #post(body: string, sequence: number): Promise<void> {
    const { settings, secrets, now } = this.#options
    const { signingKey, token } = secrets
    const seconds = Math.floor(now() / 1_000)
    const ca = settings.caFile === undefined ? undefined : await readAuthorities(settings.caFile)
    const response = await this.#exchange(body, ca, {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
      'User-Agent': 'Offhook',
      'X-Offhook-Timestamp': String(seconds),
      // The same for every try of one event: a receiver that got it twice can tell.
      ...(sequence > 0 && { 'X-Offhook-Event': String(sequence) }),
      ...(signingKey !== undefined && { 'X-Offhook-Signature': signature(signingKey, seconds, body) }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    })
    this.#judge(response)
  }

  /** The status line and headers, when the whole answer came within the time. */
  #exchange(body: string, ca: Buffer | undefined, headers: Record<string, string>): Promise<IncomingMessage> {
    const { timeoutSeconds } = this.#options.settings
    const request = this.#url.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      // From the first byte to the last, so that one who answers a byte a second does not hold us.
      const late = AbortSignal.timeout(timeoutSeconds * 1_000)
      const signal = AbortSignal.any([late, this.#closing.signal])
      const fail = (error: unknown) => {
        const silent = `${this.#url.host} did not answer within ${timeoutSeconds} seconds`
        reject(new SendError(late.aborted ? silent : `${this.#url.host}: ${sentenceOf(error)}`, { cause: error }))
      }
      const options = { method: 'POST', agent: this.#agent, headers, signal, ...(ca && { ca }) }
      request(this.#url, options, (response) => {
        let length = 0
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > LONGEST_ANSWER) response.destroy(new Error('it answers more than it should'))
        })
        response.once('end', () => resolve(response)).once('error', fail)
      })
        .once('error', fail)
        .end(body)
    })
  }

  #judge({ statusCode = 0, headers }: IncomingMessage): void {
    if (statusCode >= 200 && statusCode < 300) return
    const { host } = this.#url
    if (statusCode >= 300 && statusCode < 400) {
      throw new SendError(
        `${host} sends us elsewhere (${statusCode}), which is not followed: set the URL where it leads`,
      )
    }
    const isBusy = statusCode === 429 || statusCode === 503
    throw new SendError(`${host} answered ${statusCode}`, {
      refused: REFUSALS.has(statusCode),
      waitMillis: isBusy ? retryAfter(headers['retry-after'], this.#options.now()) : undefined,
    })
  }
}

/** Seconds or a date [RFC9110 §10.2.3], ten minutes at most. */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  const millis = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now
  return Number.isFinite(millis) ? Math.min(Math.max(0, millis), LONGEST_WAIT_MS) : undefined
}

/** Read each time, so that a renewed file counts at once. */
export async function readAuthorities(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new SendError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

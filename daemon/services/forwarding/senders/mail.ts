// SPDX-License-Identifier: Apache-2.0
import { createTransport } from 'nodemailer'
import type { DestinationSecrets, MailSettings } from '#daemon/domain/destination'
import { type Outgoing, SendError, type Sender, sentenceOf } from '#daemon/services/forwarding/sender'
import { mailText } from './mail-text.ts'
import { readAuthorities } from './webhook.ts'

const CONNECT_MS = 10_000
const SILENCE_MS = 30_000
const MOST_IN_DIGEST = 1_000
/** Answers about the text of a mail, not about us, the way, or the mailbox [RFC5321 §4.2.3, RFC3463 §3.7]. */
const REFUSALS = new Set([552, 554])

export interface MailOptions {
  readonly settings: MailSettings
  readonly secrets: DestinationSecrets
  /** What the appliance calls itself. */
  readonly place: string
  readonly now: () => number
}

/** One connection for each mail: alarms are rare, and a connection that idles for days is one more thing to break. */
export class MailSender implements Sender {
  readonly window = 1
  readonly most: number
  readonly pauseMillis: number
  readonly #options: MailOptions
  /** Ends the wait for a server that says nothing. */
  readonly #closing = new AbortController()

  constructor(options: MailOptions) {
    this.#options = options
    const { digestMinutes } = options.settings
    this.most = digestMinutes === undefined ? 1 : MOST_IN_DIGEST
    this.pauseMillis = (digestMinutes ?? 0) * 60_000
  }

  async send(messages: readonly Outgoing[]): Promise<void> {
    const { settings, place, now } = this.#options
    const { from, to, host } = settings
    const transport = createTransport({
      ...{ ...(await this.#connection()), disableFileAccess: true, disableUrlAccess: true },
    })
    try {
      const sending = transport.sendMail({
        ...{ from, to: [...to], date: new Date(now()), ...mailText(messages, place) },
        // So that holiday answers do not come back [RFC3834 §5].
        headers: { 'Auto-Submitted': 'auto-generated' },
        textEncoding: 'quoted-printable',
      })
      const { rejected } = await untilAborted(sending, this.#closing.signal)
      if (rejected.length > 0) throw new Error(`it refused ${rejected.length} of ${to.length} addresses`)
    } catch (error) {
      const { responseCode = 0, command } = error as { responseCode?: number; command?: string }
      const refused = command === 'DATA' && REFUSALS.has(responseCode)
      throw new SendError(`${host}: ${this.#withoutSecrets(sentenceOf(error))}`, { refused, cause: error })
    } finally {
      transport.close()
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
  }

  async #connection() {
    const { settings, secrets } = this.#options
    const { host, port, security, caFile, user } = settings
    const ca = caFile === undefined ? undefined : await readAuthorities(caFile)
    return {
      ...{
        host,
        port,
        secure: security === 'tls',
        requireTLS: security === 'starttls',
        ignoreTLS: security === 'none',
      },
      ...{ connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
      tls: { ...(ca && { ca }) },
      ...(user !== undefined && { auth: { user, pass: secrets.password ?? '' } }),
    }
  }

  /** A server may repeat what it was told. */
  #withoutSecrets(sentence: string): string {
    const { password } = this.#options.secrets
    return password ? sentence.replaceAll(password, '…') : sentence
  }
}

/** Nothing stays behind at the signal, which outlives thousands of mails. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {}
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('we are stopping'))
  })
  signal.addEventListener('abort', stop)
  try {
    if (signal.aborted) stop()
    return await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

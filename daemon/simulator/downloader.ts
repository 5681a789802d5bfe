// SPDX-License-Identifier: Apache-2.0
import { lookup } from 'node:dns/promises'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Clock } from './clock.ts'
import { asFailure, StepFailure } from './failure.ts'
import { httpTransfer } from './http-client.ts'
import type { StatusReport } from './keepalive.ts'
import type { Tally } from './step.ts'
import { tftpTransfer } from './tftp-client.ts'
import type { TftpOptions } from './tftp-reader.ts'
import type { Sink, Transfer } from './transfer.ts'

/** How patient a phone is with a server; milliseconds. */
export interface TransferTimes {
  readonly configTimeout: number
  readonly firmwareTimeout: number
  /** A report's answer must come within this. */
  readonly reportTimeout: number
  /** Pauses before the second, third, … attempt at something that failed for the moment. */
  readonly retryPauses: readonly number[]
  /** The first wait of TFTP; doubles with each repeat. */
  readonly tftpRetry: number
}

export const PHONE_TIMES: TransferTimes = {
  configTimeout: 15_000,
  firmwareTimeout: 60_000,
  reportTimeout: 5000,
  retryPauses: [1000, 2000],
  tftpRetry: 1000,
}

/** Bytes; a longer cfg is no cfg, a longer image no image, a longer answer to a report no answer. */
const MOST_CONFIG = 512 * 1024
const MOST_FIRMWARE = 256 * 1024 * 1024
const MOST_ANSWER = 64 * 1024
const MOST_REDIRECTS = 3
const TFTP_PORT = 69

/** Who downloads. */
export interface Caller {
  readonly userAgent: string
  /** The phone's own address when its sockets are bound to it. */
  readonly localAddress: Ipv4 | undefined
  readonly tftp: TftpOptions
  /** `security/provisioning/verify_server_certificate`; off as phones come. */
  readonly verify: boolean
}

/** Fetches files over whatever the URL says, with the patience and the limits of a phone. */
export class Downloader {
  readonly #clock: Clock
  readonly #times: TransferTimes

  constructor(clock: Clock, times: TransferTimes) {
    this.#clock = clock
    this.#times = times
  }

  text(url: URL, caller: Caller, tally: Tally, signal: AbortSignal): Promise<string> {
    return this.#patiently(tally, signal, async () => {
      const chunks: Uint8Array[] = []
      const sink = (chunk: Uint8Array) => chunks.push(chunk) > 0
      await this.#transfer(url, caller, sink, this.#times.configTimeout, MOST_CONFIG, signal)
      return Buffer.concat(chunks).toString('utf8')
    })
  }

  /** One attempt; the sink may hang up. */
  image(url: URL, caller: Caller, sink: Sink, signal: AbortSignal): Promise<Transfer> {
    return this.#transfer(url, caller, sink, this.#times.firmwareTimeout, MOST_FIRMWARE, signal)
  }

  /** Posts a report and resolves with the text of the answer. */
  post(report: StatusReport, caller: Caller, tally: Tally, signal: AbortSignal): Promise<string> {
    const { localAddress, verify } = caller
    const terms = { localAddress, verify, timeoutMs: this.#times.reportTimeout, mostBytes: MOST_ANSWER }
    return this.#patiently(tally, signal, async () => {
      const chunks: Uint8Array[] = []
      const sink = (chunk: Uint8Array) => chunks.push(chunk) > 0
      await httpTransfer({ ...terms, method: 'POST', ...report }, sink, signal)
      return Buffer.concat(chunks).toString('utf8')
    })
  }

  /** Tries again, after a pause, what failed for the moment. */
  async #patiently<T>(tally: Tally, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (const pause of this.#times.retryPauses) {
      try {
        return await attempt()
      } catch (error) {
        if (signal.aborted || asFailure(error).kind !== 'temporary') throw error
        tally.retries++
        await this.#clock.sleep(pause, signal)
      }
    }
    return attempt()
  }

  async #transfer(
    url: URL,
    caller: Caller,
    sink: Sink,
    timeoutMs: number,
    mostBytes: number,
    signal: AbortSignal,
  ): Promise<Transfer> {
    const { localAddress, verify, userAgent } = caller
    const terms = { localAddress, timeoutMs, mostBytes }
    if (url.protocol === 'tftp:') return this.#tftp(url, caller, terms, sink, signal)
    let at = url
    for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
      const headers = { 'User-Agent': userAgent, Accept: '*/*' }
      const result = await httpTransfer({ ...terms, method: 'GET', url: at, headers, verify }, sink, signal)
      if (result.kind === 'body') return result.transfer
      at = redirected(result.location, at)
    }
    throw new StepFailure(`more than ${MOST_REDIRECTS} redirects`)
  }

  async #tftp(
    url: URL,
    { tftp: options }: Caller,
    terms: { localAddress: Ipv4 | undefined; timeoutMs: number; mostBytes: number },
    sink: Sink,
    signal: AbortSignal,
  ): Promise<Transfer> {
    const { address } = await lookup(url.hostname, { family: 4 })
    const server = { address, port: Number(url.port || TFTP_PORT) }
    return tftpTransfer(
      { ...terms, server, file: fileName(url), options, retryMs: this.#times.tftpRetry },
      sink,
      signal,
    )
  }
}

function redirected(location: string, from: URL): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (to?.protocol !== 'http:' && to?.protocol !== 'https:') throw new StepFailure('redirect not understood')
  return to
}

/** TFTP names have no leading slash and no escapes; a NUL would end the name early [RFC 1350 §5]. */
function fileName(url: URL): string {
  try {
    const name = decodeURIComponent(url.pathname).replace(/^\/+/, '')
    if (!name.includes('\0') && name.length <= 400) return name
  } catch {
    // Not percent-encoding: said below.
  }
  throw new StepFailure('file name that TFTP cannot ask for')
}

// SPDX-License-Identifier: Apache-2.0
import { quantile } from '#test/bench/frame'
import type { Namespace } from '#test/support/netns'

/** What one load of DISCOVER, OFFER, REQUEST, ACK did. */
export interface Load {
  /** Full exchanges in each second of the load. */
  readonly rate: number
  readonly exchanges: number
  /** The share of DISCOVERs that did not end in an ACK. */
  readonly unanswered: number
  /** The slowest of a hundred answers, in milliseconds; the worse of OFFER and ACK. NaN without `timed`. */
  readonly p99: number
}

export interface LoadOptions {
  /** Where it comes from: the relay's address. */
  readonly relay: string
  readonly server: string
  /** Exchanges begun in each second. */
  readonly rate: number
  readonly seconds: number
  readonly clients: number
  readonly timed?: boolean
}

/** Option 60 `440HD` in hex, and hardware addresses of the same maker: the clients are phones. */
const PHONES = ['-b', 'mac=00:90:8f:00:00:00', '-o', '60,3434304844']
/** Answers that come this long after the last packet still count, in microseconds. */
const LAST_ANSWERS = '500000'

/** perfdhcp (of Kea) as a relay with many clients behind it. */
export async function load(place: Namespace, options: LoadOptions): Promise<Load> {
  const { relay, server, rate, seconds, clients, timed } = options
  const amount = ['-r', rate, '-p', seconds, '-R', clients].map(String)
  const args = ['-4', ...amount, '-W', LAST_ANSWERS, ...PHONES, ...(timed ? ['-x', 't'] : []), '-l', relay, server]
  // Its exit code says only whether anything was lost.
  const { stdout, stderr } = await place.run('perfdhcp', args, { timeoutMs: (seconds + 30) * 1000 })
  const [offers = '', acks = ''] = stdout.split('***Statistics for: REQUEST-ACK***')
  const sent = count(offers, 'sent packets')
  const exchanges = count(acks, 'received packets')
  if (!(sent > 0)) throw new Error(`perfdhcp sent nothing:\n${stdout}\n${stderr}`)
  const p99 = Math.max(...delays(stdout).map((of) => quantile(of, 0.99)))
  return { rate: exchanges / seconds, exchanges, unanswered: 1 - exchanges / sent, p99: timed ? p99 : Number.NaN }
}

function count(text: string, what: string): number {
  return Number(new RegExp(`^${what}: (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

/** The delays of both halves of the exchange in milliseconds, from perfdhcp's `seconds.microseconds` stamps. */
function delays(text: string): number[][] {
  return text
    .split('***Timestamps for packets:')
    .slice(1)
    .map((half) =>
      [...half.matchAll(/^sent \/ received: (\d+\.\d+) \/ (\d+\.\d+)$/gm)].map(
        ([, sent, received]) => (Number(received) - Number(sent)) * 1000,
      ),
    )
}

// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { passedTo } from './systemd.ts'

type Environment = Readonly<Record<string, string | undefined>>

export interface NotifierOptions {
  readonly environment: Environment
  /** Our process id, which systemd names in WATCHDOG_PID. */
  readonly pid: number
  /** Whether the watchdog may be fed: every server serves. */
  readonly healthy: () => boolean
  /** CLOCK_MONOTONIC in microseconds [sd_notify(3) MONOTONIC_USEC]. */
  readonly monotonicMicros?: (() => bigint) | undefined
  /** Told once when systemd cannot be reached; later failures are the same news. */
  readonly onFailure: (error: string) => void
}

/** How long systemd may take to take a message, in milliseconds. */
const PATIENCE = 10_000
/** More than any service needs: a day. */
const LONGEST_WATCHDOG = 86_400_000

/**
 * What systemd is told of us [sd_notify(3)]: ready, reloading, stopping, and that we are well. Node has no datagram
 * sockets in the file system, so `systemd-notify` sends each message; the unit lets it (NotifyAccess=all). Without
 * NOTIFY_SOCKET nothing is sent. Messages leave in order and never hold up who sends them.
 */
export class Notifier {
  readonly #options: NotifierOptions
  #last: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #failed = false

  constructor(options: NotifierOptions) {
    this.#options = options
  }

  /** We serve; from now on the watchdog is fed at half its time while all is well [sd_watchdog_enabled(3)]. */
  ready(status: string): void {
    this.#send('READY=1', `STATUS=${oneLine(status)}`)
    this.#watch()
  }

  /** The configuration is read again; `ready` ends it. */
  reloading(): void {
    const micros = this.#options.monotonicMicros?.()
    this.#send('RELOADING=1', ...(micros === undefined ? [] : [`MONOTONIC_USEC=${micros}`]))
  }

  /** Resolves when systemd knows. */
  async stopping(): Promise<void> {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#send('STOPPING=1')
    await this.#last
  }

  #watch(): void {
    const interval = watchdogInterval(this.#options)
    if (interval === undefined || this.#timer) return
    const feed = () => {
      if (this.#options.healthy()) this.#send('WATCHDOG=1')
    }
    feed()
    this.#timer = setInterval(feed, interval)
    this.#timer.unref()
  }

  #send(...assignments: string[]): void {
    const { NOTIFY_SOCKET, PATH } = this.#options.environment
    if (!NOTIFY_SOCKET) return
    const env = { NOTIFY_SOCKET, ...(PATH !== undefined && { PATH }) }
    const send = () =>
      new Promise<void>((resolve) => {
        execFile('systemd-notify', assignments, { env, timeout: PATIENCE }, (error) => {
          if (error && !this.#failed) this.#options.onFailure(error.message.trim())
          this.#failed = error !== null
          resolve()
        })
      })
    this.#last = this.#last.then(send)
  }
}

/** Milliseconds between two signs of life: half of what systemd allows; undefined when it does not watch us. */
function watchdogInterval({ environment, pid }: NotifierOptions): number | undefined {
  const { WATCHDOG_USEC = '', WATCHDOG_PID } = environment
  if (!/^[1-9]\d{0,15}$/.test(WATCHDOG_USEC) || !passedTo(WATCHDOG_PID, pid)) return undefined
  return Math.min(Math.max(Number(WATCHDOG_USEC) / 2_000, 1), LONGEST_WATCHDOG)
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ').slice(0, 500)
}

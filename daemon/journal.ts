// SPDX-License-Identifier: Apache-2.0
import type { Logger } from 'pino'
import type { Exchange, Observe } from '#protocols/lib/exchange'
import { type Announce, type MessageId, messages } from './messages.ts'

export interface Journal {
  /** One log line of the catalogue. */
  readonly announce: Announce
  /** One request, told to the log and to every listener (metrics, the fleet). */
  readonly observe: Observe
}

/** Lines of one kind that may be written in one second; the rest are counted. */
const LINES_A_SECOND = 10
/** Kinds that are told apart; beyond it they share one budget, so a hostile sender cannot grow the table. */
const KINDS = 1_000

/**
 * The one place where requests and events become log lines. `now` gives milliseconds since the epoch. Listeners must
 * not throw; one that does is announced and cannot hurt the server that observed.
 */
export function createJournal(
  logger: Logger,
  now: () => number,
  listeners: readonly ((exchange: Exchange) => void)[],
): Journal {
  const budget = new LineBudget(now)

  const announce: Announce = (id, fields) => {
    const { level, text } = messages[id]
    const isTrouble = level === 'warn' || level === 'error'
    if (isTrouble && !mayWrite(id, id)) return
    logger[level]({ id, ...fields }, text)
  }

  /** Trouble may come in floods, and somebody may cause them: lines of one kind have a budget. */
  function mayWrite(kind: string, id: MessageId): boolean {
    const missed = budget.take(kind)
    if (missed) logger.warn({ id: 'log.suppressed', kind: id, count: missed }, messages['log.suppressed'].text)
    return missed !== undefined
  }

  function observe(exchange: Exchange): void {
    for (const listener of listeners) {
      try {
        listener(exchange)
      } catch (error) {
        announce('daemon.fault', { error: String(error), protocol: exchange.protocol })
      }
    }
    const id: MessageId = `exchange.${exchange.ending}`
    if (!logger.isLevelEnabled(messages[id].level)) return
    if (!mayWrite(`${id} ${exchange.protocol} ${exchange.reason}`, id)) return
    logger[messages[id].level]({ id, ...lineOf(exchange) }, messages[id].text)
  }

  return { announce, observe }
}

/** Where a fault came from, for the people who mend it. */
export function faultText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** An exchange as fields of a log line, with a sentence that explains itself. */
function lineOf({ evidence, peer, ...rest }: Exchange): Record<string, unknown> {
  return { ...rest, ...evidence, peer: `${peer.address}:${peer.port}` }
}

class LineBudget {
  readonly #now: () => number
  readonly #kinds = new Map<string, { second: number; written: number; missed: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** How many lines of this kind were left out since the last one written, or undefined: leave this one out too. */
  take(kind: string): number | undefined {
    const key = this.#kinds.has(kind) || this.#kinds.size < KINDS ? kind : 'others'
    const second = Math.floor(this.#now() / 1_000)
    const entry = this.#kinds.get(key) ?? { second, written: 0, missed: 0 }
    this.#kinds.set(key, entry)
    if (entry.second !== second) {
      entry.second = second
      entry.written = 0
    }
    if (entry.written >= LINES_A_SECOND) {
      entry.missed++
      return undefined
    }
    entry.written++
    const { missed } = entry
    entry.missed = 0
    return missed
  }
}

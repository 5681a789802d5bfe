// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from './lib/exchange.ts'

/** What each server can say about itself at any time. */
export interface Health {
  readonly state: 'stopped' | 'serving' | 'lost'
  /** Where it listens; empty unless `serving`. */
  readonly endpoints: readonly Endpoint[]
  /** One sentence for an operator, e.g. why it was lost. */
  readonly detail: string
}

/**
 * A protocol server. Constructing one does nothing; `start` binds. A server that loses its socket after `start`
 * resolved calls its loss listener once, is then `lost`, and may be started again.
 */
export interface ProtocolServer {
  readonly name: string
  /**
   * Resolves when bound; rejects (and leaves nothing open) when it cannot bind or `signal` aborts. Starting a server
   * that is serving rejects and disturbs nothing.
   */
  start(signal: AbortSignal): Promise<void>
  /** Idempotent: takes no new requests, lets running ones finish, closes. */
  stop(): Promise<void>
  health(): Health
  /** The supervisor's ear; the last listener wins. */
  onLost(listener: (error: Error) => void): void
}

/** What a protocol decides to do with a request; the same three ways everywhere. */
export type Outcome<R> =
  | { readonly kind: 'reply'; readonly reply: R }
  | { readonly kind: 'refuse'; readonly code: number; readonly reason: string }
  | { readonly kind: 'ignore'; readonly reason: string }

/** The state that every server keeps about itself, so that all of them behave alike. */
export class Standing {
  #health: Health = { state: 'stopped', endpoints: [], detail: 'not started' }
  #listener: ((error: Error) => void) | undefined

  health(): Health {
    return this.#health
  }

  onLost(listener: (error: Error) => void): void {
    this.#listener = listener
  }

  serving(endpoints: readonly Endpoint[], detail = 'serving'): void {
    this.#health = { state: 'serving', endpoints, detail }
  }

  stopped(): void {
    this.#health = { state: 'stopped', endpoints: [], detail: 'stopped' }
  }

  /** Tells the supervisor, once for each time the server was serving. */
  lost(error: Error): void {
    if (this.#health.state !== 'serving') return
    this.#health = { state: 'lost', endpoints: [], detail: error.message }
    this.#listener?.(error)
  }
}

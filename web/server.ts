// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Endpoint } from '#protocols/lib/exchange'
import { ListenError, watchTcp } from '#protocols/lib/listen'
import { type Health, type ProtocolServer, Standing } from '#protocols/server'
import { type AppOptions, createApp, SELF, type WebApp } from './app.ts'
import type { WebPort } from './port.ts'

export interface WebServerOptions extends Omit<AppOptions, 'secure'> {
  readonly listen: Endpoint
  readonly port: WebPort
  /** PEM; with it the server speaks HTTPS only. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer }
  /** How long `stop` lets running requests finish, in milliseconds; 3,000 by default. */
  readonly drain?: number
}

const MOST_CONNECTIONS = 2000
const DRAIN = 3000

/** The admin's web server. It shares no port with the phones. */
export class WebServer implements ProtocolServer {
  readonly name = SELF
  readonly #options: WebServerOptions
  readonly #standing = new Standing()
  #open: { readonly server: Server; readonly app: WebApp } | undefined

  constructor(options: WebServerOptions) {
    this.#options = options
  }

  health(): Health {
    return this.#standing.health()
  }

  onLost(listener: (error: Error) => void): void {
    this.#standing.onLost(listener)
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#open) throw new Error('the web server is already started')
    const { listen, port, tls, ...rest } = this.#options
    const app = createApp(port, { ...rest, secure: tls !== undefined })
    const server = tls
      ? createTlsServer({ ...tls, minVersion: 'TLSv1.2', ...PATIENCE }, app.handler)
      : createServer(PATIENCE, app.handler)
    server.maxConnections = MOST_CONNECTIONS
    this.#open = { server, app }
    try {
      await bind(server, listen, signal)
    } catch (error) {
      await this.#close()
      throw error
    }
    watchTcp(server)
    server.once('error', (error) => void this.#lose(error))
    // It is being closed by then: what else goes wrong tells nothing new.
    server.on('error', () => undefined)
    const { address, port: bound } = server.address() as AddressInfo
    this.#standing.serving([{ address, port: bound }])
  }

  async stop(): Promise<void> {
    await this.#close()
    this.#standing.stopped()
  }

  async #lose(error: Error): Promise<void> {
    await this.#close()
    this.#standing.lost(error)
  }

  /** Ends the event streams at once, lets running requests finish, and cuts what is still open after the drain. */
  async #close(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (!open) return
    open.app.close()
    const deadline = setTimeout(() => open.server.closeAllConnections(), this.#options.drain ?? DRAIN)
    await new Promise<void>((resolve) => {
      open.server.close(() => resolve())
      open.server.closeIdleConnections()
    })
    clearTimeout(deadline)
  }
}

/** Bounds for slow or greedy clients; a response may last for ever, as event streams do. */
const PATIENCE = {
  headersTimeout: 10_000,
  connectionsCheckingInterval: 5000,
  // Each route has its own patience with bodies: http/patience.
  requestTimeout: 0,
  keepAliveTimeout: 5000,
  maxHeaderSize: 16_384,
} as const

/** Rejects with a ListenError, or with the signal's reason; the caller then closes the server. */
function bind(server: Server, { address, port }: Endpoint, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException) => reject(new ListenError('TCP', { address, port }, cause))
    server.once('error', refuse)
    server.once('close', () => reject(new Error('stopped before it was bound')))
    server.listen({ host: address, port }, () => {
      server.off('error', refuse)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    })
  })
}

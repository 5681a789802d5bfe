// SPDX-License-Identifier: Apache-2.0
import type { ProtocolServer } from '#protocols/server'
import { PROBABLE_CAUSE } from './domain/alarm.ts'
import type { Part } from './lifecycle.ts'
import type { Announce } from './messages.ts'
import type { Alarms } from './services/alarms/alarms.ts'

const FIRST_RETRY = 500
const LAST_RETRY = 30_000

/** The alarm while a server is not there. */
export const SERVER_LOST = 'SERVER LOST'

/** A server that is started again whenever it was lost. */
export interface Supervised extends Part {
  /** Raises the alarm and goes on trying, as after a loss. */
  lost(error: Error): void
}

/**
 * Keeps one server alive after start-up: when it loses its socket, the others serve on, an alarm is raised, and it is
 * started again with growing pauses (0.5 s to 30 s) until it listens.
 */
export function supervise(server: ProtocolServer, alarms: Alarms, announce: Announce): Supervised {
  const stopping = new AbortController()
  let retry: NodeJS.Timeout | undefined
  const source = `server/${server.name}`

  function lost(error: Error): void {
    announce('server.lost', { server: server.name, error: error.message })
    alarms.raise({
      name: SERVER_LOST,
      source,
      severity: 'major',
      eventType: 'processingError',
      probableCause: PROBABLE_CAUSE.underlyingResourceUnavailable,
      description: `The ${server.name} server lost its socket: ${error.message}`,
      remedy: 'It is started again by itself. Check the network interface and who uses the port.',
    })
    again(FIRST_RETRY)
  }

  function again(pause: number): void {
    if (stopping.signal.aborted) return
    retry = setTimeout(async () => {
      try {
        await server.start(stopping.signal)
        serving()
        alarms.clear(SERVER_LOST, source)
      } catch (error) {
        const next = Math.min(pause * 2, LAST_RETRY)
        announce('server.retry', { server: server.name, error: String(error), nextTryMillis: next })
        again(next)
      }
    }, pause)
  }

  function serving(): void {
    const { endpoints } = server.health()
    announce('server.serving', {
      server: server.name,
      endpoints: endpoints.map(({ address, port }) => `${address}:${port}`),
    })
  }

  return {
    name: server.name,
    lost,
    async start(signal) {
      server.onLost(lost)
      await server.start(signal)
      alarms.clear(SERVER_LOST, source)
      serving()
    },
    async stop() {
      stopping.abort()
      clearTimeout(retry)
      await server.stop()
    },
  }
}

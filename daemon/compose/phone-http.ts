// SPDX-License-Identifier: Apache-2.0
import type { TlsOptions } from 'node:tls'
import type { PhoneTlsConfig } from '#config/http'
import { partOf } from '#daemon/lifecycle'
import type { Reading } from '#daemon/metrics'
import { CertificateFiles } from '#daemon/services/certificate-files'
import { LoadGuard } from '#daemon/services/load-guard'
import type { HttpHandler } from '#protocols/http/port'
import { PhoneHttpServer, type PhoneListener } from '#protocols/http/server'
import type { Foundation } from './foundation.ts'

/** Everything that phones speak HTTP to, with and without TLS. */
export function composePhoneHttp(base: Foundation, handlers: readonly HttpHandler[]) {
  const { config, configuration, alarms, observe } = base
  const { enabled, listen, backlog, tlsListen, tls } = config.http
  const guard = new LoadGuard({ alarms, now: () => performance.now() })
  const listeners: PhoneListener[] = listen.map((endpoint) => ({ endpoint }))
  const renew = () => server.renewTls()
  const files = tls && tlsListen && new CertificateFiles({ name: 'http.tls', ...tls, alarms, renew })
  if (files) listeners.push({ endpoint: tlsListen, tls: () => ({ ...profile(tls), ...files.read() }) })
  const server: PhoneHttpServer = new PhoneHttpServer({
    ...{ listeners, handlers, observe, limits: { backlog } },
    isOverloaded: () => guard.isOverloaded(server.load().sentAway),
  })
  if (files && enabled) configuration.onReload('http.tls', () => files.reread())
  return {
    servers: enabled ? [server] : [],
    parts: [...(files && enabled ? [partOf('phone certificate', files)] : []), partOf('load guard', guard)],
    readings: loadReadings(guard, server),
  }
}

/** What phones may speak; theirs alone, so that what old ones need does not weaken the admin's pages. */
function profile({ clientCa, clientCertificate, minVersion, ciphers }: PhoneTlsConfig): TlsOptions {
  return {
    ...{ ciphers, minVersion: `TLSv${minVersion}` as const, honorCipherOrder: true },
    requestCert: clientCa !== undefined,
    rejectUnauthorized: clientCertificate === 'required',
  }
}

function loadReadings(guard: LoadGuard, server: PhoneHttpServer): Reading[] {
  return [
    {
      name: 'offhook_event_loop_late_seconds',
      help: 'How late the event loop was in the last second, at worst.',
      read: () => guard.lateness() / 1_000,
    },
    {
      name: 'offhook_overloaded',
      help: '1 while phones are told to come again.',
      read: () => (guard.isShedding ? 1 : 0),
    },
    {
      name: 'offhook_http_backlog',
      help: 'Requests of phones that are at work.',
      read: () => server.load().backlog,
    },
    {
      name: 'offhook_http_sent_away_total',
      help: 'Requests of phones that were told to come again (503).',
      isCounter: true,
      read: () => server.load().sentAway,
    },
  ]
}

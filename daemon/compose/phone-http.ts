// SPDX-License-Identifier: Apache-2.0
import type { TlsOptions } from 'node:tls'
import type { PhoneTlsConfig } from '#config/http'
import { partOf } from '#daemon/lifecycle'
import { CertificateFiles } from '#daemon/services/certificate-files'
import type { HttpHandler } from '#protocols/http/port'
import { PhoneHttpServer, type PhoneListener } from '#protocols/http/server'
import type { Foundation } from './foundation.ts'

/** Everything that phones speak HTTP to, with and without TLS. */
export function composePhoneHttp(base: Foundation, handlers: readonly HttpHandler[]) {
  const { config, configuration, alarms, observe } = base
  const { enabled, listen, tlsListen, tls } = config.http
  const listeners: PhoneListener[] = listen.map((endpoint) => ({ endpoint }))
  const renew = () => server.renewTls()
  const files = tls && tlsListen && new CertificateFiles({ name: 'http.tls', ...tls, alarms, renew })
  if (files) listeners.push({ endpoint: tlsListen, tls: () => ({ ...profile(tls), ...files.read() }) })
  const server: PhoneHttpServer = new PhoneHttpServer({ listeners, handlers, observe })
  if (files && enabled) configuration.onReload('http.tls', () => files.reread())
  return {
    servers: enabled ? [server] : [],
    parts: files && enabled ? [partOf('phone certificate', files)] : [],
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

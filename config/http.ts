// SPDX-License-Identifier: Apache-2.0
import { createSecureContext } from 'node:tls'
import { z } from 'zod'
import { endpoint, restart } from './fields.ts'

const file = z.string().startsWith('/', 'the file needs its whole path')

/**
 * Forward secrecy first, then the plain RSA key exchange that old phones have nothing but. Never without
 * authentication, and no cipher with less than 128 bits.
 */
export const PHONE_CIPHERS = [
  ...['ECDHE+AESGCM', 'ECDHE+CHACHA20', 'DHE+AESGCM', 'ECDHE+AES', 'DHE+AES', 'AES128-GCM-SHA256', 'AES256-GCM-SHA384'],
  ...['AES128-SHA256', 'AES256-SHA256', 'AES128-SHA', 'AES256-SHA', '!aNULL', '!PSK', '!SRP', '!CAMELLIA', '!ARIA'],
].join(':')

const ciphers = z.string().max(2_000).refine(areCiphers, { error: 'OpenSSL knows no cipher of this list' })

const tls = z.strictObject({
  key: file.meta(restart('Key', 'PEM file; read again when it changes. RSA, if old phones are to connect.')),
  cert: file.meta(restart('Certificate', 'PEM file, with those between it and its authority; read again, too.')),
  clientCa: file
    .optional()
    .meta(restart('Authority of phones', 'PEM file of who signed the phones’ own certificates; they are asked for.')),
  clientCertificate: z
    .enum(['wanted', 'required'])
    .default('wanted')
    .meta(restart('Client certificate', 'With an authority of phones: whether one without a certificate may connect.')),
  minVersion: z
    .enum(['1.2', '1.3'])
    .default('1.2')
    .meta(restart('Least version', 'Of TLS; old phones know nothing above 1.2.')),
  ciphers: ciphers
    .default(PHONE_CIPHERS)
    .meta(restart('Ciphers', 'In OpenSSL’s words; by default with the plain RSA key exchange of old phones.')),
})

export const http = z
  .strictObject({
    enabled: z.boolean().default(true).meta(restart('Phone HTTP', 'Serve files and take keep-alives over HTTP.')),
    listen: z
      .array(endpoint)
      .min(1)
      .prefault(['0.0.0.0:80', '0.0.0.0:8080', '0.0.0.0:8081'])
      .meta(
        restart(
          'Phone listeners',
          'Phones fetch files from the first one; keep-alives go to the one with port 8081, or the last.',
        ),
      ),
    backlog: z
      .int()
      .min(1)
      .max(100_000)
      .default(8_000)
      .meta(restart('Backlog', 'Requests at work at a time; further ones are told to come again (503, Retry-After).')),
    tlsListen: endpoint
      .optional()
      .meta(restart('Phone HTTPS listener', 'The same over TLS, usually on port 443; apart from the admin pages’.')),
    tls: tls.optional().meta(restart('Phone TLS', 'Key, certificate and profile of the HTTPS listener.')),
    scheme: z
      .enum(['http', 'https'])
      .default('http')
      .meta(restart('Scheme', 'Of the addresses that phones are given: option 160, their files, keep-alives.')),
  })
  .superRefine(({ tlsListen, tls, scheme }, ctx) => {
    const complain = (field: string, message: string) => ctx.addIssue({ code: 'custom', path: [field], message })
    if (tlsListen && !tls) complain('tlsListen', 'HTTPS needs http.tls.key and http.tls.cert')
    if (scheme === 'https' && !tlsListen) complain('scheme', 'https needs http.tlsListen')
    if (tls?.clientCertificate === 'required' && !tls.clientCa) {
      complain('tls', 'to require client certificates, clientCa must name who signs them')
    }
  })

export type PhoneTlsConfig = z.output<typeof tls>

function areCiphers(list: string): boolean {
  try {
    createSecureContext({ ciphers: list })
    return true
  } catch {
    return false
  }
}

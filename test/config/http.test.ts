// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { loadConfig } from '#config/load'
import { phonePorts, subnetsOf } from '#daemon/settings'

function config(text: string) {
  return loadConfig(text, 'offhook.yaml', {})
}

const TLS = "tlsListen: '0.0.0.0:443', tls: { key: /k, cert: /c }"

test.each([
  ["http: { tlsListen: '0.0.0.0:443' }", 'http.tlsListen: HTTPS needs http.tls.key and http.tls.cert'],
  ['http: { scheme: https }', 'http.scheme: https needs http.tlsListen'],
  ["http: { tlsListen: '0.0.0.0:443', tls: { key: k, cert: /c } }", 'http.tls.key: the file needs its whole path'],
  ['http: { tls: { key: /k, cert: /c, clientCertificate: required } }', 'clientCa must name who signs them'],
  ['http: { tls: { key: /k, cert: /c, ciphers: ROT13 } }', 'http.tls.ciphers: OpenSSL knows no cipher of this list'],
  ["http: { tls: { key: /k, cert: /c, minVersion: '1.0' } }", 'http.tls.minVersion'],
])('%s: refused with its path', (text, complaint) => {
  expect(() => config(text)).toThrow(complaint)
})

test('with https phones are given addresses of the one listener that has TLS, in their files and by DHCP', () => {
  const subnets = 'dhcp: { subnets: [{ name: a, cidr: 10.1.0.0/16 }] }\nserver: { address: 10.1.0.2 }'
  expect(phonePorts(config(`http: { ${TLS} }`))).toEqual({ files: 80, keepAlive: 8081 })
  const https = config(`http: { ${TLS}, scheme: https }\n${subnets}`)
  expect(phonePorts(https)).toEqual({ scheme: 'https', files: 443, keepAlive: 443 })
  expect(subnetsOf(https)[0]?.provisioningUrl).toBe('https://10.1.0.2/firmwarefiles;ipp/dhcpoption160.cfg')
})

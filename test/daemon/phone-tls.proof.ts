// SPDX-License-Identifier: Apache-2.0
// The phones' HTTPS listener as a scanner from outside sees it: what it takes, and that it takes nothing else.
import { expect, test } from 'vitest'
import { freshFolder, startWhole } from '#test/support/offhook'
import { here } from '#test/support/process'
import { rsaCertificate } from '#test/support/rsa-certificate'

test('sslscan finds TLS 1.2 and 1.3 only, no cipher below 128 bits and no Heartbleed', async () => {
  const port = await phoneTls()
  const xml = await here.must('sslscan', ['--xml=-', '--no-colour', `127.0.0.1:${port}`], { timeoutMs: 120_000 })
  const found = (pattern: RegExp) => [...xml.matchAll(pattern)].map(([, ...groups]) => groups.join(' '))
  expect(found(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g).sort()).toEqual(['tls 1.2', 'tls 1.3'])
  const ciphers = found(/<cipher status="\w+" sslversion="(\S+)" bits="(\d+)" cipher="(\S+)"/g)
  expect(ciphers.length).toBeGreaterThan(8)
  const weak = ciphers.filter(
    (cipher) => Number(cipher.split(' ')[1]) < 128 || /RC4|DES|NULL|ADH|AECDH|EXP/.test(cipher),
  )
  expect(weak).toEqual([])
  expect(found(/<heartbleed sslversion="\S+" vulnerable="(\d)"/g)).not.toContain('1')
})

test('openssl s_client is refused with every older version, and with what no client should offer', async () => {
  const port = await phoneTls()
  const handshake = (...options: readonly string[]) =>
    here.run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...options], { timeoutMs: 10_000 })
  for (const taken of [['-tls1_2'], ['-tls1_3'], ['-tls1_2', '-cipher', 'AES128-SHA']]) {
    expect((await handshake(...taken)).code, taken.join(' ')).toBe(0)
  }
  const strange = ['aNULL', 'eNULL', 'RC4', '3DES', 'DES', 'EXP', 'PSK', 'SRP', 'CAMELLIA', 'ARIA', 'SEED', 'IDEA']
  const refused = [
    ...[['-tls1'], ['-tls1_1']].map((version) => [...version, '-cipher', 'ALL:@SECLEVEL=0']),
    ...strange.map((cipher) => ['-tls1_2', '-cipher', `${cipher}:@SECLEVEL=0`]),
  ]
  for (const options of refused) expect((await handshake(...options)).code, options.join(' ')).not.toBe(0)
})

async function phoneTls(): Promise<number> {
  const folder = await freshFolder()
  await rsaCertificate(folder, 'server', '/CN=phones')
  const { endpoints } = await startWhole(
    `
server: { address: 127.0.0.1 }
web: { listen: '127.0.0.1:0' }
tftp: { enabled: false }
dhcp: { mode: 'off' }
http:
  listen: ['127.0.0.1:0']
  tlsListen: '127.0.0.1:0'
  tls: { key: ${folder}/server.key, cert: ${folder}/server.crt }`,
    folder,
  )
  return endpoints('http')[1]?.port ?? 0
}

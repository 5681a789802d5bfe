// SPDX-License-Identifier: Apache-2.0
// The phones' HTTPS listener of the whole product, as curl and openssl see it.
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freshFolder, startWhole } from '#test/support/offhook'
import { here } from '#test/support/process'
import { rsaCertificate as certificate } from '#test/support/rsa-certificate'

const FILE = 'ipp/dhcpoption160.cfg'

function yaml(folder: string, more = ''): string {
  return `
server: { address: 127.0.0.1 }
web: { listen: '127.0.0.1:0' }
tftp: { enabled: false }
dhcp: { mode: 'off' }
http:
  listen: ['127.0.0.1:0']
  tlsListen: '127.0.0.1:0'
  tls: { key: ${folder}/server.key, cert: ${folder}/server.crt${more} }`
}

/** What `openssl s_client` says after it asked for a file with these options. */
async function openssl(port: number, ...options: string[]): Promise<string> {
  const input = `GET /${FILE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...options]
  const { stdout, stderr } = await here.run('openssl', args, { input })
  return stdout + stderr
}

function curl(port: number, ...options: string[]) {
  return here.run('curl', ['-sS', '--max-time', '7', ...options, `https://127.0.0.1:${port}/${FILE}`])
}

test('old phones connect with TLS 1.2 and a plain RSA key exchange, new ones with TLS 1.3', async () => {
  const folder = await freshFolder()
  await certificate(folder, 'server', '/CN=phones')
  const { endpoints } = await startWhole(yaml(folder), folder)
  const [plain, tls] = endpoints('http').map(({ port }) => port)
  if (!plain || !tls) throw new Error('two listeners are needed')

  const served = /200 OK[\s\S]*provisioning\/method=STATIC/
  for (const cipher of ['AES128-SHA', 'AES256-SHA', 'AES128-SHA256', 'AES128-GCM-SHA256']) {
    const said = await openssl(tls, '-tls1_2', '-cipher', cipher)
    expect(said).toMatch(served)
    expect(said).toContain(
      `New, TLSv1.2, Cipher is ${cipher}`.replace('TLSv1.2', cipher.endsWith('SHA') ? 'SSLv3' : 'TLSv1.2'),
    )
  }
  expect(await openssl(tls, '-tls1_3')).toMatch(served)
  for (const refused of [['-tls1_1'], ['-tls1_2', '-cipher', 'aNULL:eNULL:@SECLEVEL=0']]) {
    expect(await openssl(tls, ...refused)).not.toMatch(/200 OK/)
  }
  const byCurl = await curl(tls, '--cacert', join(folder, 'server.crt'))
  expect(byCurl.stdout).toBe(await here.must('curl', ['-sSf', `http://127.0.0.1:${plain}/${FILE}`]))
}, 20_000)

test('a renewed certificate is taken at a reload, and one that cannot be used is not', async () => {
  const folder = await freshFolder()
  await certificate(folder, 'server', '/CN=before')
  await certificate(folder, 'next', '/CN=after')
  const { endpoints, offhook } = await startWhole(yaml(folder), folder)
  const tls = endpoints('http')[1]?.port ?? 0
  const subject = async () => /subject=(.*)/.exec(await openssl(tls, '-tls1_2'))?.[1]?.replaceAll(' ', '')
  expect(await subject()).toBe('CN=before')
  await copyFile(join(folder, 'next.crt'), join(folder, 'server.crt'))
  expect((await offhook.configuration.reload()).failures).toEqual([expect.stringContaining('http.tls: ')])
  expect(await subject()).toBe('CN=before')
  await copyFile(join(folder, 'next.key'), join(folder, 'server.key'))
  expect((await offhook.configuration.reload()).failures).toEqual([])
  expect(await subject()).toBe('CN=after')
}, 20_000)

test('clients’ certificates: wanted or required, of our authority only, and renewed with it', async () => {
  const folder = await freshFolder()
  await certificate(folder, 'server', '/CN=phones')
  await certificate(folder, 'ca', '/CN=CA_ipp1')
  await certificate(folder, 'phone', '/CN=Client_00908F123456', 'ca')
  await certificate(folder, 'stranger', '/CN=Client_00908F123456')
  const shown = (name: string) => ['--cert', join(folder, `${name}.crt`), '--key', join(folder, `${name}.key`)]
  const trust = ['--cacert', join(folder, 'server.crt')]

  const wanted = await startWhole(yaml(folder, `, clientCa: ${folder}/ca.crt`), folder)
  const port = wanted.endpoints('http')[1]?.port ?? 0
  for (const who of [[], shown('phone'), shown('stranger')]) expect((await curl(port, ...trust, ...who)).code).toBe(0)

  const other = await freshFolder()
  const required = await startWhole(yaml(folder, `, clientCa: ${folder}/ca.crt, clientCertificate: required`), other)
  const strict = required.endpoints('http')[1]?.port ?? 0
  expect((await curl(strict, ...trust, ...shown('phone'))).code).toBe(0)
  expect((await curl(strict, ...trust)).code).not.toBe(0)
  expect((await curl(strict, ...trust, ...shown('stranger'))).code).not.toBe(0)
}, 20_000)

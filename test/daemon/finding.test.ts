// SPDX-License-Identifier: Apache-2.0
// How phones find us that DHCP tells nothing: the redirect service asked with curl, and names asked of dnsmasq.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { redirectProblem } from '#daemon/domain/redirect'
import type { Subnet } from '#daemon/domain/subnet'
import { NameCheck } from '#daemon/services/name-check'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { freshFolder, startWhole } from '#test/support/offhook'
import { here } from '#test/support/process'

const OTHER = '00908f000001' as Mac
const OURS = '00908f000002' as Mac

function yaml(redirect: boolean): string {
  return `
server: { address: 127.0.0.1 }
web: { listen: '127.0.0.1:0' }
http: { listen: ['127.0.0.1:0'] }
tftp: { enabled: false }
dhcp: { mode: 'off' }
provisioning: { redirect: ${redirect} }`
}

test('a phone that asks for /<MAC> is sent to its folder with an empty 302, and a stranger nowhere', async () => {
  const { endpoints, offhook } = await startWhole(yaml(true), await freshFolder())
  const url = `http://127.0.0.1:${endpoints('http')[0]?.port}`
  await offhook.redirects.set([OTHER], 'https://other.example/cfg/', 'branch', 'admin')
  await offhook.redirects.set([OURS], '', '', 'admin')
  const head = (path: string, ...more: string[]) =>
    here.must('curl', ['-sS', '-i', '--max-time', '5', ...more, url + path])
  for (const path of ['/00908F000001', '/00908f000001', '/00:90:8f:00:00:01']) {
    const answer = await head(path)
    expect(answer).toMatch(/^HTTP\/1\.1 302 /)
    expect(answer).toMatch(/\r\nLocation: https:\/\/other\.example\/cfg\/\r\nContent-Length: 0\r\n/)
  }
  // The folder that we name ourselves is where the phone then gets its file.
  expect(await head(`/${OURS}`)).toMatch(/\r\nLocation: http:\/\/127\.0\.0\.1:0\/configfiles\/\r\n/)
  expect(await head('/00908f000003')).toMatch(/^HTTP\/1\.1 404 /)
  expect(await head('/00908f00000')).toMatch(/^HTTP\/1\.1 404 /)
  expect(await head(`/${OTHER}`, '-X', 'POST')).toMatch(/^HTTP\/1\.1 405 /)
  await offhook.redirects.unset(OTHER, 'admin')
  expect(await head(`/${OTHER}`)).toMatch(/^HTTP\/1\.1 404 /)
})

test('it is off unless somebody switches it on', async () => {
  const { endpoints, offhook } = await startWhole(yaml(false), await freshFolder())
  await offhook.redirects.set([OTHER], 'https://other.example/cfg/', '', 'admin')
  const answer = await here.must('curl', ['-sS', '-i', `http://127.0.0.1:${endpoints('http')[0]?.port}/${OTHER}`])
  expect(answer).toMatch(/^HTTP\/1\.1 404 /)
})

test.each([
  ['http://x/', undefined],
  ['https://x.example:8443/a/b/', undefined],
  ['', undefined],
  ['https://x/a', 'ends with a slash'],
  ['ftp://x/', 'such as https'],
  ['https://me:pw@x/', 'user name or password'],
  ['https://x/?a/', 'no “?”'],
  ['https://x/\r\nSet-Cookie: a/', 'such as https'],
  [`https://x/${'a'.repeat(120)}/`, 'longer than'],
])('%j as a folder: %s', (url, complaint) => {
  const problem = redirectProblem(url)
  if (complaint === undefined) expect(problem).toBeUndefined()
  else expect(problem).toContain(complaint)
})

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

test('each subnet’s DNS servers are asked for the name: it leads here, elsewhere, nowhere, or nobody answers', async () => {
  const [port, silent] = [await freePort(), createSocket('udp4').bind(0, '127.0.0.1')]
  await once(silent, 'listening')
  onTestFinished(() => void silent.close())
  const dns = here.start('dnsmasq', [
    ...['--no-daemon', '--log-facility=-', `--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces'],
    ...['--no-resolv', '--no-hosts', '--conf-file=/dev/null', '--local=/example/'],
    ...['--address=/provisioningserver.right.example/10.1.0.2', '--address=/provisioningserver.wrong.example/10.9.9.9'],
  ])
  onTestFinished(async () => {
    dns.kill('SIGTERM')
    await dns.ended
  })
  const subnet = (name: string, domainName: string) =>
    ({ name, domainName, serverAddress: '10.1.0.2' as Ipv4, dnsServers: [] }) as unknown as Subnet
  let now = 0
  const check = new NameCheck({
    subnets: () => [
      subnet('a', 'right.example'),
      subnet('b', 'wrong.example'),
      subnet('c', 'none.example'),
      subnet('d', 'x.example'),
    ],
    now: () => now,
    servers: ({ name }) => [`127.0.0.1:${name === 'd' ? silent.address().port : port}`],
  })
  const kinds = async () => (await check.check()).rows.map(({ kind }) => kind)
  const signal = AbortSignal.timeout(8_000)
  while (!(await kinds()).includes('ours')) {
    signal.throwIfAborted()
    now += 60_001 // dnsmasq may not listen yet
  }
  const { rows } = await check.check()
  expect(rows.map(({ kind }) => kind)).toEqual(['ours', 'other', 'none', 'failed'])
  expect(rows[0]).toMatchObject({ subnet: 'a', name: 'ProvisioningServer.right.example' })
  expect(rows[1]?.sentence).toBe('It leads to 10.9.9.9, and phones reach us at 10.1.0.2.')
  expect(await check.check()).toBe(await check.check())
}, 20_000)

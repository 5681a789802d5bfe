// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'
import { Hook, isSigned } from '#test/support/hook'
import { macOf, PhoneAlerts } from '#test/support/phone-alerts'
import { type Ended, here } from '#test/support/process'
import { header, SmtpSink, textOf } from '#test/support/smtp'
import { type Snmptrapd, startSnmptrapd } from '#test/support/snmptrapd'

/* phones ── REST ──► built daemon ──► snmptrapd (v1, v2c), a mail server, a syslog collector, a webhook; and by `offhook alarm …` */

const MAIN = join(import.meta.dirname, '../../dist/daemon/main.js')
const KEY = 'the-key-that-signs-webhooks'
const COMMUNITY = 'a-community-nobody-sees'
let home: DaemonHome
let daemon: Daemon
let trapd: Snmptrapd
let sink: SmtpSink
let hook: Hook
const lines: string[] = []
const sockets = new Set<Socket>()
const collector = createServer((socket) => {
  sockets.add(socket)
  socket.on('data', (chunk) => void lines.push(chunk.toString()))
})

beforeAll(async () => {
  trapd = await startSnmptrapd({ communities: [COMMUNITY] })
  sink = await SmtpSink.open()
  hook = await Hook.open()
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const snmp = { kind: 'snmp', host: 'localhost', port: trapd.port, community: COMMUNITY, filter: { about: 'phones' } }
  const mail = { kind: 'mail', host: '127.0.0.1', port: sink.port, security: 'none', from: 'pbx@example.com' }
  home = await DaemonHome.make({
    ...LOOPBACK,
    alarms: {
      destinations: [
        { ...snmp, name: 'old NMS', version: 1, profile: 'ovoc' },
        { ...snmp, name: 'new NMS', version: '2c', profile: 'rfc3877' },
        { ...mail, name: 'team', to: ['team@example.com'], filter: { names: ['login*', '*failure'] } },
        { kind: 'syslog', name: 'log', host: '127.0.0.1', port: (collector.address() as AddressInfo).port },
      ],
    },
  })
  daemon = await home.start()
})

afterAll(async () => {
  await home?.close()
  await trapd?.close()
  await sink?.close()
  await hook?.close()
  for (const socket of sockets) socket.destroy()
  collector.close()
})

function offhook(...args: readonly string[]): Promise<Ended> {
  return here.run(process.execPath, [MAIN, ...args, '--config', home.configFile])
}

/** The daemon says that it is ready a moment before it offers this. */
async function localApi(): Promise<{ readonly url: string; readonly token: string }> {
  const read = async () => JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8'))
  await expect.poll(() => read().then(({ url }) => url)).toBe(daemon.url)
  return read()
}

async function api(method: string, path: string, body?: object): Promise<Response> {
  const { url, token } = await localApi()
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  return fetch(`${url}api/v1/forwarding/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
}

test('an admin adds a webhook; what is wrong is told field by field, and its key is never shown', async () => {
  const draft = {
    name: 'chat',
    kind: 'webhook',
    values: { url: 'file:///etc/passwd' },
    secrets: { signingKey: 'short' },
  }
  const refused = await api('POST', 'destinations', draft)
  expect(refused.status).toBe(422)
  const text = await refused.text()
  expect(text).toContain('The URL must begin with http:// or https://.')
  expect(text).toContain('signingKey')
  const values = { url: hook.url, timeoutSeconds: '2', leastSeverity: 'minor' }
  const saved = await api('POST', 'destinations', { ...draft, values, secrets: { signingKey: KEY } })
  expect(saved.status).toBe(201)
  const row = await saved.json()
  expect(row).toMatchObject({ name: 'chat', origin: 'here', secretsSet: ['signingKey'], state: 'working' })
  expect(row.target).toBe(`http://127.0.0.1:${hook.port}/alarms`)
  expect(JSON.stringify(row)).not.toContain(KEY)
  expect((await api('POST', 'destinations', { ...draft, name: 'Old NMS', values })).status).toBe(422)
  const config = await (await api('GET', 'destinations/config.team')).json()
  expect(config).toMatchObject({ origin: 'config', values: { to: 'team@example.com', names: 'login*\n*failure' } })
  expect((await api('PUT', 'destinations/config.team', draft)).status).toBe(422)
  expect((await api('DELETE', 'destinations/config.team')).status).toBe(409)
})

test('"offhook alarm test" tells for each destination whether it works', async () => {
  const wanted = [
    ['old nms', /^The trap left; traps are not acknowledged after \d+ ms\.$/m],
    ['new NMS', /^The inform was acknowledged after \d+ ms\.$/m],
    ['team', /^The mail server took the mail after/m],
    ['log', /^The message was written after/m],
    ['chat', /^The receiver acknowledged it after/m],
  ] as const
  const tests = wanted.map(async ([name, words]) => {
    const { code, stdout, stderr } = await offhook('alarm', 'test', name)
    expect([name, code, stderr]).toEqual([name, 0, ''])
    expect(stdout).toMatch(words)
  })
  await Promise.all(tests)
  // SNMP's tests are raised and cleared at once.
  expect((await trapd.received(4)).map(({ how }) => how.split(',')[0]).sort()).toEqual([
    'INFORM',
    'INFORM',
    'TRAP',
    'TRAP',
  ])
  expect((await offhook('alarm', 'test', 'nobody')).stderr).toContain(
    'there is no destination "nobody": there are "chat"',
  )
})

test('a phone’s alarm reaches every kind, in its own words', async () => {
  const phones = new PhoneAlerts(daemon.endpoint('http'))
  await phones.appear(macOf(1))
  await phones.alarm(macOf(1), 'IPPHONE LYNC LOGIN FAILURE', 5)
  const [v1, v2] = (await trapd.received(6))
    .slice(4)
    .sort((a, b) => a.how.localeCompare(b.how))
    .reverse()
  expect(v1).toMatchObject({
    how: `TRAP, SNMP v1, community ${COMMUNITY}`,
    v1: { enterprise: '.1.3.6.1.4.1.5003.9.20.3.2', specific: '.41' },
  })
  expect(v2?.how).toBe(`INFORM, SNMP v2c, community ${COMMUNITY}`)
  expect(v2?.varbinds[1]).toBe('.1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.2.1.118.0.2')
  await sink.until((mails) => mails.length === 2)
  expect(sink.mails.map((mail) => header(mail, 'subject'))[1]).toBe(
    `[critical] LYNC LOGIN FAILURE: IPPhone/${macOf(1)}`,
  )
  expect(sink.mails.map(textOf)[1]).toContain('it cannot sign in')
  await hook.until((got) => got.length >= 2)
  expect(hook.got.every((message) => isSigned(message, KEY))).toBe(true)
  expect(hook.got.at(-1)?.json.alarm).toMatchObject({ name: 'LYNC LOGIN FAILURE', severity: 'critical' })
  await expect
    .poll(() => lines.join(''))
    .toContain(`resource="IPPhone/${macOf(1)}" probableCause="5" perceivedSeverity="critical"`)
})

test('"offhook alarm list", "ack", "resend" and "destinations"', async () => {
  const listed = await offhook('alarm', 'list', '--text', 'login')
  const [, id = ''] = /^critical +(LYNC LOGIN FAILURE@\S+)$/m.exec(listed.stdout) ?? []
  expect(id).toContain(macOf(1))
  expect((await offhook('alarm', 'ack', id, '--note', 'Ann looks at it')).stdout).toBe(`Acknowledged: ${id}\n`)
  expect((await offhook('alarm', 'list')).stdout).toContain('acknowledged by command line')
  const gone = await offhook('alarm', 'ack', 'nothing')
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('not active')])
  const before = hook.got.length
  expect((await offhook('alarm', 'resend', 'chat')).stdout).toBe('chat: 1 alarms\n')
  await hook.until((got) => got.length === before + 1)
  expect(hook.got.at(-1)?.json.kind).toBe('resent')
  const told = await offhook('alarm', 'destinations')
  expect(told.stdout).toMatch(/^chat: working, 0 waiting, \d+ delivered$/m)
  expect(told.stdout).not.toContain('private')
})

test('what an admin added is there after kill -9, and goes when it is removed; the file’s own follow a reload', async () => {
  await daemon.kill9()
  daemon = await home.start()
  const rows = (await (await api('GET', 'destinations')).json()).rows as {
    readonly id: string
    readonly name: string
  }[]
  expect(rows.map(({ name }) => name)).toEqual(['chat', 'log', 'new NMS', 'old NMS', 'team'])
  expect((await offhook('alarm', 'test', 'chat')).code).toBe(0)
  expect(hook.got.every((message) => isSigned(message, KEY))).toBe(true)
  const id = rows.find(({ name }) => name === 'chat')?.id ?? ''
  expect((await api('DELETE', `destinations/${id}`)).status).toBe(204)
  const file = join(home.folder, 'signing-key')
  await writeFile(file, 'the first key in a file\n')
  const own = { kind: 'webhook', name: 'hook', url: hook.url, signingKey: { file } }
  await home.configure({ ...LOOPBACK, alarms: { destinations: [own] } })
  expect((await offhook('reload')).stdout).toContain('In force: alarms.destinations')
  expect((await offhook('alarm', 'test', 'hook')).code).toBe(0)
  await writeFile(file, 'the next key in a file\n')
  await offhook('reload')
  expect((await offhook('alarm', 'test', 'hook')).code).toBe(0)
  const [first, next] = hook.got.slice(-2)
  expect(first && isSigned(first, 'the first key in a file')).toBe(true)
  expect(next && isSigned(next, 'the next key in a file')).toBe(true)
})

test('the MIB is printed and can be downloaded', async () => {
  const mib = await here.run(process.execPath, [MAIN, 'snmp', 'mib', '--config', home.configFile])
  expect(mib.stdout).toMatch(/^OFFHOOK-MIB DEFINITIONS ::= BEGIN$/m)
  expect((await api('GET', 'mib')).headers.get('content-disposition')).toContain('OFFHOOK-MIB.txt')
  expect(await (await api('GET', 'mib')).text()).toBe(mib.stdout)
})

test('no secret is in the log or, in clear, on the disk', async () => {
  await daemon.stop()
  for (const file of await readdir(join(home.dataFolder, 'store'), { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const bytes = await readFile(join(file.parentPath, file.name), 'latin1')
    expect(bytes.includes(KEY) || bytes.includes(COMMUNITY)).toBe(false)
  }
  for (const line of daemon.log()) expect(JSON.stringify(line)).not.toMatch(/that-signs|nobody-sees/)
})

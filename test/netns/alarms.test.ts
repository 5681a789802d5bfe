// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'

const run = promisify(execFile)
/** Free for UDP at the moment; phones are told this port, so it cannot be any. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

const MAC = '00908f123456'

/** The whole daemon on loopback: what it has answered 200 to is there after kill -9. */
describe('alarms and logs of the running daemon', () => {
  let home: DaemonHome
  let daemon: Daemon
  let phones: string
  let port: number

  beforeAll(async () => {
    port = await freePort()
    home = await DaemonHome.make({ ...LOOPBACK, syslog: { enabled: true, listen: `127.0.0.1:${port}` } })
    await start()
  })
  afterAll(() => home?.close())

  async function start(): Promise<void> {
    daemon = await home.start()
    const http = daemon.endpoint('http')
    phones = `${http.address}:${http.port}`
  }

  async function api(path: string, method = 'GET', body?: object): Promise<{ status: number; body: never }> {
    const { url, token } = await localApi()
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const answer = await fetch(new URL(path, url), { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as never }
  }

  /** The daemon is ready a moment before it tells commands of this machine where; the one before it may have left its own. */
  async function localApi(): Promise<{ url: string; token: string }> {
    const read = async () => JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8').catch(() => '{}'))
    await expect.poll(async () => (await read()).url, { timeout: 5_000 }).toBe(daemon.url)
    return read()
  }

  const post = async (path: string, body: string) => {
    const answer = await fetch(`http://${phones}${path}`, { method: 'POST', body })
    return [answer.status, await answer.text()]
  }
  const report = (status: string) =>
    post('/rest/v1/ipphoneMgrStatus/keep-alive', JSON.stringify({ mac: MAC, model: '440HD', ip: '127.0.0.1', status }))
  const alert = (severity: string, description: string) => {
    const name = 'IPPhone Registration Failure'
    const alerts = [{ uniqueId: '1', name, description, severity, source: `IPPhone:${MAC}` }]
    return post('/c/acme/rest/v1/ipphoneMgrAlert/alert', JSON.stringify({ alerts }))
  }

  it('has on disk what it said 200 to', async () => {
    await report('started')
    for (let n = 0; n < 5; n++) expect(await alert('5', `number ${n}`)).toEqual([200, '{}'])
    await daemon.kill9()
    await start()
    const { body } = await api('/api/v1/alarms?text=registration')
    expect(body).toMatchObject({ total: 5 })
    const history = await api('/api/v1/alarms/history')
    expect((history.body as { events: { sequence: number }[] }).events.map(({ sequence }) => sequence)).toEqual([
      5, 4, 3, 2, 1,
    ])
    expect(await daemon.metric('offhook_alarms', { severity: 'critical' })).toBe(5)
  })

  it('ends them when the phone registers', async () => {
    await report('registered')
    const { body } = await api('/api/v1/alarms?text=registration')
    expect(body).toMatchObject({ total: 0 })
  })

  it('keeps what logger says in the name of the phone, and asks it for its log', async () => {
    const to = ['--udp', '--server', '127.0.0.1', '--port', String(port), '--rfc3164', '--tag', 'sip']
    await run('logger', [...to, 'REGISTER timed out'])
    const said = async () => ((await api(`/api/v1/devices/${MAC}/log`)).body as { lines: string[] }).lines
    await expect
      .poll(said, { timeout: 5_000 })
      .toMatchObject([expect.stringContaining('notice sip: REGISTER timed out')])
    expect((await api(`/api/v1/devices/${MAC}/log/collection`, 'POST', { minutes: '5' })).status).toBe(201)
    await daemon.kill9()
    await start()
    const file = await (await fetch(`http://${phones}/configfiles/${MAC}.cfg`)).text()
    expect(file).toContain(
      `system/syslog/mode=NETWORK\nsystem/syslog/server_address=127.0.0.1\nsystem/syslog/server_port=${port}`,
    )
  })
})

// SPDX-License-Identifier: Apache-2.0
import { expect, onTestFinished, test } from 'vitest'
import { listen } from './client.ts'
import { MONDAY, mac } from './memory-port.ts'
import { portWithLogs } from './phone-logs-port.ts'

const MAC = mac('00908f000001')
const LOG = `/api/v1/devices/${MAC}/log`

async function office(enabled = true) {
  const port = await portWithLogs(MAC, enabled)
  const site = await listen(port)
  onTestFinished(async () => {
    await site.close()
    expect(site.faults).toEqual([])
  })
  const call = async (method: string, path: string, body?: object) => {
    const headers = { Authorization: `Bearer ${port.localToken}`, 'Content-Type': 'application/json' }
    const response = await fetch(site.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  return { call, port, site }
}

test('a log is read, asked for and no more asked for', async () => {
  const { call, port } = await office()
  await port.say('<11>sip: first', '<14>sip: <script>second</script>')
  const time = new Date(MONDAY).toISOString()
  expect(await call('GET', `${LOG}?limit=1`)).toEqual({
    status: 200,
    body: { lines: [`${time} info sip: <script>second</script>`], leftOut: 0, collection: null },
  })
  expect(await call('POST', `${LOG}/collection`, { minutes: '30' })).toMatchObject({
    status: 201,
    body: { mac: MAC, from: MONDAY, until: MONDAY + 1_800_000 },
  })
  expect(port.commands.of(MAC)).toMatchObject([{ kind: 'check', by: 'command line' }])
  expect((await call('GET', LOG)).body).toMatchObject({ collection: { until: MONDAY + 1_800_000 } })
  expect((await call('DELETE', `${LOG}/collection`)).status).toBe(204)
  expect((await call('DELETE', `${LOG}/collection`)).status).toBe(404)
})

test('what cannot be is told with its reason, and nobody without a session reads a log', async () => {
  const { call, site } = await office()
  expect((await call('GET', '/api/v1/devices/nonsense/log')).status).toBe(400)
  expect((await call('GET', '/api/v1/devices/00908fffffff/log')).status).toBe(404)
  expect((await call('GET', `${LOG}?limit=0`)).status).toBe(400)
  for (const minutes of ['0', '1441', 'x', '-1', '']) {
    expect((await call('POST', `${LOG}/collection`, { minutes })).status).toBe(422)
  }
  expect((await fetch(site.url + LOG)).status).toBe(401)
  expect((await fetch(`${site.url}${LOG}/collection`, { method: 'POST' })).status).toBeGreaterThanOrEqual(400)
  const off = await office(false)
  const refused = await off.call('POST', `${LOG}/collection`, { minutes: '5' })
  expect(refused).toMatchObject({ status: 422, body: { detail: expect.stringContaining('syslog.enabled') } })
})

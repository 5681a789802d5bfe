// SPDX-License-Identifier: Apache-2.0
import { expect, onTestFinished, test } from 'vitest'
import { newPhone } from '#daemon/domain/phone'
import { LogFiles } from '#daemon/services/phone-logs/log-files'
import { PhoneLogs } from '#daemon/services/phone-logs/phone-logs'
import { put } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import { decode } from '#protocols/syslog/codec'
import { freshFolder } from '#test/store/folder'
import { freshStore } from '#test/support/store'
import { listen } from './client.ts'
import { MemoryPort, MONDAY, mac } from './memory-port.ts'

const MAC = mac('00908f000001')
const LOG = `/api/v1/devices/${MAC}/log`

/** The real service behind the real pages. */
async function office(enabled = true) {
  const store = await freshStore()
  await store.commit([put(phones, MAC, { ...newPhone(MAC, 0), address: '10.1.2.3' })], { durable: false })
  const files = new LogFiles(freshFolder(), { perPhone: 65_536, total: 1e6 })
  await files.open()
  const phoneLogs = new PhoneLogs({
    store,
    files,
    announce: () => {},
    port: enabled ? 514 : undefined,
    now: () => MONDAY,
  })
  const port = Object.assign(new MemoryPort(), { phoneLogs })
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
  return { call, phoneLogs, site }
}

test('a log is read, asked for and no more asked for', async () => {
  const { call, phoneLogs } = await office()
  const peer = { address: '10.1.2.3', port: 1 }
  for (const text of ['<11>sip: first', '<14>sip: <script>second</script>'])
    await phoneLogs.log({ message: decode(Buffer.from(text)), peer, transport: 'udp' })
  const time = new Date(MONDAY).toISOString()
  expect(await call('GET', `${LOG}?limit=1`)).toEqual({
    status: 200,
    body: { lines: [`${time} info sip: <script>second</script>`], leftOut: 0, collection: null },
  })
  expect(await call('POST', `${LOG}/collection`, { minutes: '30' })).toMatchObject({
    status: 201,
    body: { mac: MAC, from: MONDAY, until: MONDAY + 1_800_000 },
  })
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

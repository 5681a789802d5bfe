// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WebPort } from '#web/port'
import type { Destination } from '#web/ports/forwarding'
import { listen, type Site } from './client.ts'
import { destination } from './memory-forwarding.ts'
import { MemoryPort } from './memory-port.ts'

let port: MemoryPort
let site: Site

beforeEach(async () => {
  port = new MemoryPort()
  site = await listen(port)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

const ROOT = '/api/v1/forwarding'
const DRAFT = {
  ...{ name: 'NMS', kind: 'snmp' },
  values: { host: '10.1.0.9', port: 162, version: '2c', inform: true, names: ['A', 'B'] },
  secrets: { community: 'a-secret-community' },
}

async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(site.url + ROOT + path, {
    method,
    headers: { Authorization: `Bearer ${port.localToken}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  expect(text).not.toContain('a-secret')
  if (response.status >= 400) expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

describe('destinations', () => {
  test('are made, read, changed and removed; a secret goes in and never comes out', async () => {
    const made = await call('POST', '/destinations', DRAFT)
    expect(made).toMatchObject({ status: 201, body: { name: 'NMS', secretsSet: ['community'] } })
    const { id, revision } = made.body as Destination
    expect(port.forwarding.rows[0]?.values).toMatchObject({ port: '162', inform: 'true', names: 'A\nB' })
    expect(port.forwarding.secrets).toEqual(['a-secret-community'])
    expect((await call('GET', `/destinations/${id}`)).body).toMatchObject({ id, values: { host: '10.1.0.9' } })
    expect((await call('GET', '/destinations')).body).toMatchObject({ rows: [{ id }] })
    const changed = await call('PUT', `/destinations/${id}`, { ...DRAFT, secrets: {}, name: 'Other', revision })
    expect(changed).toMatchObject({ status: 200, body: { name: 'Other', secretsSet: ['community'] } })
    expect((await call('DELETE', `/destinations/${id}`)).status).toBe(204)
    expect((await call('GET', `/destinations/${id}`)).status).toBe(404)
  })

  test('that somebody else changed meanwhile answer 409, and nothing is overwritten', async () => {
    const { id, revision } = (await call('POST', '/destinations', DRAFT)).body as Destination
    await call('PUT', `/destinations/${id}`, { ...DRAFT, name: 'First', revision })
    expect((await call('PUT', `/destinations/${id}`, { ...DRAFT, name: 'Second', revision })).status).toBe(409)
    expect(port.forwarding.destination(id)?.name).toBe('First')
  })

  test('say which field is wrong', async () => {
    const { status, body } = await call('POST', '/destinations', { name: '', kind: 'snmp', values: { port: '162' } })
    expect(status).toBe(422)
    expect((body as { errors: { field: string }[] }).errors.map(({ field }) => field)).toEqual(['host', 'name'])
  })

  test.each([
    [{ ...DRAFT, values: [] }, '"values" must be an object.'],
    [{ ...DRAFT, values: { port: { x: 1 } } }, '"values.port" must be text'],
    [{ ...DRAFT, values: { names: ['a\nb'] } }, '"values.names" must be text'],
    [{ ...DRAFT, secrets: 'x' }, '"secrets" must be an object.'],
    [{ ...DRAFT, revision: '1' }, '"revision" must be a whole number.'],
    [{ ...DRAFT, name: 5 }, '"name" must be text.'],
  ])('refuse %j', async (draft, detail) => {
    const { status, body } = await call('POST', '/destinations', draft)
    expect(status).toBe(400)
    expect((body as { detail: string }).detail).toContain(detail)
  })

  test('of the configuration file cannot be removed here', async () => {
    port.forwarding.put(destination('d1', 'NMS', { origin: 'config' }))
    expect((await call('DELETE', '/destinations/d1')).status).toBe(409)
  })
})

describe('handling a destination', () => {
  test('test, resend, pause and continue', async () => {
    port.forwarding.put(destination('d1', 'NMS'))
    expect((await call('POST', '/destinations/d1/test')).body).toEqual(port.forwarding.outcome)
    expect((await call('POST', '/destinations/d1/resend')).body).toEqual({ queued: 2 })
    expect((await call('POST', '/destinations/d1/pause')).body).toMatchObject({ state: 'paused' })
    expect((await call('POST', '/destinations/d1/continue')).body).toMatchObject({ state: 'working' })
  })

  test('that is not there answers 404', async () => {
    for (const action of ['test', 'resend', 'pause', 'continue'])
      expect((await call('POST', `/destinations/none/${action}`)).status).toBe(404)
    expect((await call('DELETE', '/destinations/none')).status).toBe(404)
  })
})

test('the MIB is a file to keep', async () => {
  const headers = { Authorization: `Bearer ${port.localToken}` }
  const response = await fetch(`${site.url}${ROOT}/mib`, { headers })
  expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="OFFHOOK-MIB.txt"')
  expect(await response.text()).toBe(port.forwarding.mib().text)
})

test('without their services there are no such routes', async () => {
  const none = { value: undefined }
  const bare: WebPort = Object.create(port, { alarmDesk: none, forwarding: none })
  const other = await listen(bare)
  for (const path of ['/api/v1/alarms', `${ROOT}/destinations`]) {
    const headers = { Authorization: `Bearer ${bare.localToken}` }
    expect((await fetch(other.url + path, { headers })).status).toBe(404)
  }
  await other.close()
})

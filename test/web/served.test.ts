// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest'
import { secretPlace } from '#daemon/domain/provisioning/level-settings'
import {
  levelChange,
  macAt,
  populate,
  served,
  settings,
  type World,
  world,
} from '#test/services/provisioning/changes/world'
import { listen, type Site, signedIn } from './client.ts'
import { MemoryPort } from './memory-port.ts'

let office: World
let site: Site

class Port extends MemoryPort {
  readonly served = office.servedDesk
  readonly changes = office.desk
}

const mac = macAt(1)

beforeEach(async () => {
  office = await world()
  await populate(office.store, 3)
  const sealed = { P: office.vault.seal('hush-hush', secretPlace('system', 'P')) }
  for (const lines of ['a/b=1\nx/password=%ITCS_P%', 'a/b=<b>2</b>\nx/password=%ITCS_P%\nn=%ITCS_None%']) {
    await office.store.commit([levelChange('system', settings({ lines, sealed }))], { durable: true })
    await served(office, mac)
  }
  site = await listen(new Port())
})
afterEach(() => site.close())

test('a phone’s page of configuration says what it gets, why, and what it got before', async () => {
  const visitor = await signedIn(site)
  const page = await visitor.page(`/devices/${mac}/configuration`)
  expect(page).toContain('Up to date')
  expect(page).toContain('a/b=&lt;b&gt;2&lt;/b&gt;')
  expect(page).toContain('x/password=********')
  expect(page).toMatch(/<code>None<\/code>/)
  const [, older = ''] = [...page.matchAll(/configuration\/([\w-]{10,})"/g)].map(([, hash]) => hash ?? '')
  const [newer = ''] = [...page.matchAll(/configuration\/([\w-]{10,})"/g)].map(([, hash]) => hash ?? '')
  const file = await visitor.page(`/devices/${mac}/configuration/${newer}`)
  expect(file).toContain('<code>a/b=1</code>')
  expect(await visitor.page(`/devices/${mac}/configuration/${older}?against=${newer}`)).toContain('a/b=1')
  expect(page + file).not.toContain('hush-hush')
  expect((await visitor.get(`/devices/${mac}/configuration/nonsense`)).status).toBe(404)
  expect((await visitor.get('/devices/00908fffffff/configuration')).status).toBe(404)
  expect(site.faults).toEqual([])
})

test('the list of drift counts phones and is narrowed by state', async () => {
  const visitor = await signedIn(site)
  office.clock.now += 28 * 3_600_000
  const all = await visitor.page('/drift')
  expect(all).toContain('Never fetched')
  expect(all).toContain('3 phones')
  expect(await visitor.page('/drift?state=current')).toContain('1 phone')
  expect(await visitor.page('/drift?state=%3Cscript%3E')).toContain('3 phones')
})

test('programs get the same', async () => {
  const headers = { Authorization: `Bearer ${new MemoryPort().localToken}` }
  const get = async (path: string) => {
    const response = await fetch(`${site.url}/api/v1${path}`, { headers })
    return { status: response.status, body: await response.json() }
  }
  const { body } = await get(`/devices/${mac}/file`)
  expect(body.lines).toContainEqual({ text: 'a/b=<b>2</b>', from: 'system', line: 1, names: [] })
  expect(body.left).toContainEqual({ from: 'system', line: 3, missing: 'None' })
  expect(await get(`/devices/${mac}/drift`)).toMatchObject({ body: { state: 'current', schedule: 'every day' } })
  const { rows } = (await get(`/devices/${mac}/served`)).body
  const one = await get(`/devices/${mac}/served/${rows[0].hash}?against=${rows[1].hash}`)
  expect(one.body.difference).toContainEqual({ sign: '-', text: 'a/b=1' })
  expect(JSON.stringify([body, one])).not.toContain('hush-hush')
  expect(await get('/drift?state=never')).toMatchObject({ body: { total: 0, counts: { current: 1, waiting: 2 } } })
  expect([(await get('/drift?state=x')).status, (await get('/devices/xyz/file')).status]).toEqual([400, 400])
  expect((await get('/devices/00908fffffff/file')).status).toBe(404)
  expect((await get(`/devices/${mac}/served/x`)).status).toBe(404)
})

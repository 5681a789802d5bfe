// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freshDesk } from '#test/services/directory-desk'
import { listen, type Site, signedIn, Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'

let port: MemoryPort
let site: Site

beforeEach(async () => {
  const { desk } = await freshDesk()
  port = Object.assign(new MemoryPort(), { directory: desk })
  site = await listen(port)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

async function call(method: string, path: string, body?: unknown, type = 'application/json') {
  const response = await fetch(`${site.url}/api/v1/directory/${path}`, {
    method,
    headers: { Authorization: `Bearer ${port.localToken}`, 'Content-Type': type },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  if (response.status >= 400) expect(response.headers.get('Content-Type')).toContain('application/problem+json')
  const isJson = response.headers.get('Content-Type')?.includes('json')
  return { status: response.status, body: isJson ? JSON.parse(text) : text }
}

const ANN = { region: '', owner: '', attributes: { displayName: 'Ann Lee', telephoneNumber: ['+49 30 1', '2'] } }

test('a contact is made, read, changed on its revision, found and removed', async () => {
  const made = await call('POST', 'contacts', ANN)
  expect([made.status, made.body]).toMatchObject([201, { source: 'manual', attributes: { cn: 'Ann Lee' } }])
  const place = `contacts/${made.body.id}`
  const { revision } = (await call('GET', place)).body
  expect((await call('PUT', place, { ...ANN, region: 'paris', revision })).body.region).toBe('paris')
  expect((await call('PUT', place, { ...ANN, revision })).status).toBe(409)
  expect((await call('PUT', place, ANN)).status).toBe(400)
  expect((await call('GET', 'contacts?text=lee&region=paris')).body).toMatchObject({
    total: 1,
    rows: [{ id: made.body.id }],
  })
  expect((await call('GET', 'contacts?region=')).body).toMatchObject({ total: 0 })
  expect((await call('GET', 'regions')).body).toEqual({ rows: ['paris'] })
  expect([(await call('DELETE', place)).status, (await call('DELETE', place)).status]).toEqual([204, 404])
})

test.each([
  ['POST', 'contacts', { attributes: {} }, 422],
  ['POST', 'contacts', { attributes: [] }, 400],
  ['POST', 'contacts', { attributes: { displayName: 7 } }, 400],
  ['POST', 'contacts', { attributes: { shoeSize: '42' } }, 400],
  ['POST', 'contacts', { attributes: { __proto__: 'x', displayName: '<script>' } }, 201],
  ['POST', 'contacts', '{"attributes": {"__proto__": {"cn": "x"}, "displayName": "x"}}', 400],
  ['GET', 'contacts?pageSize=501', undefined, 400],
  ['GET', 'contacts?order=size', undefined, 400],
  ['GET', `contacts?text=${'x'.repeat(101)}`, undefined, 400],
  ['GET', 'contacts/..%2f..%2fetc', undefined, 404],
  ['GET', 'export?format=xml', undefined, 400],
  ['PUT', 'accounts/nobody', { password: 'long enough' }, 409],
  ['POST', 'accounts', { name: 'phones', password: 'short' }, 422],
  ['DELETE', 'accounts/nobody', undefined, 404],
  ['PUT', 'phones', { values: { maxHits: '0' } }, 422],
  ['PUT', 'phones', { values: { maxHits: 5 } }, 400],
  ['PUT', 'phones', { values: {}, keepPassword: 'no' }, 400],
  ['POST', 'upstreams/nobody/sync', undefined, 404],
] as const)('%s %s %j: %i', async (method, path, body, status) => {
  expect((await call(method, path, body)).status).toBe(status)
})

describe('files', () => {
  const CSV = 'name,phone\nAnn,1\n,2\n'

  test('a dry run changes nothing; its hash lets it be done, once', async () => {
    const plan = await call('POST', 'import?format=csv&source=partners&dryRun=true', CSV, 'text/csv')
    expect(plan.body).toMatchObject({ dryRun: true, added: 1, rejected: [{ line: 3, reason: 'no name' }] })
    expect((await call('GET', 'contacts')).body.total).toBe(0)
    const path = `import?format=csv&source=partners&hash=${encodeURIComponent(plan.body.hash)}`
    expect((await call('POST', path, CSV, 'text/csv')).body).toMatchObject({ dryRun: false, added: 1 })
    const again = await call('POST', path, CSV, 'text/csv')
    expect([again.status, again.body.preview]).toMatchObject([409, { added: 0, unchanged: 1 }])
    expect((await call('POST', 'import?format=csv&source=partners', CSV, 'text/csv')).body).toMatchObject({
      unchanged: 1,
    })
  })

  test('exported in each format', async () => {
    await call('POST', 'contacts', ANN)
    for (const [format, sign] of [
      ['csv', 'Ann Lee'],
      ['ldif', 'cn: Ann Lee'],
      ['vcard', 'FN:Ann Lee'],
    ] as const) {
      expect((await call('GET', `export?format=${format}`)).body).toContain(sign)
    }
  })

  test.each([
    ['as a form', 'import?format=csv&source=x', 'a=b', 'application/x-www-form-urlencoded', 415],
    ['without a name', 'import?format=csv', CSV, 'text/csv', 400],
    ['of no kind', 'import?source=x', CSV, 'text/csv', 400],
  ])('%s: refused', async (_, path, body, type, status) => {
    expect((await call('POST', path, body, type)).status).toBe(status)
  })

  test('no UTF-8, and more than is taken', async () => {
    const send = (body: Uint8Array<ArrayBuffer>) =>
      fetch(`${site.url}/api/v1/directory/import?format=csv&source=x`, {
        ...{
          method: 'POST',
          body,
          headers: { Authorization: `Bearer ${port.localToken}`, 'Content-Type': 'text/csv' },
        },
      })
    expect((await send(new Uint8Array([0x6e, 0xfc, 0x0a]))).status).toBe(400)
    expect((await send(new Uint8Array(33 * 2 ** 20).fill(0x61))).status).toBe(413)
  })
})

test('accounts and phone settings never tell a password', async () => {
  const account = { name: 'Phones', password: 'correct horse', region: '' }
  const made = await call('POST', 'accounts', account)
  const phones = await call('PUT', 'phones?region=paris', { values: { active: '1', password: 'very secret' } })
  const all = [made, phones, await call('GET', 'accounts'), await call('GET', 'phones?region=paris')]
  expect(all.map(({ status }) => status)).toEqual([201, 200, 200, 200])
  expect(JSON.stringify(all)).not.toMatch(/correct horse|very secret|scrypt/)
  expect(all[3]?.body.values.password).toEqual({ value: '', set: true, from: 'region' })
})

test('a phone’s query is tried', async () => {
  await call('POST', 'contacts', ANN)
  expect((await call('GET', 'test?typed=le')).body).toMatchObject({ kind: 'shown', hits: [{ shown: 'Ann Lee' }] })
  expect((await call('GET', 'test?typed=30&field=number')).body).toMatchObject({ kind: 'shown', hits: [] })
  expect((await call('GET', 'test?typed=4930&field=number')).body).toMatchObject({ hits: [{ shown: 'Ann Lee' }] })
})

test('a session needs the token of its forms to change something; without one there is nothing', async () => {
  const visitor = await signedIn(site)
  expect((await visitor.get('/api/v1/directory/contacts')).status).toBe(200)
  const forged = await visitor.post('/api/v1/directory/contacts', {})
  expect(forged.status).toBe(403)
  expect((await new Visitor(site).get('/api/v1/directory/contacts')).status).toBe(401)
})

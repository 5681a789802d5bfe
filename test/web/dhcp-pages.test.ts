// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest'
import { leases } from '#daemon/store/tables'
import { formatMac, type Mac } from '#protocols/lib/mac'
import { listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { DhcpOffice, HOSTILE } from './dhcp-office.ts'
import { MemoryPort, MONDAY } from './memory-port.ts'

const PHONE = '00908f000001'
const PATHS = [
  ...['/dhcp', '/dhcp/leases', '/dhcp/leases/export', '/dhcp/leases/import', '/dhcp/classes', '/dhcp/explain'],
  ...['/dhcp/test', '/dhcp/servers', '/dhcp/subnet?name=voice+headquarters', `/dhcp/explain/${PHONE}`],
]
let port: MemoryPort
let office: DhcpOffice
let site: Site
let visitor: Visitor

beforeEach(async () => {
  port = new MemoryPort()
  office = await DhcpOffice.open(port)
  site = await listen(port)
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

test('nothing of it is shown to visitors', async () => {
  for (const path of [...PATHS, '/api/v1/dhcp', '/api/v1/dhcp/leases', '/dhcp/leases/export?kind=csv']) {
    expect([path, (await fetch(site.url + path, { redirect: 'manual' })).status]).toEqual([
      path,
      path.startsWith('/api') ? 401 : 303,
    ])
  }
})

test('the overview tells mode, use and alarms', async () => {
  await office.boot(port, PHONE, '440HD')
  port.alarmRows = port.alarmRows.map((alarm) => ({ ...alarm, name: 'something else' }))
  const page = await visitor.page('/dhcp')
  expect(page).toContain('Leases addresses')
  expect(page).toMatch(/voice headquarters.*10\.1\.0\.0\/16.*1 of 149/s)
  expect(page).not.toContain('Alarms of DHCP')
})

test('without subnets, pages say what to do', async () => {
  await DhcpOffice.open(port, 'server: { address: 10.1.0.2 }\ndhcp: { mode: "off" }')
  await site.close()
  site = await listen(port)
  visitor = await signedIn(site)
  expect(await visitor.page('/dhcp')).toMatch(/switched off.*No subnet is configured.*offhook reload/s)
  expect(await visitor.page('/dhcp/servers')).toContain('No subnet is configured')
  expect(await visitor.page('/dhcp/leases')).toContain('No lease yet')
  expect((await visitor.get('/api/v1/dhcp/servers/kea')).status).toBe(409)
})

test('the subnet page shows pools, every option with its source, and reservations', async () => {
  const page = await visitor.page('/dhcp/subnet?name=voice+headquarters')
  expect(page).toMatch(/10\.1\.9\.1 – 10\.1\.9\.50.*0 of 49.*meeting rooms.*10\.1\.9\.20/s)
  expect(page).toMatch(/119 domain search.*voice\.example.*Everywhere/s)
  expect(page).toMatch(/3 routers.*10\.1\.0\.1.*This subnet/s)
  expect(page).toMatch(/160 provisioning URL.*Class phone/s)
  expect(page).toMatch(/00:90:8f:12:34:56.*10\.1\.2\.20.*reception/s)
  expect((await visitor.get('/dhcp/subnet?name=nowhere')).status).toBe(404)
})

test('classes are said in plain sentences', async () => {
  const page = await visitor.page('/dhcp/classes')
  expect(page).toContain('the model begins with &quot;C4&quot; and not (the relay&#39;s circuit is 0x6c6f6262792d31)')
})

test('leases are found by MAC in any spelling, address, host, state and subnet', async () => {
  const address = await office.boot(port, PHONE, '440HD')
  await office.boot(port, '020000000001', 'x', '10.2.0.1')
  for (const text of [PHONE, '00:90:8F:00:00:01', '0090-8f00', String(address)]) {
    const page = await visitor.page(`/dhcp/leases?${new URLSearchParams({ text })}`)
    expect([text, page.includes(formatMac(PHONE as Mac))]).toEqual([text, true])
    expect(page).toContain('1 lease')
  }
  expect(await visitor.page('/dhcp/leases?state=quarantined')).toContain('No lease matches')
  expect(await visitor.page('/dhcp/leases?subnet=voice+headquarters')).toContain('1 lease')
  expect(await visitor.page('/dhcp/leases?state=nonsense')).toContain('2 leases')
  const part = await (await visitor.get('/dhcp/leases', { 'HX-Request': 'true' })).text()
  expect(part.trim().startsWith('<div id="list">')).toBe(true)
})

test('100,000 leases are paged and searched in well under a second', async () => {
  await office.fill(100_000)
  await visitor.page('/dhcp/leases') // the order is made once
  const before = performance.now()
  const last = await visitor.page('/dhcp/leases?page=2000')
  const found = await visitor.page('/dhcp/leases?text=10.2.150.159')
  expect(performance.now() - before).toBeLessThan(2_000)
  expect(last).toContain('99,951–100,000 of 100,000 leases')
  expect(last).toContain('10.2.150.159')
  expect(found).toContain('1 lease')
}, 30_000)

test('a lease is released and forgotten only after a question', async () => {
  const address = String(await office.boot(port, PHONE, '440HD'))
  const at = `/dhcp/leases/${address}`
  expect(await visitor.page(`${at}/release`)).toContain(`Release ${address}?`)
  expect((await visitor.post(`${at}/release`, {})).status).toBe(403)
  expect(office.store.get(leases, address)?.value.state).toBe('leased')
  expect(location(await visitor.submit(`${at}/release`, `${at}/release`))).toBe('/dhcp/leases')
  expect(office.store.get(leases, address)?.value).toMatchObject({ state: 'released', expiresAt: MONDAY })
  expect(await visitor.page('/dhcp/leases')).toContain(`Released ${address}.`)
  await visitor.submit(`${at}/forget`, `${at}/forget`)
  expect(office.store.get(leases, address)).toBeUndefined()
  expect((await visitor.get(`${at}/forget`)).status).toBe(404)
  expect((await visitor.get('/dhcp/leases/1.2.3/forget')).status).toBe(404)
  expect(office.told.map(([id, fields]) => [id, (fields as { by: string }).by])).toEqual([
    ['dhcp.lease.released', 'admin'],
    ['dhcp.lease.forgotten', 'admin'],
  ])
})

test('a released address goes to another client once no other one is free', async () => {
  const address = String(await office.boot(port, '020000000001', 'x', '10.2.0.1'))
  for (const n of [2, 3]) await office.boot(port, `02000000000${n}`, 'x', '10.2.0.1')
  expect(await office.boot(port, '020000000004', 'x', '10.2.0.1')).toBeUndefined()
  await visitor.submit(`/dhcp/leases/${address}/release`, `/dhcp/leases/${address}/release`)
  expect(await office.boot(port, '020000000004', 'x', '10.2.0.1')).toBe(address)
})

test('files: a table whose cells are no formulas, and every format comes back by the import', async () => {
  const address = String(await office.boot(port, PHONE, '440HD'))
  const lease = office.store.get(leases, address)
  if (!lease) throw new Error('no lease')
  await office.store.commit(
    [{ table: 'leases', key: address, value: { ...lease.value, hostname: '=cmd|x,"y"' }, expect: lease.revision }],
    { durable: false },
  )
  const csv = await visitor.get('/dhcp/leases/export?kind=csv')
  expect(csv.headers.get('Content-Disposition')).toBe('attachment; filename="leases.csv"')
  expect(await csv.text()).toContain(`${address},${PHONE},"'=cmd|x,""y""",leased,voice headquarters,`)
  expect((await visitor.get('/dhcp/leases/export?kind=exe')).status).toBe(400)
  for (const kind of ['json', 'kea', 'isc']) {
    const file = await (await visitor.get(`/dhcp/leases/export?kind=${kind}`)).text()
    await office.desk.forget(address as never, 'admin')
    const upload = (deed: string) => send('/dhcp/leases/import', { kind, deed }, file)
    expect(await (await upload('try')).text()).toContain('1 would be imported')
    expect(office.store.get(leases, address)).toBeUndefined()
    expect(await (await upload('import')).text()).toContain('1 imported')
    expect(office.store.get(leases, address)?.value).toMatchObject({ mac: PHONE, state: 'leased' })
  }
})

test('an import tells each rejected line, and a form without a file what is missing', async () => {
  const page = await (await send('/dhcp/leases/import', { kind: 'json', deed: 'import' }, 'no lease\n')).text()
  expect(page).toMatch(/1 rejected.*is not a JSON object/s)
  const none = await visitor.submit('/dhcp/leases/import', '/dhcp/leases/import', { kind: 'json', deed: 'try' })
  expect(none.status).toBe(422)
  expect(await none.text()).toContain('Choose a file.')
})

test('Explain shows each class with the value it saw, each option with its layer, and what was not sent and why', async () => {
  const address = await office.boot(port, PHONE, '440HD')
  const page = await visitor.page(`/dhcp/explain/${PHONE}`)
  expect(page).toContain(`It got ${address} for 86400 seconds.`)
  expect(page).toContain('option 60 is &quot;MS-UC-Client&quot;: no, it is &quot;440HD&quot;')
  expect(page).toMatch(/160 provisioning URL.*class phone/s)
  expect(page).toMatch(/132 VLAN.*no layer sets it for this client/s)
  expect(page).toContain('01 01 06 01')
  expect(location(await visitor.get('/dhcp/explain?mac=00:90:8F:00:00:01'))).toBe(`/dhcp/explain/${PHONE}`)
  expect((await visitor.get('/dhcp/explain?mac=me')).status).toBe(400)
  expect(await visitor.page('/dhcp/explain/00908fffffff')).toContain('Nothing is remembered of this client')
})

test('the tester says what a made-up client would get, names each wrong field, and writes nothing', async () => {
  const fields = { giaddr: '10.1.0.1', vendorClass: 'MS-UC-Client', kind: 'inform' }
  const page = await (await visitor.submit('/dhcp/test', '/dhcp/test', fields)).text()
  expect(page).toContain('It would get options and no address.')
  expect(page).toMatch(/120 SIP servers.*pool\.contoso\.example/s)
  const wrong = { mac: 'xyz', giaddr: '10.1', circuitId: 'q', ask: 'nothing-like-it', kind: 'discover' }
  const refused = await visitor.submit('/dhcp/test', '/dhcp/test', wrong)
  expect(refused.status).toBe(422)
  expect((await refused.text()).match(/aria-invalid/g)).toHaveLength(4)
  expect(office.store.count(leases)).toBe(0)
})

test('the text for another server can be read and downloaded', async () => {
  expect(await visitor.page('/dhcp/servers?for=isc')).toContain('option offhook-provisioning-url code 160 = text;')
  const file = await visitor.get('/dhcp/servers?for=kea&download=1')
  expect(file.headers.get('Content-Disposition')).toBe('attachment; filename="offhook-kea.json"')
  expect(file.headers.get('Content-Type')).toBe('text/plain; charset=utf-8')
})

test('what clients and the configuration say is text on every page', async () => {
  await office.boot(port, PHONE, HOSTILE, '10.2.0.1')
  const hostile = '<b>lab</b> & "more"/..'
  const subnet = `/dhcp/subnet?${new URLSearchParams({ name: hostile })}`
  for (const path of [
    ...PATHS,
    subnet,
    `/dhcp/leases?text=${encodeURIComponent(HOSTILE)}`,
    `/dhcp/test?mac=${encodeURIComponent(HOSTILE)}`,
  ]) {
    const page = await visitor.page(path)
    expect([path, /<script>alert|<b>lab/.test(page)]).toEqual([path, false])
  }
  expect(await visitor.page(subnet)).toContain('10.2.0.10 – 10.2.0.12')
})

test('the API tells and does the same', async () => {
  const address = String(await office.boot(port, PHONE, '440HD'))
  const get = async (path: string) => (await visitor.get(`/api/v1/dhcp${path}`)).json()
  expect(await get('')).toMatchObject({
    mode: 'server',
    subnets: [{ name: 'voice headquarters', use: { leased: 1 } }, {}],
  })
  expect(await get('/leases?text=440')).toMatchObject({ total: 0 })
  expect(await get('/leases?pageSize=10')).toMatchObject({
    total: 1,
    rows: [{ state: 'leased', lease: { mac: PHONE } }],
  })
  expect(await get(`/leases/${address}`)).toMatchObject({ subnet: 'voice headquarters', inUse: true })
  expect(await get('/subnets/voice%20headquarters')).toMatchObject({ subnet: { voiceVlan: 100 } })
  const { classes } = (await get('/classes')) as { classes: { condition: string }[] }
  expect(classes[3]?.condition).toContain('the model begins with "C4"')
  for (const path of ['/leases?state=x', '/leases?page=0', '/leases/here', '/lease-file/exe']) {
    expect([path, (await visitor.get(`/api/v1/dhcp${path}`)).status]).toEqual([path, 400])
  }
  for (const path of ['/leases/10.9.9.9', '/subnets/x', '/servers/x']) {
    expect([path, (await visitor.get(`/api/v1/dhcp${path}`)).status]).toEqual([path, 404])
  }
  expect((await visitor.post(`/api/v1/dhcp/leases/${address}/release`, {})).status).toBe(403)
})

/** A form with a file, as a browser sends it: the token first. */
async function send(path: string, fields: Record<string, string>, text: string): Promise<Response> {
  const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(await visitor.page(path)) ?? []
  const data = new FormData()
  for (const [name, value] of Object.entries({ csrf, ...fields })) data.set(name, value)
  data.set('file', new File([text], 'leases'))
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return fetch(site.url + path, { method: 'POST', body: data, headers: { Origin: site.url, Cookie: cookie } })
}

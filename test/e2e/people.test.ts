// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { newPhone } from '#daemon/domain/phone'
import { put } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { launchChromium } from '#test/support/chromium'
import { BERLIN, MITTE, peopleWith } from '#test/support/people'
import { listen, type Site } from '#test/web/client'
import { MemoryPort, PASSWORD } from '#test/web/memory-port'

const GERMANY = { ...BERLIN, id: 'de', name: 'Germany', timeZone: 'Europe/Berlin', description: 'Headquarters' }
const TREE = [
  GERMANY,
  { ...BERLIN, parent: 'de', subnets: ['10.1.0.0/16', '10.2.0.0/16'] },
  MITTE,
  { ...BERLIN, id: 'mu', name: 'München', parent: 'de', subnets: ['10.3.0.0/16'] },
  { ...BERLIN, id: 'fr', name: 'France', timeZone: 'Europe/Paris' },
]
const ALL = { dryRun: false, createRegions: false }
const DESK = '00908f000001' as Mac

let browser: Browser
let house: Awaited<ReturnType<typeof peopleWith>>
let site: Site
let context: BrowserContext
let page: Page
let complaints: string[]

beforeAll(async () => {
  browser = await launchChromium()
}, 90_000)
afterAll(() => browser.close())

beforeEach(async () => {
  house = await peopleWith(TREE)
  const port = Object.assign(new MemoryPort(), { scopes: house.scopes, users: house.people, peopleFiles: house.files })
  const rows = ['Amira Haddad', 'Benedikt Vogel', 'Carla Esposito', 'Søren Kjær'].map((name, i) => {
    const login = name.split(' ')[0]?.toLowerCase()
    return `${login},${name},${['Germany/Berlin', 'Mitte', 'France', ''][i]},+49 30 55 50 ${i},00908f00000${i + 1},440HD`
  })
  const file = `Name,Display Name,Region,Phone Number,Device 1 MAC,Device 1 Model\n${rows.join('\n')}\n`
  await house.files.import(Buffer.from(file), { dryRun: false, createRegions: false }, 'test')
  const stored = house.store.get(phones, DESK)
  if (!stored) throw new Error('no phone')
  const working = { ...stored.value, status: 'registered', address: '10.1.2.3' } as const
  const stranger = { ...newPhone('00908f0000ff' as Mac, 1), address: '10.3.2.1', model: '450HD' }
  await house.store.commit([put(phones, DESK, working), put(phones, stranger.mac, stranger)], { durable: true })
  for (const { value } of house.store.entries(phones)) port.fleet.put(value)
  site = await listen(port)
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: site.url })
  page = await context.newPage()
  page.setDefaultTimeout(10_000)
  complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => void complaints.push(dialog.message()))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 422/.test(message.text())) complaints.push(message.text())
  })
  await page.goto('/sign-in')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/')
})
afterEach(async () => {
  await context.close()
  await site.close()
  expect(site.faults).toEqual([])
  expect(complaints).toEqual([])
})

async function csv(text: string): Promise<void> {
  await page.goto('/users/import')
  const file = { name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(text) }
  await page.getByLabel('CSV file').setInputFiles(file)
  await page.getByRole('button', { name: 'Check the file' }).click()
}

test('an admin adds a user with a phone, finds it by MAC, and removes it', async () => {
  await page.goto('/users')
  await page.getByRole('link', { name: 'Add user' }).click()
  await page.getByLabel('Login name').fill('Dmitri')
  await page.getByLabel('Display name').fill('Dmitri <Sokolov>')
  await page.getByLabel('Region or site').selectOption({ label: 'Germany / Berlin / Mitte' })
  await page.getByLabel('Line URI').fill('nonsense')
  await page.getByLabel('SIP password').fill('s3cret')
  await page.getByRole('button', { name: 'Add user' }).click()
  await page.getByText('One thing needs a look.').waitFor()
  expect(await page.getByLabel('SIP password').inputValue()).toBe('')
  await page.getByLabel('Line URI').fill('sip:dmitri@example.net')
  await page.getByLabel('SIP password').fill('s3cret')
  await page.getByRole('button', { name: 'Add user' }).click()
  await page.getByRole('heading', { name: 'Dmitri <Sokolov>' }).waitFor()
  await page.getByRole('link', { name: 'Add device' }).click()
  await page.getByLabel('MAC address').fill('00:90:8f:00:00:01')
  await page.getByRole('button', { name: 'Add device' }).click()
  await page.getByText('00:90:8f:00:00:01 belongs to Dmitri <Sokolov> now.').waitFor()
  expect(house.store.get(phones, DESK)?.value).toMatchObject({ owner: 'dmitri', ownerFrom: 'admin' })
  await page.goto('/users')
  await page.getByLabel('Name, number, line URI or MAC').fill('00908f000001')
  await page.getByText('1 user', { exact: true }).waitFor()
  const row = page.getByRole('row', { name: /dmitri/ })
  expect(await row.getByRole('cell').allTextContents()).toEqual(
    expect.arrayContaining(['Dmitri <Sokolov>', '1', 'Germany / Berlin / Mitte', 'sip:dmitri@example.net']),
  )
  await row.getByRole('link', { name: 'Remove' }).click()
  await page.getByRole('listitem').filter({ hasText: '00:90:8f:00:00:01, 440HD' }).waitFor()
  await page.getByRole('button', { name: 'Remove user' }).click()
  await page.getByText('Removed Dmitri <Sokolov>.').waitFor()
  expect(house.people.get('dmitri')).toBeUndefined()
})

test('passwords are exported to who gives the own password again, and to nobody else', async () => {
  await house.files.import(Buffer.from('Name,Password\ncarla,=s3cret "x"\n'), ALL, 'test')
  await page.goto('/users')
  await page.getByRole('link', { name: 'Export with passwords' }).click()
  await page.getByLabel('Your own password').fill('wrong')
  await page.getByRole('button', { name: 'Export' }).click()
  await page.getByText('This is not your current password.').first().waitFor()
  await page.getByLabel('Your own password').fill(PASSWORD)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click(),
  ])
  const text = await readFile(await download.path(), 'utf8')
  expect(text).toContain('carla,"=s3cret ""x""",Carla Esposito,')
  const again = await house.files.import(Buffer.from(text), { ...ALL, dryRun: true }, 'test')
  expect(again).toMatchObject({ rejected: [], users: { added: 0, changed: 0, unchanged: 4 } })
})

test('regions are added, moved and removed, and what that touches is said before', async () => {
  await page.goto('/scopes')
  await page.getByRole('link', { name: 'Add below France' }).click()
  await page.getByLabel('Name').fill('Paris')
  await page.getByLabel('Subnets').fill('10.4.0.0/16\n10.1.9.0/24')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('shares addresses with 10.1.0.0/16 of Germany/Berlin').first().waitFor()
  await page.getByLabel('Subnets').fill('10.4.0.0/16')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('Added Paris.').waitFor()
  await page.getByRole('link', { name: 'Berlin', exact: true }).click()
  await page.getByLabel('Lies in').selectOption({ label: 'France' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved Berlin.').waitFor()
  expect(house.scopes.tree().pathText('m')).toBe('France/Berlin/Mitte')
  await page.getByRole('link', { name: 'Remove Berlin' }).click()
  for (const text of [
    'The site France / Berlin / Mitte goes with it',
    '2 users move to France',
    '2 phones are here now',
  ]) {
    await page.getByRole('listitem').filter({ hasText: text }).waitFor()
  }
  await page.getByRole('button', { name: 'Remove region' }).click()
  await page.getByText('Removed Berlin.').waitFor()
  expect(house.people.list({ text: '', region: 'fr', page: 1, pageSize: 9 }).total).toBe(3)
})

test('a file is tried, taken, and says what it left out; taking it twice changes nothing', async () => {
  const text = 'Name,Region,Device 1 MAC\nelif,Berlin,00908f000009\nfarid,Atlantis,\ngrace <b>,,\n'
  await csv(text)
  await page.getByText('Nothing is changed yet.').waitFor()
  await page.getByRole('cell', { name: 'there is no region “Atlantis”' }).waitFor()
  expect(house.people.get('elif')).toBeUndefined()
  await page.getByRole('button', { name: 'Import the other rows' }).click()
  await page.getByText('Imported. The phones are approved').waitFor()
  expect(house.people.get('elif')).toMatchObject({ devices: 1 })
  await csv(text.replace('grace <b>,,\n', ''))
  await page.getByText('There is nothing to import').waitFor()
})

test('the page of a phone says whose it is and where, and why; both can be changed', async () => {
  await page.goto(`/devices/${DESK}`)
  const card = page.getByRole('region', { name: 'User and place' })
  expect(await card.textContent()).toMatch(/Belongs to\s*Amira Haddad.*Germany \/ Berlin\s*\(the region of its user\)/s)
  await page.goto('/devices/00908f0000ff')
  expect(await card.textContent()).toMatch(/Nobody.*Germany \/ München\s*\(the subnet of 10\.3\.2\.1\)/s)
  await card.getByRole('link', { name: 'Change' }).click()
  await page.getByRole('textbox', { name: 'User' }).fill('nobody')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('There is no user of this name.').first().waitFor()
  await page.getByRole('textbox', { name: 'User' }).fill('Carla')
  await page.getByLabel('Region or site').selectOption({ label: 'France' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  expect(house.store.get(phones, '00908f0000ff')?.value).toMatchObject({
    owner: 'carla',
    scope: 'fr',
    approval: 'approved',
  })
})

const PAGES = [
  ...[
    '/users',
    '/users/add',
    '/users/of/amira',
    '/users/of/amira/remove',
    '/users/of/amira/devices/add',
    '/users/import',
  ],
  ...['/users?text=nobody', '/scopes', '/scopes/add?in=de', '/scopes/of/b', '/scopes/of/b/remove', `/devices/${DESK}`],
  ...[`/devices/${DESK}/owner`],
]
test.each(['light', 'dark'] as const)(
  'no page has an accessibility issue that matters, in %s',
  async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    for (const path of PAGES) {
      await page.goto(path)
      const { violations } = await new AxeBuilder({ page }).analyze()
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(grave.map(({ id, nodes }) => [path, id, nodes[0]?.html])).toEqual([])
    }
  },
  60_000,
)

test('no page is wider than a narrow phone', async () => {
  await page.setViewportSize({ width: 360, height: 740 })
  for (const path of PAGES) {
    await page.goto(path)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    expect([path, wide]).toEqual([path, 360])
  }
}, 30_000)

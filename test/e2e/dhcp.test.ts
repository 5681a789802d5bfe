// SPDX-License-Identifier: Apache-2.0
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { launchChromium } from '#test/support/chromium'
import { listen, type Site } from '#test/web/client'
import { DhcpOffice, HOSTILE } from '#test/web/dhcp-office'
import { MemoryPort, PASSWORD } from '#test/web/memory-port'

const PHONE = '00908f000001'
let browser: Browser
let port: MemoryPort
let office: DhcpOffice
let site: Site
let complaints: string[]

beforeAll(async () => {
  browser = await launchChromium()
}, 90_000)
afterAll(() => browser.close())

beforeEach(async () => {
  port = new MemoryPort()
  office = await DhcpOffice.open(port)
  await office.boot(port, PHONE, '440HD')
  await office.boot(port, '020000000001', HOSTILE, '10.2.0.1')
  site = await listen(port)
  complaints = []
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
  expect(complaints).toEqual([])
})

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: site.url, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => void dialog.dismiss().then(() => complaints.push(dialog.message())))
  await page.goto('/sign-in')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/')
  return page
}

const PATHS = [
  ...['/dhcp', '/dhcp/leases', '/dhcp/leases?text=zzz', '/dhcp/leases/export', '/dhcp/leases/import'],
  ...['/dhcp/leases/10.1.1.10/release', '/dhcp/classes', '/dhcp/explain', '/dhcp/explain?mac=me', '/dhcp/test'],
  ...['/dhcp/servers', '/dhcp/subnet?name=voice+headquarters', `/dhcp/explain/${PHONE}`, '/dhcp/explain/020000000001'],
]

test.each([
  ['light', 1280],
  ['light', 360],
  ['dark', 1280],
] as const)(
  'DHCP pages in %s at %i pixels can be used by everybody',
  async (colorScheme, width) => {
    const page = await open({ colorScheme, viewport: { width, height: 800 } })
    for (const path of PATHS) {
      await page.goto(path)
      const axe = new AxeBuilder({ page })
      const { violations } = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze()
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect({ path, grave: grave.map(({ id, nodes }) => [id, nodes[0]?.html]) }).toEqual({ path, grave: [] })
      const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
      expect({ path, width: wide }).toEqual({ path, width: seen })
    }
    await page.context().close()
  },
  60_000,
)

test('an admin finds out why a phone got what it got, and tries a change of it', async () => {
  const page = await open()
  await page.getByRole('link', { name: 'DHCP' }).click()
  await page.getByRole('link', { name: 'Leases', exact: true }).click()
  await page.getByLabel('Find by MAC').fill('000001')
  await page.getByRole('link', { name: '00:90:8f:00:00:01' }).click()
  await page.getByText('It got 10.1.1.10 for 86400 seconds.').first().waitFor()
  await page.getByRole('link', { name: 'Try it in the tester' }).click()
  await page.getByLabel('Relay address').fill('10.1.0.1')
  await page.getByLabel('Option 60').fill('C450HD')
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.getByText('It would get').first().waitFor()
  await page.getByRole('cell', { name: 'meeting rooms', exact: true }).waitFor()
  await page.context().close()
})

test('without scripts, a lease is released by keyboard alone', async () => {
  const page = await open({ javaScriptEnabled: false })
  await page.goto('/dhcp/leases?text=10.1.1.10')
  await page.getByRole('link', { name: 'Release 10.1.1.10' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Release the lease' }).focus()
  await page.keyboard.press('Enter')
  await page.getByText('Released 10.1.1.10.').waitFor()
  await page.context().close()
})

test('the text for another server is copied, and the overview keeps itself up to date', async () => {
  const page = await open({ permissions: ['clipboard-read', 'clipboard-write'] })
  await page.goto('/dhcp/servers?for=dnsmasq')
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  expect(copied).toBe(office.desk.exportFor('dnsmasq'))
  await page.goto('/dhcp')
  await page.locator('.use-text', { hasText: '1 of 149' }).waitFor()
  await office.boot(port, '00908f000002', '440HD')
  await page.locator('.use-text', { hasText: '2 of 149' }).waitFor({ timeout: 15_000 })
  await page.context().close()
}, 30_000)

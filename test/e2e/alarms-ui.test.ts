// SPDX-License-Identifier: Apache-2.0
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from '#test/support/chromium'
import { listen, type Site } from '#test/web/client'
import { type MemoryPort, mac, PASSWORD } from '#test/web/memory-port'
import { furnish } from '#test/web/office'
import { furnishAlarms, SITE_ALARM, UNREGISTERED_ALARM } from '#test/web/office-alarms'
import { portWithLogs } from '#test/web/phone-logs-port'

const SOON = { timeout: 10_000 }
const href = (id: string) => `/alarms/${encodeURIComponent(id)}`
const LOGGING = mac('00908f123456')
const log = `/devices/${LOGGING}/log`
const unfolded = `/alarms?${new URLSearchParams({ unfold: SITE_ALARM })}`
const PATHS = [
  ...[unfolded, '/alarms?text=zzz', href(UNREGISTERED_ALARM), `${href(SITE_ALARM)}/clear`, '/alarms/history'],
  ...['/alarms/maintenance', '/alarms/maintenance/new', '/forwarding', '/forwarding/new', '/forwarding/new?kind=snmp'],
  ...['/forwarding/d2', '/forwarding/d1/edit'],
  ...[log, `${log}?text=zzz`, `${log}/collect`, `${log}/end`],
]

let browser: Browser
let port: MemoryPort
let site: Site
let context: BrowserContext
let page: Page
let complaints: string[]

beforeAll(async () => {
  browser = await launchChromium()
}, 90_000)
afterAll(() => browser?.close())

beforeEach(async () => {
  const withLogs = await portWithLogs(LOGGING)
  await withLogs.say(...Array.from({ length: 120 }, (_, n) => `<${n % 9}>sip[${n}]: line ${n} ${'long'.repeat(n)}`))
  await withLogs.phoneLogs.collect(LOGGING, 30, 'olga')
  port = withLogs
  furnish(port, 12)
  furnishAlarms(port, 3)
  site = await listen(port)
})
afterEach(async () => {
  await context?.close()
  await site.close()
  expect(site.faults).toEqual([])
  expect(complaints).toEqual([])
})

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: site.url, ...options })
  page = await context.newPage()
  page.setDefaultTimeout(10_000)
  complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto('/sign-in')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/')
}

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test.each([360, 1280])(
    'at %i pixels no page has a serious fault for assistive technology, or scrolls sideways',
    async (width) => {
      await open({ colorScheme, viewport: { width, height: 800 } })
      for (const path of PATHS) {
        await page.goto(path)
        const axe = new AxeBuilder({ page })
        // What is not about colour has been looked at in the light.
        const { violations } = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze()
        const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        expect({ path, grave: grave.map(({ id, nodes }) => [id, nodes[0]?.html]) }).toEqual({ path, grave: [] })
        const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
        expect({ path, width: wide }).toEqual({ path, width: seen })
      }
    },
    120_000,
  )
})

test.each([768, 1024, 2560])(
  'at %i pixels nothing scrolls sideways, neither a page nor a table in it',
  async (width) => {
    await open({ viewport: { width, height: 800 } })
    for (const path of PATHS) {
      await page.goto(path)
      const wide = await page.evaluate(() => {
        const tables = [...document.querySelectorAll('.table-card')].map((card) => card.scrollWidth - card.clientWidth)
        return { page: document.documentElement.scrollWidth, tables: Math.max(0, ...tables) }
      })
      expect({ path, ...wide }).toEqual({ path, page: width, tables: 0 })
    }
  },
  60_000,
)

test('the list follows what happens, and keeps focus, filter and what is unfolded', async () => {
  await open()
  await page.goto(`${unfolded}&severity=critical`)
  await page.locator('#live-sign[data-state=on]').waitFor()
  await page.evaluate(() => Object.assign(window, { same: true }))
  expect(await page.getByText('PHONE DISCONNECTED').count()).toBe(3)
  const fold = page.getByRole('link', { name: 'Hide its parts' })
  await fold.focus()
  await port.alarmDesk.acknowledge(SITE_ALARM, 'olga', 'Switch is on its way')
  await page.getByText('“Switch is on its way”').waitFor(SOON)
  expect(await page.getByText('PHONE DISCONNECTED').count()).toBe(3)
  expect(await fold.evaluate((link) => link === document.activeElement)).toBe(true)
  await port.alarmDesk.clear(UNREGISTERED_ALARM, 'phone')
  await page.locator('.found', { hasText: /^1 alarm$/ }).waitFor(SOON)
  await fold.click()
  await page.getByRole('link', { name: 'Show its parts' }).waitFor()
  expect(await page.getByText('PHONE DISCONNECTED').count()).toBe(0)
}, 60_000)

test('a list that refreshes by itself does not keep its session alive', async () => {
  await open()
  await page.goto('/alarms')
  await page.locator('#live-sign[data-state=on]').waitFor()
  port.clock += 20 * 60_000
  await port.alarmDesk.acknowledge(SITE_ALARM, 'olga', 'on it')
  await page.getByText('“on it”').waitFor(SOON)
  port.clock += 15 * 60_000
  complaints.length = 0
  await page.goto('/alarms')
  await page.getByText('Your session has ended').waitFor()
}, 60_000)

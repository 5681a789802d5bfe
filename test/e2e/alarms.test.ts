// SPDX-License-Identifier: Apache-2.0
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { firstSignIn } from '#test/support/browser'
import { launchChromium } from '#test/support/chromium'
import { type Daemon, DaemonHome } from '#test/support/daemon'
import { PhoneAlerts } from '#test/support/phone-alerts'
import { startSnmptrapd } from '#test/support/snmptrapd'

/*
 *   a phone ── REST ──► built daemon ◄── Chromium (an admin)
 *                            └── SNMP informs ──► Debian's snmptrapd
 */

const PASSWORD = 'nine quiet ferries'
const MAC = '00908f123456'
const NAME = 'REGISTRATION FAILURE'
/** How long a page may take to show what a phone has told. */
const SOON = { timeout: 10_000 }

let browser: Browser
let home: DaemonHome
let daemon: Daemon
let phones: PhoneAlerts
let page: Page
/** What the browser found wrong: scripts that failed, resources that the policy blocked. */
let complaints: string[]

beforeAll(async () => {
  browser = await launchChromium()
}, 90_000)
afterAll(() => browser?.close())

beforeEach(async () => {
  home = await DaemonHome.make()
  daemon = await home.start()
  phones = new PhoneAlerts(daemon.endpoint('http'))
  await phones.appear(MAC)
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, baseURL: daemon.url })
  page = await context.newPage()
  page.setDefaultTimeout(15_000)
  complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 422/.test(message.text())) complaints.push(message.text())
  })
  await firstSignIn(page, '/', await daemon.oneTimePassword(), PASSWORD)
}, 60_000)
afterEach(async () => {
  await page?.context().close()
  await home?.close()
  expect(complaints).toEqual([])
})

async function goLive(path: string): Promise<void> {
  await page.goto(path)
  await page.locator('#live-sign[data-state=on]').waitFor()
  await page.evaluate(() => Object.assign(window, { same: true }))
}

/** It was not loaded again. */
const isSame = () => page.evaluate(() => 'same' in window)

describe('an alarm that a phone sends', () => {
  test('appears live, is acknowledged and commented on, and goes live when the phone clears it', async () => {
    await goLive('/alarms')
    await page.getByText('All quiet').waitFor()
    await phones.alarm(MAC, `IPPHONE ${NAME}`, 5)
    const row = page.getByRole('row', { name: NAME })
    await row.waitFor(SOON)
    await page.locator('#menu-alarms .menu-count', { hasText: /^1$/ }).waitFor(SOON)
    expect(await isSame()).toBe(true)
    expect(await row.textContent()).toContain('Critical')
    expect(await row.textContent()).toContain('it cannot sign in')

    await row.getByRole('button', { name: /^Acknowledge/ }).click()
    await page.getByRole('status').getByText('Acknowledged.').waitFor()
    await row.getByText('Acknowledged by admin').waitFor()
    expect(await page.locator('#menu-alarms .menu-count').count()).toBe(0)

    await row.getByRole('link', { name: NAME }).click()
    await page.getByRole('heading', { name: NAME }).waitFor()
    await page.getByRole('textbox', { name: 'Comment' }).fill('The cable, I think')
    await page.getByRole('button', { name: 'Add comment' }).click()
    await page.getByText('The cable, I think').waitFor()

    await page.locator('#live-sign[data-state=on]').waitFor()
    await page.evaluate(() => Object.assign(window, { same: true }))
    await page.getByRole('textbox', { name: 'Comment' }).fill('Half a sent')
    await phones.alarm(MAC, `IPPHONE ${NAME}`, 0)
    await page.locator('.verdict-headline', { hasText: /^Cleared by/ }).waitFor(SOON)
    expect(await isSame()).toBe(true)
    expect(await page.getByRole('textbox', { name: 'Comment' }).inputValue()).toBe('Half a sent')
    await page.getByRole('button', { name: 'Add comment' }).click()
    await page.getByText('Nothing was changed: the alarm is no longer active.').waitFor()

    await page.goto('/alarms/history')
    const history = await page.locator('main').textContent()
    for (const word of ['Raised', 'Acknowledged', 'Commented', 'Cleared']) expect(history).toContain(word)
  }, 60_000)

  test('stands on the page of its phone and on the dashboard, and is cleared by hand', async () => {
    await page.goto(`/devices/${MAC}`)
    await page.getByText('No alarm of this phone is active.').waitFor()
    await phones.alarm(MAC, `IPPHONE ${NAME}`, 5)
    await page.locator('#device-alarms').getByRole('link', { name: NAME }).waitFor(SOON)
    await goLive('/')
    await page.locator('#alarms-critical', { hasText: 'Critical 1' }).click()
    await page.getByRole('row', { name: NAME }).getByRole('link', { name: NAME }).click()
    await page.getByRole('link', { name: 'Clear …' }).click()
    await page.getByRole('button', { name: 'Clear alarm' }).click()
    await page.getByText(`“${NAME}” was cleared.`).waitFor()
    await page.getByText('All quiet').waitFor()
  }, 60_000)

  test('is found by a search while typing, and everything works without scripts', async () => {
    await phones.alarm(MAC, `IPPHONE ${NAME}`, 5)
    await phones.alarm(MAC, 'IPPHONE REQUIRES RESET', 2)
    await goLive('/alarms')
    await page.getByRole('searchbox').pressSequentially('requires')
    await page.locator('.found', { hasText: /^1 alarm$/ }).waitFor(SOON)
    await page.waitForURL('**/alarms?text=requires*')
    const state = await page.context().storageState()
    const context = await browser.newContext({ javaScriptEnabled: false, baseURL: daemon.url, storageState: state })
    const plain = await context.newPage()
    await plain.goto('/alarms')
    await plain.getByRole('link', { name: /^Critical 1/ }).click()
    await plain.getByRole('link', { name: NAME }).click()
    await plain.getByRole('textbox', { name: 'Note' }).fill('Tom looks after it')
    await plain.getByRole('button', { name: 'Acknowledge', exact: true }).click()
    await plain.getByText('“Tom looks after it”').first().waitFor()
    await context.close()
  }, 60_000)
})

test('a destination is made in the browser, tested against snmptrapd, and tells of a failure in words', async () => {
  const community = 'a-community-nobody-may-see'
  const receiver = await startSnmptrapd({ communities: [community] })
  try {
    await page.goto('/forwarding')
    await page.getByRole('link', { name: 'New destination' }).first().click()
    await page.getByRole('link', { name: 'SNMP', exact: true }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Operations centre')
    await page.getByLabel(/^Host/).fill('127.0.0.1')
    await page.getByLabel(/^UDP port/).fill(String(receiver.port))
    await page.getByLabel(/^Community/).fill(community)
    expect(await page.getByLabel(/^Authentication key/).isVisible()).toBe(false)
    await page.getByLabel('Version', { exact: true }).selectOption('3')
    expect(await page.getByLabel(/^Authentication key/).isVisible()).toBe(true)
    expect(await page.getByLabel(/^Community/).isVisible()).toBe(false)
    await page.getByLabel('Version', { exact: true }).selectOption('2c')
    await page.getByRole('button', { name: 'Save destination' }).click()
    await page.getByRole('heading', { name: 'Operations centre' }).waitFor()
    expect(await page.content()).not.toContain(community)

    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.locator('#test').getByText('It worked').waitFor(SOON)
    await receiver.received(1)

    const before = receiver.count()
    await phones.alarm(MAC, `IPPHONE ${NAME}`, 5)
    await receiver.received(before + 1)
    await page.locator('dl').getByText('just now').first().waitFor(SOON)

    await receiver.close()
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.locator('#test').getByText('It failed').waitFor({ timeout: 30_000 })
    expect(await page.content()).not.toContain(community)
    const download = page.waitForEvent('download')
    await page.goto('/forwarding')
    await page.getByRole('link', { name: 'Download the MIB' }).click()
    expect((await download).suggestedFilename()).toMatch(/MIB/)
  } finally {
    await receiver.close()
  }
}, 90_000)

// SPDX-License-Identifier: Apache-2.0
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstSignIn } from '#test/support/browser'
import { launchChromium } from '#test/support/chromium'
import { type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'

const MAC = '00908f000001'
const SOON = { timeout: 15_000 }

let browser: Browser
let home: DaemonHome
let daemon: Daemon
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  browser = await launchChromium()
  home = await DaemonHome.make({ ...LOOPBACK, fleet: { zeroTouch: false } })
  daemon = await home.start()
  page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(15_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await firstSignIn(page, daemon.url, await daemon.oneTimePassword(), 'correct horse battery')
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await home?.close()
})

async function reports(mac: string, status: string): Promise<unknown> {
  const { address, port } = daemon.endpoint('http')
  const body = JSON.stringify({ mac, ip: '127.0.0.1', model: '440HD', fwVersion: '2.2.16', status })
  const url = `http://${address}:${port}/rest/v1/ipphoneMgrStatus/keep-alive`
  return (await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(10_000) })).json()
}

/** No page has a serious fault for assistive technology, or scrolls sideways, on a phone's width in the dark too. */
async function isFit(path: string): Promise<void> {
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 360],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 800 })
    await page.goto(`${daemon.url}${path}`)
    const axe = new AxeBuilder({ page })
    // What is not about colour has been looked at in the light.
    const { violations } = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze()
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect({ path, width, grave: grave.map(({ id, nodes }) => [id, nodes[0]?.html]) }).toEqual({
      path,
      width,
      grave: [],
    })
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
    expect({ path, width: wide }).toEqual({ path, width: seen })
  }
  await page.setViewportSize({ width: 1280, height: 800 })
}

test('a phone is let in with its user, restarts, and is seen to; then all are told by a job', async () => {
  await reports(MAC, 'unregistered')
  await isFit('approvals')
  await page.getByRole('link', { name: /^Let in with a user/ }).click()
  await page.getByLabel('User name').fill('anna')
  await page.getByLabel('Display name').fill('Anna Arnold')
  await page.getByLabel('SIP password').fill('s3cret')
  await page.getByRole('button', { name: 'Let it in' }).click()
  await page.getByText('The phone is let in.').waitFor()
  const commands = page.getByRole('region', { name: 'Commands' })
  await commands.getByText('Waiting').waitFor(SOON)

  await page
    .locator('#live-sign[data-state=on]')
    .waitFor()
    .catch(() => undefined)
  expect(await reports(MAC, 'registered')).toEqual({ requests: ['{"cmd":"reset"}'] })
  await commands.getByText('Told', { exact: true }).waitFor(SOON)
  await reports(MAC, 'started')
  await commands.getByText('Done', { exact: true }).waitFor(SOON)
  await isFit(`devices/${MAC}`)
  await isFit(`devices/${MAC}/approve`)
  await isFit(`devices/${MAC}/commands/message`)

  await page.goto(`${daemon.url}devices`)
  await page.getByRole('link', { name: 'Tell these 1 phones to do something' }).click()
  await isFit('jobs/new')
  await page.getByRole('button', { name: 'See what it does' }).click()
  await page.getByRole('heading', { name: 'Restart on 1 phone?' }).waitFor()
  await page.getByRole('button', { name: 'Begin' }).click()
  await page.getByText('The job has begun.').waitFor()
  const url = page.url()
  await page.getByText('0 done, 1 to go').waitFor(SOON)
  for (let tries = 0; tries < 100; tries++) {
    const { requests } = (await reports(MAC, 'registered')) as { requests: readonly string[] }
    if (requests.length > 0) break
  }
  await reports(MAC, 'started')
  await page.getByText('1 done').waitFor(SOON)
  await isFit(url.slice(daemon.url.length))
  await isFit('jobs')
  expect(complaints).toEqual([])
}, 120_000)

// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstSignIn } from '#test/support/browser'
import { launchChromium } from '#test/support/chromium'
import { type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'

/*
 *   Chromium ──HTTP──► the built daemon, with one phone, one user and one region
 *   every page that the menu leads to, and those beside it that no other test looks at
 */

const PASSWORD = 'four short words here'
const MAC = '00908f000001'
/** The others have tests of their own, each of which looks at its pages. */
const BESIDE = [
  ...['/settings/system', '/placeholders?state=unset', '/changes/1', '/changes?text=zzz', '/directory/phones'],
  `/devices/${MAC}/configuration`,
]
/** Long lists, narrowed: axe takes long for hundreds of rows that are all alike. */
const SHORTER: Readonly<Record<string, string>> = {
  '/messages': '/messages?text=backup',
  '/parameters': '/parameters?text=call_progress',
}

let home: DaemonHome
let daemon: Daemon
let browser: Browser
let page: Page

beforeAll(async () => {
  home = await DaemonHome.make(LOOPBACK)
  daemon = await home.start()
  const { address, port } = daemon.endpoint('http')
  const body = JSON.stringify({
    mac: MAC,
    ip: '127.0.0.1',
    model: '440HD',
    fwVersion: '2.2.16.1',
    status: 'registered',
  })
  await fetch(`http://${address}:${port}/rest/v1/ipphoneMgrStatus/keep-alive`, {
    ...{ method: 'POST', body, signal: AbortSignal.timeout(10_000) },
  })
  browser = await launchChromium()
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  page = await context.newPage()
  page.setDefaultTimeout(15_000)
  await firstSignIn(page, daemon.url, await daemon.oneTimePassword(), PASSWORD)
  await add('/scopes/add', 'Berlin')
  await add('/users/add', 'anna')
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await home?.close()
})

async function add(path: string, name: string): Promise<void> {
  await page.goto(new URL(path, daemon.url).href)
  await page.locator('#f-name').fill(name)
  await page.locator('#f-name').press('Enter')
  await page.waitForURL(({ pathname }) => pathname !== path)
}

/** Where the menu leads: a page that is new is looked at without anybody thinking of it here. */
async function menu(): Promise<string[]> {
  const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link')
  const paths = await links.evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
  return [...new Set(paths)].filter((path) => path.startsWith('/')).map((path) => SHORTER[path] ?? path)
}

test.each([
  ['light', 1280],
  ['dark', 390],
] as const)(
  'in %s colours at %i pixels no page has a serious fault, or scrolls sideways',
  async (colors, width) => {
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(daemon.url)
    const paths = await menu()
    expect(paths.length).toBeGreaterThanOrEqual(20)
    await page.emulateMedia({ colorScheme: colors })
    await page.setViewportSize({ width, height: 800 })
    const found: object[] = []
    for (const path of [...paths, ...BESIDE]) {
      const answer = await page.goto(new URL(path, daemon.url).href)
      const axe = new AxeBuilder({ page })
      // What is not about colour has been looked at in the light.
      const { violations } = await (colors === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze()
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
      const status = answer?.status()
      const faults = grave.map(({ id, nodes }) => [id, nodes[0]?.html])
      if (status !== 200 || wide !== seen || faults.length > 0) found.push({ path, status, wide, faults })
      const { OFFHOOK_SCREENSHOTS: folder } = process.env
      const name = `${path.replaceAll(/[^a-z]+/g, '-').slice(0, 40)}-${width}-${colors}.png`
      if (folder) await page.screenshot({ path: join(folder, name), fullPage: true })
    }
    // All at once: who mends them sees the whole list.
    expect(found).toEqual([])
  },
  180_000,
)

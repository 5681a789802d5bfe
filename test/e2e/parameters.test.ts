// SPDX-License-Identifier: Apache-2.0
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Parameters } from '#daemon/services/parameters'
import { CATALOGUE } from '#test/support/catalogue'
import { launchChromium } from '#test/support/chromium'
import { listen } from '#test/web/client'
import { MemoryPort, PASSWORD } from '#test/web/memory-port'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
}, 90_000)
afterAll(() => browser.close())

const LOOKS = [
  [390, 'light'],
  [1440, 'dark'],
] as const

test.each(LOOKS)(
  'at %i pixels, %s: a key is found while typing, a pasted file is checked, and nothing is in the way of anybody',
  async (width, colorScheme) => {
    const site = await listen(Object.assign(new MemoryPort(), { parameters: new Parameters(CATALOGUE) }))
    onTestFinished(() => site.close())
    const context = await browser.newContext({ baseURL: site.url, colorScheme, viewport: { width, height: 800 } })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(10_000)
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
    const sound = async () => {
      const { violations } = await new AxeBuilder({ page }).analyze()
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(serious.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
    }
    await page.goto('/sign-in')
    await page.getByLabel('Name').fill('admin')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Dashboard' }).waitFor()

    await page.goto('/parameters?text=call_progress')
    await sound()
    await page.getByLabel('Part of a key').fill('ldap server')
    await page.getByText('system/ldap/server_address').waitFor()
    await sound()

    await page.getByRole('link', { name: 'Check a file' }).click()
    await page.getByLabel('Model').fill('440HD')
    await page.getByLabel('The file').fill(`system/type=450HD\nprovisioning/metod=Static\n${'x'.repeat(300)}=1`)
    await page.getByRole('button', { name: 'Check it' }).click()
    await page.getByText('1 error, 2 warnings, 1 hint.').waitFor()
    await page.getByText('Did you mean provisioning/method?').waitFor()
    await sound()
    expect(complaints).toEqual([])
  },
  60_000,
)

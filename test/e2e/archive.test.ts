// SPDX-License-Identifier: Apache-2.0
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { templates } from '#daemon/store/tables'
import { archiveHouse } from '#test/services/archive/house'
import { file, incumbentExport } from '#test/services/archive/incumbent'
import { launchChromium } from '#test/support/chromium'
import { listen } from '#test/web/client'
import { MemoryPort, PASSWORD } from '#test/web/memory-port'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
}, 90_000)
afterAll(() => browser.close())

async function signedIn(width: number, colorScheme: 'light' | 'dark') {
  const { archive, store } = await archiveHouse()
  const site = await listen(Object.assign(new MemoryPort(), { archive }))
  const context = await browser.newContext({ viewport: { width, height: 900 }, baseURL: site.url, colorScheme })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  onTestFinished(async () => {
    await context.close()
    await site.close()
    expect(site.faults).toEqual([])
  })
  await page.goto('/sign-in')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL('**/')
  const accessible = async () => {
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
  }
  return { page, store, accessible }
}

for (const [width, scheme] of [
  [1440, 'light'],
  [390, 'dark'],
] as const) {
  test(`an admin looks what another manager's export would do, and imports it (${width} px, ${scheme})`, async () => {
    const { page, store, accessible } = await signedIn(width, scheme)
    await page.goto('/archive')
    await accessible()
    const theirs = 'system/type=420HD\nvoip/line/0/id=anna\nlost/setting=<script>alert(1)</script>\n'
    const buffer = Buffer.from(await incumbentExport([file('configfiles/00908f123456.cfg', theirs)]))
    await page.getByLabel('ZIP file').setInputFiles({ name: 'export.zip', mimeType: 'application/zip', buffer })
    await page.getByRole('button', { name: 'Look what would happen' }).click()
    await page.getByText('Nothing is changed yet. This is what would happen.').waitFor()
    await page.getByRole('cell', { name: 'lost/setting' }).waitFor()
    await accessible()
    expect(store.count(templates)).toBe(0)
    await page.getByRole('button', { name: 'Import all this' }).click()
    await page.getByText('Imported. Phones get their new files when they ask.').waitFor()
    expect(store.count(templates)).toBe(1)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.goto('/archive').then(() => page.getByRole('link', { name: 'Export all' }).click()),
    ])
    expect(download.suggestedFilename()).toBe('offhook-configuration.zip')
  })
}

test('a file that is no archive is refused beside the field, or with its reason', async () => {
  const { page } = await signedIn(1440, 'light')
  await page.goto('/archive')
  const empty = { name: 'a.zip', mimeType: 'application/zip', buffer: Buffer.alloc(0) }
  await page.getByLabel('ZIP file').setInputFiles(empty)
  await page.getByRole('button', { name: 'Look what would happen' }).click()
  await page.getByText('Choose a ZIP file that is not empty.').first().waitFor()
  await page.getByLabel('ZIP file').setInputFiles({ ...empty, buffer: Buffer.from('no zip') })
  await page.getByRole('button', { name: 'Look what would happen' }).click()
  await page.getByText('no ZIP archive, or is damaged').first().waitFor()
})

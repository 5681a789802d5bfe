// SPDX-License-Identifier: Apache-2.0
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ANNA, office } from '#test/services/provisioning/office'
import { launchChromium } from '#test/support/chromium'
import { listen } from '#test/web/client'
import { MemoryPort, PASSWORD } from '#test/web/memory-port'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium([])
})
afterAll(() => browser.close())

async function open(colorScheme: 'light' | 'dark', width: number): Promise<{ page: Page; url: string }> {
  const house = await office(() => [{ line: 2, severity: 'warning', message: 'Look at this.' }])
  const { templates, levels, changes, scopes } = house
  await house.set('scope/de', { values: { MwiVmNumber: '2000' }, lines: 'a/b=1', features: { telnet: 'off' } })
  await house.set('scope/ber', { lines: 'a/b=2' })
  const site = await listen(Object.assign(new MemoryPort(), { templates, levels, changes, scopes }))
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  onTestFinished(async () => {
    await context.close()
    await site.close()
    expect(site.faults).toEqual([])
  })
  await page.goto(`${site.url}/sign-in`)
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor()
  return { page, url: site.url }
}

test.each([
  ['light', 1280],
  ['dark', 360],
] as const)(
  'in %s colours at %i pixels no page has a serious fault, or scrolls sideways',
  async (colours, width) => {
    const { page, url } = await open(colours, width)
    const paths = [
      ...['/templates', '/templates/new', '/templates/of/440hd-sip', `/templates/mapping?mac=${ANNA}`, '/settings'],
      ...['/settings/scope/ber', `/settings/device/${ANNA}`, '/settings/copy?from=scope%2Fde'],
    ]
    for (const path of paths) {
      await page.goto(url + path)
      const axe = new AxeBuilder({ page })
      // What is not about colour has been looked at in the light.
      const { violations } = await (colours === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze()
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect({ path, grave: grave.map(({ id, nodes }) => [id, nodes[0]?.html]) }).toEqual({ path, grave: [] })
      expect([path, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([path, width])
    }
  },
  90_000,
)

test('the editor counts lines while one types, leads to a finding, and saves what was looked at', async () => {
  const { page, url } = await open('light', 1280)
  await page.goto(`${url}/templates/of/440hd-sip`)
  const text = page.getByRole('textbox', { name: 'Shared part' })
  await text.fill(';#use audiocodes-sip/global\nvoip/auto_answer/enabled=1\n; end')
  expect(await page.locator('[data-editor] pre').first().textContent()).toBe('1\n2\n3')
  await page.locator('a[data-line="2"]').first().click()
  const chosen = await text.evaluate((area) => {
    const { value, selectionStart, selectionEnd } = area as HTMLTextAreaElement
    return value.slice(selectionStart, selectionEnd)
  })
  expect(chosen).toBe('voip/auto_answer/enabled=1')
  await page.getByRole('button', { name: 'Look at what changes' }).click()
  await page.getByRole('heading', { name: '1 phone will change' }).waitFor()
  await page.getByRole('button', { name: /^Save/ }).click()
  await page.getByText('Saved as change 1.').waitFor()
  expect(await page.getByRole('textbox', { name: 'Shared part' }).inputValue()).toContain('voip/auto_answer/enabled=1')
})

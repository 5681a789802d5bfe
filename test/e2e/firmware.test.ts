// SPDX-License-Identifier: Apache-2.0
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Mac } from '#protocols/lib/mac'
import { firmwareHouse, freshFolder, SITE } from '#test/services/firmware/house'
import { image } from '#test/services/firmware/image'
import { launchChromium } from '#test/support/chromium'
import { listen, type Site } from '#test/web/client'
import { MemoryPort, PASSWORD } from '#test/web/memory-port'

const MAC = '00908f123456' as Mac

let browser: Browser
let house: Awaited<ReturnType<typeof firmwareHouse>>
let site: Site
let context: BrowserContext
let page: Page
let complaints: string[]

beforeAll(async () => {
  browser = await launchChromium()
}, 90_000)
afterAll(() => browser.close())

beforeEach(async () => {
  house = await firmwareHouse()
  const port = Object.assign(new MemoryPort(), { firmware: house.desk, scopes: house.places })
  await house.addPhone(MAC, { firmware: '2.2.8.61', label: 'Reception', address: '127.0.0.9' })
  await house.addPhone('00908f000002' as Mac, { firmware: '2.2.16.704' })
  await house.addPhone('00908f000003' as Mac, { firmware: '' })
  await house.addPhone('00908f000004' as Mac, { model: 'C450HD', firmware: '3.4.6.604' })
  site = await listen(port)
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, baseURL: site.url })
  page = await context.newPage()
  page.setDefaultTimeout(10_000)
  complaints = []
  page.on('pageerror', (error) => complaints.push(error.message))
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

const part = (name: string, buffer: Buffer) => ({ name, mimeType: 'application/octet-stream', buffer })

test('an admin uploads an image, sees how far it is, chooses it, makes an exception, and takes it back', async () => {
  await page.goto('/firmware')
  await page.getByRole('link', { name: 'Upload image' }).first().click()
  await page.getByLabel('Description').fill('From the vendor, 9 October')
  const file = join(await freshFolder(), '440HD.img')
  await writeFile(file, image({ bytes: 8_000_000 }))
  await page.getByLabel('Firmware file').setInputFiles(file)
  const shown: string[] = []
  await page.exposeFunction('showed', (text: string) => shown.push(text))
  await page.evaluate(`new MutationObserver(() => {
    const box = document.querySelector('.upload-progress')
    if (box?.querySelector('progress')) window.showed(box.textContent)
  }).observe(document.body, { childList: true, subtree: true, characterData: true })`)
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.waitForURL('**/firmware/images/*')
  await page.getByRole('status').filter({ hasText: 'Added 2.2.16.704 for 440HD' }).waitFor()
  expect(shown.some((text) => /\d % sent|Sent\./.test(text))).toBe(true)

  await page.goto('/firmware/models/440HD')
  await page.getByLabel('Image', { exact: true }).selectOption({ index: 0 })
  await page.getByRole('button', { name: 'Choose' }).click()
  await page.getByRole('status').filter({ hasText: 'Everywhere: 2.2.16.704' }).waitFor()
  expect(house.desk.choices()).toMatchObject([{ where: 'system' }])

  await page.getByLabel('For', { exact: true }).selectOption('phone')
  await page.getByLabel('MAC address').fill('00:90:8F:12:34:56')
  await page.getByRole('button', { name: 'Choose' }).click()
  await page.getByRole('cell', { name: 'Phone 00:90:8f:12:34:56', exact: true }).waitFor()
  await page.getByLabel('For', { exact: true }).selectOption({ label: 'Germany / Berlin' })
  expect(await page.getByLabel('MAC address').isVisible()).toBe(false)
  await page.getByRole('button', { name: 'Choose' }).click()
  await page.getByRole('cell', { name: 'site Germany / Berlin', exact: true }).waitFor()
  expect(house.desk.choices().map(({ where }) => where)).toEqual(['system', MAC, SITE.id])

  await page.getByRole('link', { name: 'Take back Phone 00:90:8f:12:34:56' }).click()
  await page.getByRole('button', { name: 'Take it back' }).click()
  await page.getByRole('status').filter({ hasText: 'taken back' }).waitFor()
  expect(house.desk.choices()).toHaveLength(2)
}, 60_000)

test('a damaged file comes back with the reason; who insists keeps it, and its page says so', async () => {
  await page.goto('/firmware/upload')
  const damaged = part('440HD.img', image({ sum: 'wrong' }))
  await page.getByLabel('Firmware file').setInputFiles(damaged)
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByRole('alert').filter({ hasText: 'checksum' }).waitFor()
  expect(await readdir(house.folder)).toEqual([])
  await page.getByLabel('Keep it although it looks wrong').check()
  await page.getByLabel('Firmware file').setInputFiles(damaged)
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.waitForURL('**/firmware/images/*')
  await page.getByText('Kept although it looked wrong').waitFor()
}, 60_000)

test('without scripts the same form works', async () => {
  const plain = await browser.newContext({ baseURL: site.url, javaScriptEnabled: false })
  await plain.addCookies(await context.cookies())
  const old = await plain.newPage()
  await old.goto('/firmware/upload')
  await old.getByLabel('Firmware file').setInputFiles(part('440HD.img', image()))
  await old.getByRole('button', { name: 'Upload' }).click()
  await old.waitForURL('**/firmware/images/*')
  await old.getByRole('status').filter({ hasText: 'Added 2.2.16.704' }).waitFor()
  await plain.close()
}, 60_000)

test('an image is described, downloaded, and removed after a question; one in use is not', async () => {
  const { id } = await house.add(image())
  await house.desk.choose({ model: '440HD', where: 'system', image: id }, 'anna')
  await page.goto(`/firmware/images/${id}`)
  await page.getByRole('link', { name: 'Chosen for 440HD: Everywhere' }).waitFor()
  expect(await page.getByRole('link', { name: 'Remove' }).count()).toBe(0)
  await page.getByRole('textbox', { name: 'Description' }).fill('Tried in Berlin')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('status').filter({ hasText: 'Saved' }).waitFor()
  const downloading = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Download' }).click()
  expect((await downloading).suggestedFilename()).toBe('440HD_2.2.16.704.img')
  await house.desk.choose({ model: '440HD', where: 'system', image: '' }, 'anna')
  await page.reload()
  await page.getByRole('link', { name: 'Remove' }).click()
  await page.getByRole('button', { name: 'Remove image' }).click()
  await page.getByRole('status').filter({ hasText: 'Removed 2.2.16.704' }).waitFor()
  expect(await readdir(house.folder)).toEqual([])
}, 60_000)

test('every page is for everybody: no grave complaint, on a desk and on a phone, light and dark', async () => {
  const one = await house.add(image({ bytes: 900_000 }))
  await house.add(image({ version: 'UC_2.0.13.121', sum: 'wrong' }), 'x.img', { insist: true })
  await house.desk.choose({ model: '440HD', where: 'system', image: one.id }, 'anna')
  await house.desk.choose({ model: '440HD', where: SITE.id, image: one.id }, 'anna')
  await writeFile(join(house.folder, '440HD.img'), image({ version: '1.0.0' }))
  const shots = process.env.OFFHOOK_SHOTS
  for (const path of [
    '/firmware',
    '/firmware/images',
    '/firmware/upload',
    '/firmware/models/440HD',
    `/firmware/images/${one.id}`,
  ]) {
    for (const [width, colorScheme] of [
      [1440, 'light'],
      [390, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 900 })
      await page.emulateMedia({ colorScheme })
      await page.goto(path)
      const { violations } = await new AxeBuilder({ page }).analyze()
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(grave.map(({ id, nodes }) => [path, id, nodes[0]?.html])).toEqual([])
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
      expect([path, width, wide]).toEqual([path, width, false])
      const name = `${path.replaceAll('/', '-').slice(1, 20)}-${width}.png`
      if (shots) await page.screenshot({ path: join(shots, name), fullPage: true })
    }
  }
}, 90_000)

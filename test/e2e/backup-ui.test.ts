// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Backups } from '#daemon/backup/backups'
import { messageRows } from '#daemon/message-catalogue'
import { Alarms } from '#daemon/services/alarms/alarms'
import { LevelStore } from '#daemon/store/level-store'
import { put } from '#daemon/store/store'
import { contacts } from '#daemon/store/tables'
import { launchChromium } from '#test/support/chromium'
import { listen, type Site } from '#test/web/client'
import { MemoryPort, PASSWORD } from '#test/web/memory-port'

let browser: Browser
let site: Site
let folder: string
let backups: Backups
let store: LevelStore
let first: string

beforeAll(async () => {
  browser = await launchChromium()
  folder = await mkdtemp(join(tmpdir(), 'offhook-backup-ui-'))
  store = new LevelStore({ folder: join(folder, 'store') })
  await store.open()
  const port = new MemoryPort()
  const now = () => port.clock
  backups = new Backups({
    ...{ store, now, dataFolder: folder, configFile: undefined, version: '0.1.0', host: 'berlin-1' },
    ...{ alarms: new Alarms(store, now, () => {}), announce: () => {}, onFault: () => {} },
    vaultKey: async () => Buffer.alloc(32, 1),
    settings: () => ({ enabled: true, schedule: '30 2 * * *', keepDays: 14, timeZone: 'UTC' }),
    rehearse: async () => ({
      ok: true,
      seconds: 3,
      checks: ['every byte', 'configuration', 'start', 'servers', 'readiness', 'phones boot'].map((name) => ({
        ...{ name, ok: true, detail: 'as it should be, with all that was there on that day' },
      })),
    }),
  })
  await backups.start()
  first = (await backups.make('on demand', 'anna')).name
  await backups.rehearse(first, 'anna')
  await store.commit([put(contacts, 'c', { id: 'c' } as never)], { durable: false })
  port.clock += 3_600_000
  await backups.make('before upgrade', 'command line')
  site = await listen(Object.assign(port, { backup: backups, messages: messageRows() }))
}, 90_000)

afterAll(async () => {
  await browser.close()
  await site.close()
  await backups.stop()
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

describe.each(['light', 'dark'] as const)('the pages Backup and Log messages in %s colours', (colorScheme) => {
  test.each([390, 1440])(
    'at %i pixels have no serious fault for assistive technology and never scroll sideways',
    async (width) => {
      const context = await browser.newContext({ baseURL: site.url, colorScheme, viewport: { width, height: 900 } })
      const page = await context.newPage()
      await page.goto('/sign-in')
      await page.getByLabel('Name').fill('admin')
      await page.getByLabel('Password').fill(PASSWORD)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.waitForURL('**/')
      const paths = ['/backup', `/backup/of/${first}`, '/backup/recovery-key', '/messages?text=backup']
      for (const [index, path] of paths.entries()) {
        await page.goto(path)
        if (process.env.OFFHOOK_SHOTS) {
          await page.screenshot({
            path: join(process.env.OFFHOOK_SHOTS, `${index}-${width}-${colorScheme}.png`),
            fullPage: true,
          })
        }
        const { violations } = await new AxeBuilder({ page }).analyze()
        const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
        expect({ path, grave: grave.map(({ id, nodes }) => [id, nodes[0]?.html]) }).toEqual({ path, grave: [] })
        const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
        expect({ path, wide }).toEqual({ path, wide: seen })
      }
      await page.goto('/backup/recovery-key')
      await page.getByLabel('Your password').fill(PASSWORD)
      await page.getByRole('button', { name: 'Show the recovery key' }).click()
      await page.getByText(await backups.recoveryKey('a test')).waitFor()
      await context.close()
    },
    60_000,
  )
})

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newPhone } from '#daemon/domain/phone'
import { LevelStore } from '#daemon/store/level-store'
import { put } from '#daemon/store/store'
import { firmwareChoices, phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { image } from '#test/services/firmware/image'
import { firstSignIn } from '#test/support/browser'
import { launchChromium } from '#test/support/chromium'
import { type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'
import { here } from '#test/support/process'

const SOON = { timeout: 20_000 }
const [OLD, NEW] = [image({ version: '2.2.12.1', bytes: 20_000 }), image({ version: '2.2.16.7', bytes: 30_000 })]
const idOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const MACS = Array.from({ length: 6 }, (_, n) => `00908f00000${n}` as Mac)

let browser: Browser
let home: DaemonHome
let daemon: Daemon
let page: Page
const complaints: string[] = []

/** Six phones with the old image, which is chosen for all of their model. */
async function prepare(): Promise<void> {
  for (const bytes of [OLD, NEW]) await home.addFirmware(`${idOf(bytes)}.img`, bytes)
  await mkdir(join(home.dataFolder, 'store'), { recursive: true })
  const store = new LevelStore({ folder: join(home.dataFolder, 'store') })
  await store.open()
  const choice = { model: '440HD', where: 'system', image: idOf(OLD), at: 1, by: 'test' }
  const facts = { model: '440HD', firmware: '2.2.12.1', approval: 'approved', status: 'registered' } as const
  await store.commit(
    [
      put(firmwareChoices, 'choices', { choices: [choice] }),
      ...MACS.map((mac) => put(phones, mac, { ...newPhone(mac, 1), ...facts, reportedAt: Date.now() })),
    ],
    { durable: true },
  )
  await store.close()
}

beforeAll(async () => {
  browser = await launchChromium()
  home = await DaemonHome.make({ ...LOOPBACK, fleet: { zeroTouch: false } })
  await prepare()
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

async function reports(mac: string, status: string, fwVersion: string): Promise<readonly string[]> {
  const { address, port } = daemon.endpoint('http')
  const body = JSON.stringify({ mac, ip: '127.0.0.1', model: '440HD', fwVersion, status })
  const url = `http://${address}:${port}/rest/v1/ipphoneMgrStatus/keep-alive`
  const answer = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(10_000) })
  return ((await answer.json()) as { requests: readonly string[] }).requests
}

/** Reports until the answer tells the phone to restart. */
async function tell(mac: string, firmware: string): Promise<void> {
  const signal = AbortSignal.timeout(20_000)
  while ((await reports(mac, 'registered', firmware)).length === 0) signal.throwIfAborted()
}

/** The image that curl is given as this phone. */
async function fetched(mac: string, runs = '2.2.12.1'): Promise<string> {
  const { address, port } = daemon.endpoint('http')
  const agent = `AUDC-IPPhone/${runs} (440HDG-Rev0; ${mac.toUpperCase()})`
  const args = ['-sS', '-I', '--max-time', '10', '-A', agent, `http://${address}:${port}/firmwarefiles/440HD.img`]
  return /^etag: "([0-9a-f]{64})"/im.exec(await here.must('curl', args))?.[1] ?? ''
}

/** No page has a serious fault for assistive technology, or scrolls sideways, on a phone's width in the dark too. */
async function isFit(path: string): Promise<void> {
  for (const [colorScheme, width] of [
    ['light', 1440],
    ['dark', 390],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height: 900 })
    await page.goto(`${daemon.url}${path}`)
    const axe = new AxeBuilder({ page })
    const { violations } = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze()
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
    expect({ path, width: wide, grave: grave.map(({ id, nodes }) => [id, nodes[0]?.html]) }).toEqual({
      ...{ path, width: seen, grave: [] },
    })
    const { OFFHOOK_SCREENSHOTS: folder } = process.env
    const name = `${path.replaceAll(/[^a-z]+/g, '-').slice(0, 30)}-${width}-${colorScheme}.png`
    if (folder) await page.screenshot({ path: join(folder, name), fullPage: true })
  }
  await page.setViewportSize({ width: 1280, height: 800 })
}

test('an admin sees who gets an image when, begins, and it halts by itself when the canary comes back wrong', async () => {
  await isFit('rollouts')
  await page.getByRole('link', { name: 'New rollout' }).first().click()
  await isFit('rollouts/new')
  await page.getByLabel('Image', { exact: true }).selectOption(idOf(NEW))
  await page.getByLabel('Percent of all phones').fill('50, 100')
  await page.getByRole('button', { name: 'See who gets it when' }).click()
  await page.getByRole('heading', { name: '440HD 2.2.12.1 → 2.2.16.7 on 6 phones in System?' }).waitFor()
  await page.getByText('Stage Canary: 1 phone').waitFor()
  await page.getByText('Stage 50 %: 2 phones').waitFor()
  await page.getByRole('button', { name: 'Begin' }).click()
  await page.getByText('The rollout has begun.').waitFor()
  const path = page.url().slice(daemon.url.length)

  // What real curl gets as each phone: the new image as the canary, the old one as everybody else.
  const images = await Promise.all(MACS.map((mac) => fetched(mac)))
  const canary = MACS[images.indexOf(idOf(NEW))] ?? ''
  expect(images.filter((id) => id === idOf(OLD))).toHaveLength(5)
  await tell(canary, '2.2.12.1')
  await isFit(path)
  await page
    .locator('#live-sign[data-state=on]')
    .waitFor()
    .catch(() => undefined)
  await reports(canary, 'started', '9.9.9')
  await reports(canary, 'registered', '9.9.9')
  const progress = page.getByRole('region', { name: 'Progress' })
  await progress.getByText('1 of 1 phone with the wrong version').first().waitFor(SOON)
  await isFit(path)
  await isFit(`${path}?verdict=wrong%20version`)
  await page.getByText('it came back with 9.9.9, and not 2.2.16.7').waitFor()
  const after = await Promise.all(MACS.map((mac) => fetched(mac, mac === canary ? '9.9.9' : undefined)))
  expect(new Set(after)).toEqual(new Set([idOf(OLD)]))

  await page.getByRole('link', { name: 'Go back' }).click()
  await isFit(`${path}/go-back`)
  await page.getByRole('button', { name: 'Go back' }).click()
  await page.getByText('Phones are told to go back.').waitFor()
  await tell(canary, '9.9.9')
  await reports(canary, 'started', '2.2.12.1')
  await progress.getByText('Gone back').first().waitFor(SOON)
  await progress.getByText('1 phones went back to the old image.').waitFor()
  await page.goto(`${daemon.url}alarms`)
  expect(await page.getByText('ROLLOUT HALTED').count()).toBe(0)
  await isFit('rollouts')
  expect(complaints).toEqual([])
}, 180_000)

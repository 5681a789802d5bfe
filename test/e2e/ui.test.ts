// SPDX-License-Identifier: Apache-2.0
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from '#test/support/chromium'
import { listen, type Site } from '#test/web/client'
import { lose, MemoryPort, MONDAY, PASSWORD, phone, step } from '#test/web/memory-port'
import { furnish } from '#test/web/office'
import { furnishDirectory } from '#test/web/phonebook'

/** How long the page may take to show a change that the daemon noticed. */
const SOON = { timeout: 5000 }
const UNREGISTERED = '00908f3c0189'

let browser: Browser
let port: MemoryPort
let site: Site
let context: BrowserContext
let page: Page
/** What the browser found wrong: scripts that failed, resources that the policy blocked. */
let complaints: string[]

beforeAll(async () => {
  browser = await launchChromium()
}, 90_000)
afterAll(() => browser.close())

beforeEach(async () => {
  port = new MemoryPort()
  furnish(port, 120)
  site = await listen(port)
  ;[context, page] = await open()
})
afterEach(async () => {
  await context.close()
  await site.close()
  expect(site.faults).toEqual([])
  expect(complaints).toEqual([])
})

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<[BrowserContext, Page]> {
  const fresh = await browser.newContext({ viewport: { width: 1280, height: 800 }, baseURL: site.url, ...options })
  const tab = await fresh.newPage()
  tab.setDefaultTimeout(10_000)
  complaints = []
  tab.on('pageerror', (error) => complaints.push(error.message))
  tab.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  tab.on('console', (message) => {
    // A refused form and a missing page are answers, not mistakes of the page.
    const expected = /status of (?:401|404|422|429)/.test(message.text())
    if (message.type() === 'error' && !expected) complaints.push(message.text())
  })
  return [fresh, tab]
}

async function signIn(tab = page): Promise<void> {
  await tab.goto('/sign-in')
  await tab.getByLabel('Name').fill('admin')
  await tab.getByLabel('Password').fill(PASSWORD)
  await tab.getByRole('button', { name: 'Sign in' }).click()
  await tab.waitForURL('**/')
}

async function goLive(path: string): Promise<void> {
  await page.goto(path)
  await page.locator('#live-sign[data-state=on]').waitFor()
}

test('an admin finds the phone that does not work, and why, in two clicks', async () => {
  await signIn()
  await page.getByRole('link', { name: /^Not registered 3/ }).click()
  await page.getByRole('heading', { name: 'Devices' }).waitFor()
  expect(await page.getByRole('row').count()).toBe(4)
  await page.getByRole('link', { name: 'Dmitri Sokolov' }).first().click()
  await page.getByRole('heading', { name: 'Dmitri Sokolov' }).waitFor()
  const verdict = page.getByRole('region', { name: 'What is the matter' })
  expect(await verdict.textContent()).toContain('no SIP server has accepted it')
  const failing = page.locator('.step.failing')
  expect(await failing.count()).toBe(1)
  expect(await failing.textContent()).toContain('Not registered')
  await verdict.getByRole('link', { name: 'See the step that failed' }).click()
  expect(await failing.isVisible()).toBe(true)
})

describe('without a reload', () => {
  test('the dashboard follows the fleet, the alarms and the servers', async () => {
    await signIn()
    await goLive('/')
    await page.evaluate(() => Object.assign(window, { same: true }))
    port.fleet.put(phone(UNREGISTERED, { displayName: 'Dmitri Sokolov', reportedAt: MONDAY }))
    await page.locator('#tile-not-registered .tile-number', { hasText: /^2$/ }).waitFor(SOON)
    port.alarmRows = []
    lose(port, 'tftp', 'UDP 10.1.0.2:69 went away')
    await page.getByText('All quiet').waitFor({ timeout: 10_000 })
    expect(await page.locator('#servers').textContent()).toContain('UDP 10.1.0.2:69 went away')
    await page
      .locator('#announcer', { hasText: 'Registered 112, Not registered 2' })
      .waitFor({ state: 'attached', ...SOON })
    expect(await page.evaluate(() => 'same' in window)).toBe(true)
  })

  test('a row of the list shows the new state, and the filtered list lets go of it', async () => {
    await signIn()
    await goLive('/devices?presence=not-registered')
    const row = page.locator(`#device-${UNREGISTERED}`)
    await row.getByText('Not registered').waitFor()
    port.fleet.put(phone(UNREGISTERED, { displayName: 'Dmitri Sokolov', reportedAt: MONDAY }))
    await row.getByText('Registered', { exact: true }).waitFor(SOON)
    await row.waitFor({ state: 'detached', timeout: 10_000 })
    expect(await page.getByRole('row').count()).toBe(3)
  })

  test('a phone boots on its page, step by step', async () => {
    await signIn()
    const boot = [step('discover', MONDAY, { detail: 'DISCOVER → OFFER' })]
    const address = port.fleet.put(phone('00908f777777', { status: 'silent', reportedAt: 0 }), 'seen', { steps: boot })
    await page.goto(`/devices/${address}`)
    await page.getByText('was offered an address but has not taken it').waitFor()
    const show = async (presence: 'seen' | 'starting' | 'registered', ...next: Parameters<typeof step>) => {
      boot.push(step(...next))
      port.fleet.put(phone(address, { status: 'started', reportedAt: MONDAY }), presence, { steps: [...boot] })
    }
    await show('seen', 'lease', MONDAY + 500)
    await page.getByText('has an address but has not fetched a configuration').waitFor(SOON)
    await show('starting', 'started', MONDAY + 9000, { protocol: 'keepalive' })
    await page.getByText('has started and is about to register').waitFor(SOON)
    await show('registered', 'registered', MONDAY + 12_000, { protocol: 'keepalive' })
    await page.getByText('The phone works').waitFor(SOON)
    expect(await page.getByText('not yet').count()).toBe(0)
  })

  test('the first phone replaces the empty state of the list', async () => {
    await site.close()
    port = new MemoryPort()
    site = await listen(port)
    await context.close()
    ;[context, page] = await open()
    await signIn()
    await goLive('/devices')
    await page.getByText('No phone has been seen yet').waitFor()
    port.fleet.put(phone('00908f000001', { displayName: 'First of all' }))
    await page.getByRole('link', { name: 'First of all' }).waitFor({ timeout: 10_000 })
  })

  test('a swap keeps the keyboard focus and what was unfolded', async () => {
    await signIn()
    const boots = [0, 1].flatMap((n) => [step('discover', MONDAY + n * 60_000), step('lease', MONDAY + n * 60_000 + 1)])
    const address = port.fleet.put(phone('00908f777777'), 'registered', { steps: boots })
    await page.goto(`/devices/${address}`)
    await page.locator('summary').click()
    await page.locator('summary').focus()
    port.fleet.put(phone(address), 'registered', { steps: [...boots, step('config', MONDAY + 90_000)] })
    await page.getByText('Fetched its configuration', { exact: true }).waitFor(SOON)
    expect(await page.locator('details').getAttribute('open')).not.toBeNull()

    await goLive('/')
    await page.locator('#tile-registered').focus()
    port.fleet.put(phone('00908f888888'))
    await page.locator('#tile-registered .tile-number', { hasText: /^113$/ }).waitFor(SOON)
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('tile-registered')
  })

  test('an open page goes to sign-in when its session ends, and comes back', async () => {
    await signIn()
    await goLive('/devices?presence=registered')
    const other = await context.newPage()
    await other.goto('/')
    await other.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL('**/sign-in?**')
    await page.getByText('Your session has ended').waitFor()
    await page.getByLabel('Name').fill('admin')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/devices?presence=registered')
  })

  test('after a restart of the daemon the page asks to sign in again', async () => {
    await signIn()
    await goLive('/')
    const { port: number } = new URL(site.url)
    await site.close()
    await page.locator('#live-sign[data-state=lost]').waitFor()
    const again = await listen(port, {}, Number(number))
    try {
      await page.waitForURL('**/sign-in?**', { timeout: 20_000 })
    } finally {
      site = again
      complaints = complaints.filter(
        (text) => !text.includes('ERR_CONNECTION_REFUSED') && !text.includes('ERR_INCOMPLETE'),
      )
    }
  })
})

describe('searching', () => {
  test('narrows the list while typing, and the address can be shared', async () => {
    await signIn()
    await goLive('/devices')
    await page.getByRole('searchbox').pressSequentially('lindq')
    await page.locator('.found', { hasText: /^5 phones$/ }).waitFor(SOON)
    await page.waitForURL('**/devices?text=lindq')
    await page.reload()
    await page.locator('.found', { hasText: /^5 phones$/ }).waitFor(SOON)
    await page.getByRole('searchbox').fill('nobody at all')
    await page.getByText('No phone matches').waitFor(SOON)
    await page.goBack()
  })

  test('and paging work without scripts', async () => {
    await context.close()
    ;[context, page] = await open({ javaScriptEnabled: false })
    await signIn()
    await page.goto('/devices')
    await page.getByRole('link', { name: 'Next' }).click()
    await page.getByText('51–100 of 120 phones').waitFor()
    await page.getByRole('searchbox').fill('lindq')
    await page.keyboard.press('Enter')
    await page.getByText('5 phones').waitFor()
    await page.getByRole('link', { name: 'Henrik Lindqvist' }).first().click()
    await page.getByRole('heading', { name: 'Henrik Lindqvist' }).waitFor()
  })
})

test('the keyboard alone is enough: sign in, filter, open a phone, sign out', async () => {
  const focus = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
  const tabTo = async (text: string) => {
    for (let n = 0; n < 60; n++) {
      await page.keyboard.press('Tab')
      if ((await focus()).startsWith(text)) return
    }
    throw new Error(`no way to ${text} with the Tab key`)
  }
  await page.goto('/')
  // The field takes the focus after the page has loaded: keys pressed before that go nowhere.
  await page.locator('input[name=name]:focus').waitFor()
  await page.keyboard.type('admin')
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor()
  await page.keyboard.press('Tab')
  expect(await focus()).toBe('Skip to content')
  await page.keyboard.press('Enter')
  await tabTo('Not registered')
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)
  expect(outline).toBe('solid')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Devices' }).waitFor()
  await tabTo('Dmitri Sokolov')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Dmitri Sokolov' }).waitFor()
  await tabTo('Sign out')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
})

test('the one-time password is replaced at the first sign-in', async () => {
  port.accounts.mustChangePassword = true
  await page.goto('/devices')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Choose your own password' }).waitFor()
  const fill = async (next: string, repeat: string) => {
    await page.getByLabel('One-time password').fill(PASSWORD)
    await page.getByLabel('New password', { exact: true }).fill(next)
    await page.getByLabel('New password again').fill(repeat)
    await page.getByRole('button', { name: 'Set password' }).click()
  }
  await fill('short', 'short')
  await page.getByRole('alert').getByText('at least 12 are needed').waitFor()
  await fill('nine quiet ferries', 'nine quiet ferries')
  await page.waitForURL('**/devices')
  expect(port.accounts.password).toBe('nine quiet ferries')
})

test('a hostile phone runs nothing in the browser, at first or live', async () => {
  await signIn()
  const attack = `"><script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=alert(3)>' onclick='alert(4)`
  const evil = { displayName: attack, model: attack, address: attack, firmware: attack, extra: { [attack]: attack } }
  const address = port.fleet.put(phone('00908f000666', { ...evil, reportedAt: MONDAY + 1 }), 'not registered')
  for (const path of ['/', '/devices?presence=not-registered', `/devices/${address}`]) {
    await page.goto(path)
    await page.getByText(attack).first().waitFor()
    const live = { ...evil, displayName: `live ${attack}`, reportedAt: MONDAY + 2 }
    port.fleet.put(phone(address, live), 'not registered', { steps: [step('config', MONDAY, { detail: attack })] })
    await page.getByText(`live ${attack}`).first().waitFor(SOON)
    expect(await page.locator('main script, main img').count()).toBe(0)
    port.fleet.put(phone('00908f000666', { ...evil, reportedAt: MONDAY + 1 }), 'not registered')
  }
})

test('nothing jumps: neither while a page loads nor when parts of it are swapped', async () => {
  await signIn()
  for (const path of ['/', '/devices', `/devices/${UNREGISTERED}`]) {
    await page.goto(path)
    await page.evaluate(() => {
      const jumps: number[] = []
      const watch = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) jumps.push((entry as PerformanceEntry & { value: number }).value)
      })
      watch.observe({ type: 'layout-shift', buffered: true })
      Object.assign(window, { jumps })
    })
    port.fleet.put(phone(UNREGISTERED, { displayName: `Dmitri on ${path}`, reportedAt: MONDAY + 1 }))
    await page.getByText(`Dmitri on ${path}`).first().waitFor(SOON)
    const jumps = await page.evaluate(() => (window as unknown as { jumps: number[] }).jumps)
    expect({ path, total: jumps.reduce((sum, value) => sum + value, 0) }).toEqual({ path, total: expect.closeTo(0, 1) })
  }
})

test.each([768, 1024, 1920, 3840])('at %i pixels nothing scrolls sideways', async (width) => {
  furnishDirectory(port.directory, 60)
  await signIn()
  await page.setViewportSize({ width, height: Math.round((width * 9) / 16) })
  const phonebook = [
    '/directory',
    '/directory/accounts',
    '/directory/upstreams',
    '/directory/phones',
    '/directory/try?text=a',
  ]
  for (const path of ['/', '/devices', `/devices/${UNREGISTERED}`, '/password', ...phonebook]) {
    await page.goto(path)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    expect({ path, wide }).toEqual({ path, wide: width })
  }
})

/** No serious fault for assistive technology, and nothing scrolls sideways. */
async function sound(name: string, colorScheme: 'light' | 'dark'): Promise<void> {
  const axe = new AxeBuilder({ page })
  // What is not about colour has been looked at in the light.
  const { violations } = await (colorScheme === 'dark' ? axe.withRules(['color-contrast']) : axe).analyze()
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  expect({ name, grave: grave.map(({ id, nodes }) => [id, nodes[0]?.html]) }).toEqual({ name, grave: [] })
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth])
  expect({ name, width: wide }).toEqual({ name, width: seen })
}

describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
  test.each([360, 1280])(
    'at %i pixels no page has a serious fault for assistive technology, or scrolls sideways',
    async (width) => {
      await context.close()
      ;[context, page] = await open({ colorScheme, viewport: { width, height: 800 } })
      const check = (name: string) => sound(name, colorScheme)
      await page.goto('/sign-in')
      await check('sign-in')
      await page.getByLabel('Name').fill('admin')
      await page.getByLabel('Password').fill('wrong')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('alert').waitFor()
      await check('sign-in, wrong')
      await signIn()
      port.trouble = 'The disk is full.'
      lose(port, 'tftp', 'UDP 10.1.0.2:69 went away')
      const seen = port.fleet.devices({ text: '', presence: 'seen', page: 1, pageSize: 1 }).rows[0]?.phone.mac
      // Short lists: axe takes long for fifty rows that are all alike.
      const lists = ['/devices?page=3', '/devices?presence=disconnected', '/devices?text=zzz']
      const paths = ['/', ...lists, `/devices/${UNREGISTERED}`, `/devices/${seen}`]
      for (const path of [...paths, '/devices/00908f000000', '/password', '/nothing']) {
        await page.goto(path)
        await check(path)
      }
      if (width === 360) {
        await page.getByRole('button', { name: 'Menu' }).click()
        await check('menu')
        await page.keyboard.press('Escape')
        expect(await page.getByRole('navigation', { name: 'Main' }).isVisible()).toBe(false)
      }
    },
    60_000,
  )

  test.each([360, 1280])(
    'at %i pixels neither has the phonebook',
    async (width) => {
      await context.close()
      ;[context, page] = await open({ colorScheme, viewport: { width, height: 800 } })
      const { directory } = port
      furnishDirectory(directory, 4)
      await signIn()
      const paths = ['', '?text=zzz', '/contacts/c2', '/contacts/c0/remove', '/accounts', '/accounts/new', '/upstreams']
      for (const path of [...paths, '/phones?region=Nord', '/try', '/try?text=a']) {
        await page.goto(`/directory${path}`)
        await sound(path, colorScheme)
      }
      await page.goto('/directory/import')
      await page.getByRole('button', { name: 'Look what would happen' }).click()
      await page.getByRole('alert').waitFor()
      await sound('a form with errors', colorScheme)
      await page.getByLabel('Or its text').fill('name\nAnna')
      await page.getByLabel('Name of this phonebook').fill('Staff')
      await page.getByRole('button', { name: 'Look what would happen' }).click()
      await page.getByText('Nothing is changed yet.').waitFor()
      await sound('what would happen', colorScheme)
      directory.work = (progress) => {
        progress(420, 1000)
        return new Promise(() => {})
      }
      await page.getByRole('button', { name: /^Import: add/ }).click()
      await page.getByText('420 of 1,000').waitFor()
      await sound('a task', colorScheme)
    },
    120_000,
  )
})

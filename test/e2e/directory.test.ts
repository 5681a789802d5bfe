// SPDX-License-Identifier: Apache-2.0
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstSignIn, signIn } from '#test/support/browser'
import { launchChromium } from '#test/support/chromium'
import { type Daemon, DaemonHome, LOOPBACK, lives } from '#test/support/daemon'
import { here } from '#test/support/process'

/*
 *   Chromium ──HTTP──► the built daemon ◄──LDAP── ldapsearch
 *   imports 10,000 rows, tries a phone            finds what was imported
 */

const PASSWORD = 'four short words here'
const ROWS = 10_000
const LONG = { timeout: 30_000 }

let home: DaemonHome
let daemon: Daemon
let browser: Browser
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  home = await DaemonHome.make({
    ...LOOPBACK,
    dhcp: {
      ...{ mode: 'server', listen: '127.0.0.1:0' },
      subnets: [
        { name: 'north', cidr: '127.98.0.0/16', pools: ['127.98.1.1-127.98.1.9'], region: 'Nord' },
        { name: 'south', cidr: '127.99.0.0/16', pools: ['127.99.1.1-127.99.1.9'], region: 'Süd' },
      ],
    },
    ldap: { enabled: true, listen: '127.0.0.1:0', baseDn: 'dc=example', anonymous: true },
  })
  daemon = await home.start()
  browser = await launchChromium()
  ;[, page] = await open()
  await firstSignIn(page, daemon.url, await daemon.oneTimePassword(), PASSWORD)
}, 120_000)
afterAll(async () => {
  await browser.close()
  await home.close()
  expect(complaints).toEqual([])
})

async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<[BrowserContext, Page]> {
  const fresh = await browser.newContext({ baseURL: daemon.url, viewport: { width: 1280, height: 900 }, ...options })
  const tab = await fresh.newPage()
  tab.setDefaultTimeout(15_000)
  tab.on('pageerror', (error) => complaints.push(error.message))
  tab.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) complaints.push(message.text())
  })
  return [fresh, tab]
}

/** `first` is in the surname of no other row. */
function staff(rows: number): string {
  const lines = ['First name,Last name,Business phone,Company']
  for (let n = 0; n < rows; n++) lines.push(`Person,Abel${n},+49 (30) ${100_000 + n},Example`)
  lines.splice(5, 0, ',,+49 30 1,')
  return `${lines.join('\r\n')}\r\n`
}

async function ldapsearch(filter: string): Promise<string> {
  const { address, port } = daemon.endpoint('ldap')
  const url = `ldap://${address}:${port}`
  return here.must('ldapsearch', ['-x', '-LLL', '-H', url, '-b', 'dc=example', '-z', '5', filter, 'telephoneNumber'])
}

test('an admin imports 10,000 rows, sees what would happen first, and phones find them', async () => {
  await page.goto('/directory')
  await page.getByText('No contact yet').waitFor()
  await page.getByRole('link', { name: 'Import', exact: true }).first().click()
  const file = { name: 'Staff.csv', mimeType: 'text/csv', buffer: Buffer.from(staff(ROWS)) }
  await page.getByLabel('File', { exact: true }).setInputFiles(file)
  await page.getByRole('button', { name: 'Look what would happen' }).click()
  await page.getByText('Nothing is changed yet.').waitFor(LONG)
  const counts = page.getByRole('list', { name: 'What would happen' })
  expect((await counts.getByRole('listitem').allTextContents()).map((text) => text.trim())).toEqual([
    '10,000 Added',
    '0 Changed',
    '0 Unchanged',
    '0 Removed',
    '1 Cannot be taken',
  ])
  expect(await page.getByText('Line 6').count()).toBe(1)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: /Download all/ }).click(),
  ])
  expect(download.suggestedFilename()).toBe('rejected.csv')

  await page.getByRole('button', { name: 'Import: add 10,000' }).click()
  await page.getByText('Imported.').waitFor(LONG)
  expect(await ldapsearch('(sn=Abel9999)')).toContain('telephoneNumber: +49 (30) 109999')
  await page.getByRole('link', { name: 'See these contacts' }).click()
  await page.getByText('1–50 of 10,000 contacts').waitFor()
}, 120_000)

test('the list narrows while somebody types a number, however it is written', async () => {
  await page.goto('/directory')
  await page.getByRole('searchbox').pressSequentially('4930109')
  await page.getByText('1–50 of 1,000 contacts').waitFor()
  await page.getByRole('searchbox').pressSequentially('99')
  await page.getByText('10 contacts', { exact: true }).waitFor()
  // For those who do not see the list change.
  await page.locator('#announcer', { hasText: '10 contacts' }).waitFor({ state: 'attached' })
  expect(new URL(page.url()).searchParams.get('text')).toBe('493010999')
})

test('the page for trying shows what a phone would show, letter by letter', async () => {
  await page.goto('/directory/try')
  const display = page.getByRole('region', { name: 'The phone’s display' })
  await display.getByText('Type a name or number.').waitFor()
  const typed = page.getByRole('searchbox')
  await typed.pressSequentially('abel')
  await page.getByText('There are more than the 50 that this phone takes').waitFor()
  expect(await display.getByRole('listitem').count()).toBe(50)
  await typed.pressSequentially('9999')
  await display.getByText('Person Abel9999').waitFor()
  await expect.poll(() => display.getByRole('listitem').count()).toBe(1)
  expect(await page.getByText('(|(sn=abel9999*)(givenname=abel9999*)(displayname=abel9999*))').count()).toBe(1)

  await page.getByLabel('Search by').selectOption('Number')
  await display.getByText('Nothing found').waitFor()
  await typed.fill('4930109999')
  await display.getByText('Person Abel9999').waitFor()
  // What the page shows is what an LDAP client gets for the filter that the page names.
  const filter = (await page.getByRole('definition').first().textContent())?.trim() ?? ''
  expect(await ldapsearch(filter)).toContain('telephoneNumber: +49 (30) 109999')
})

test('a state that changed since the dry run is refused; all of it without scripts', async () => {
  const [plain, tab] = await open({ javaScriptEnabled: false })
  try {
    await signIn(tab, daemon.url, PASSWORD)
    const paste = async (text: string) => {
      await tab.goto('/directory/import')
      await tab.getByLabel('Or its text').fill(text)
      await tab.getByLabel('Name of this phonebook').fill('Suppliers')
      await tab.getByLabel('Remove what the file no longer has').check()
      await tab.getByRole('button', { name: 'Look what would happen' }).click()
    }
    await paste('id,name,number\n1,Zeta One,71\n2,Zeta Two,72\n')
    await tab.getByRole('button', { name: 'Import: add 2' }).click()
    await tab.getByText('Imported.').waitFor()

    await paste('id,name,number\n1,Zeta First,71\n')
    const act = tab.getByRole('button', { name: 'Import: change 1 and remove 1' })
    await act.waitFor()
    expect(await tab.getByText('Display name: Zeta First').count()).toBe(1)

    // Meanwhile somebody else removes the very contact.
    await page.goto('/directory?text=zeta+two')
    await page.getByRole('link', { name: 'Remove Zeta Two' }).click()
    await page.getByRole('button', { name: 'Remove contact' }).click()
    await page.getByText('Removed Zeta Two.').waitFor()

    await act.click()
    await tab.getByText('have changed since you looked').waitFor()
    await tab.getByRole('button', { name: 'Import: change 1', exact: true }).click()
    await tab.getByText('Imported.').waitFor()
    expect(await ldapsearch('(displayName=Zeta*)')).toContain('telephoneNumber: 71')

    await tab.goto('/directory')
    await tab.getByRole('searchbox').fill('zeta')
    await tab.getByRole('button', { name: 'Search' }).click()
    await tab.getByText('1 contact', { exact: true }).waitFor()
  } finally {
    await plain.close()
  }
})

test('an account made by the page lets a phone bind, and sees its region only', async () => {
  await page.goto('/directory/contacts/new')
  await page.getByLabel('Display name').fill('Yvonne South')
  await page.getByLabel('Region').selectOption('Süd')
  await page.getByLabel('Business').fill('81\n82')
  await page.getByRole('button', { name: 'Add contact' }).click()
  await page.getByText('Added Yvonne South.').waitFor()
  await page.getByRole('link', { name: 'Accounts' }).click()
  await page.getByRole('link', { name: 'Add account' }).first().click()
  await page.getByLabel('Name', { exact: true }).fill('lobby')
  await page.getByLabel('What it sees').selectOption('Nord')
  await page.getByRole('button', { name: 'Add account' }).click()
  const password = (await page.locator('.banner code').textContent()) ?? ''
  expect(password).toHaveLength(20)
  const { address, port } = daemon.endpoint('ldap')
  const common = [
    '-x',
    '-LLL',
    '-H',
    `ldap://${address}:${port}`,
    '-D',
    'cn=lobby,ou=accounts,dc=example',
    '-w',
    password,
  ]
  const search = () => here.must('ldapsearch', [...common, '-b', 'dc=example', '(sn=South)', 'telephoneNumber'])
  expect(await search()).toBe('')
  await page.reload()
  expect(await page.getByText(password).count()).toBe(0)
  await page.getByRole('link', { name: 'Change lobby' }).click()
  await page.getByLabel('What it sees').selectOption('Süd')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved the account lobby').waitFor()
  expect(await search()).toMatch(/telephoneNumber: 81\ntelephoneNumber: 82/)
  expect(daemon.log().some((line) => JSON.stringify(line).includes(password))).toBe(false)
})

test('what the settings page saves is what its lines and the test page use', async () => {
  await page.goto('/directory/phones')
  await page.getByLabel('Name filter').fill('(sn=%')
  await page.getByRole('button', { name: 'Look at what changes' }).click()
  await page.getByText('One thing needs a look.').waitFor()
  await page.getByLabel('Name filter').fill('(sn=%)')
  await page.getByLabel('Most entries').fill('3')
  await page.getByRole('button', { name: 'Look at what changes' }).click()
  await page.getByRole('heading', { name: /No phone’s file changes|will change/ }).waitFor()
  await page.getByRole('button', { name: /^Save/ }).click()
  await page.getByText('Saved as change').waitFor()
  expect(await page.getByLabel('Configuration lines').textContent()).toContain('system/ldap/max_hits=3')
  await page.goto('/directory/try?text=abel')
  await page.getByText('There are more than the 3 that this phone takes').waitFor()
  expect(await page.getByText('(sn=abel*)', { exact: true }).count()).toBe(1)
  expect(lives(daemon)).toBe(true)
})

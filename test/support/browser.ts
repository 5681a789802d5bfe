// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchChromium } from './chromium.ts'
import type { Namespace } from './netns.ts'

export interface PageThere {
  readonly page: Page
  close(): Promise<void>
}

/** A page in a Chromium on a machine of the voice network: it reaches what that machine reaches, and nothing else. */
export async function pageIn(namespace: Namespace): Promise<PageThere> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-browser-'))
  const script = join(folder, 'chromium')
  await writeFile(script, `#!/bin/sh\nexec ip netns exec ${namespace.name} /usr/bin/chromium "$@"\n`, { mode: 0o755 })
  const clean = () => rm(folder, { recursive: true, force: true })
  try {
    const browser = await launchChromium([], script)
    const page = await browser.newPage()
    page.setDefaultTimeout(15_000)
    return { page, close: () => browser.close().finally(clean) }
  } catch (error) {
    await clean()
    throw error
  }
}

/** The first sign-in of an admin: with the one-time password, and then a password of one's own. */
export async function firstSignIn(page: Page, url: string, oneTimePassword: string, password: string): Promise<void> {
  await signIn(page, url, oneTimePassword)
  await page.getByLabel('One-time password').fill(oneTimePassword)
  await page.getByLabel('New password', { exact: true }).fill(password)
  await page.getByLabel('New password again').fill(password)
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.getByRole('heading', { name: 'Dashboard' }).waitFor()
}

export async function signIn(page: Page, url: string, password: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

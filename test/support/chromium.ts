// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Debian's package `chromium`. */
const EXECUTABLE = '/usr/bin/chromium'

/** Nothing that calls home, and no sandbox, since tests run as root and in network namespaces. */
const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * A browser with a fresh profile that is gone when it closes. A machine without it fails the test.
 * `extra` arguments are added, such as a proxy; `executablePath` may name a script that starts it elsewhere.
 */
export async function launchChromium(extra: readonly string[] = [], executablePath = EXECUTABLE): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is missing: install the Debian package "chromium"`)
  return chromium.launch({ executablePath, args: [...QUIET, ...extra], timeout: 60_000 })
}

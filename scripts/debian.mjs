// SPDX-License-Identifier: Apache-2.0
// The Debian packages that a script needs: installed when we may, else named.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { giveUp, must, ROOT } from './setup.mjs'

/** The package names in a file of the project: one a line, `#` begins a comment. */
export function packagesIn(file) {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n')
  return lines.filter((line) => line !== '' && !line.startsWith('#'))
}

/** `who` needs them, e.g. "the tests". What is missing never becomes something skipped. */
export async function ensureDebianPackages(who, wanted) {
  const missing = wanted.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  const list = missing.join(' ')
  if (process.getuid?.() !== 0) giveUp(`${who} need Debian packages; as root: apt-get install ${list}`)
  console.error(`Installing Debian packages: ${list} …`)
  // RUNLEVEL=1: a server that we want to start ourselves is not started by its installation.
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    stdio: ['ignore', process.stderr, 'inherit'],
  }
  await must('apt-get update', 'apt-get', ['-qq', 'update'], options)
  await must('apt-get install', 'apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...missing], options)
}

function isInstalled(name) {
  const { stdout, error } = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' })
  if (error) giveUp('dpkg-query is missing: this runs on Debian')
  return /^Status: .* installed$/m.test(stdout)
}

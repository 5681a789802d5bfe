// SPDX-License-Identifier: Apache-2.0
// `npm test`: everything from install to browser, and nothing hidden. Arguments go to the test runner.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bin, build, checkNode, ensureInstalled, giveUp, must, ROOT, run } from './setup.mjs'

checkNode()
await ensureInstalled()
await ensureDebianPackages()
await build()
await must('lint', process.execPath, [bin('@biomejs/biome', 'biome'), 'check', '--error-on-warnings'])
await must('the type check', process.execPath, [bin('typescript', 'tsc'), '-p', 'tsconfig.test.json'])

const scratch = mkdtempSync(join(tmpdir(), 'offhook-test-'))
const report = join(scratch, 'report.json')
const code = await run(process.execPath, [
  bin('vitest', 'vitest'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
])
closeWithCount()
rmSync(scratch, { recursive: true, force: true })
process.exit(code)

function closeWithCount() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'))
    console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`)
  } catch {
    giveUp('the test runner left no report')
  }
}

/** Installs what is missing when we may; otherwise names it and fails: a missing tool never becomes a skipped test. */
async function ensureDebianPackages() {
  const wanted = readFileSync(join(ROOT, 'test/debian-packages.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const missing = wanted.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  const list = missing.join(' ')
  if (process.getuid?.() !== 0) giveUp(`the tests need Debian packages; as root: apt-get install ${list}`)
  console.log(`Installing Debian packages: ${list} …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await must('apt-get update', 'apt-get', ['-qq', 'update'], { env })
  await must('apt-get install', 'apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...missing], { env })
}

function isInstalled(name) {
  const { stdout, error } = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' })
  if (error) giveUp('dpkg-query is missing: the whole test suite runs on Debian')
  return /^Status: .* installed$/m.test(stdout)
}

// SPDX-License-Identifier: Apache-2.0
// `npm test`: everything from install to browser, and nothing hidden. Arguments go to the test runner.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureDebianPackages, packagesIn } from './debian.mjs'
import { bin, build, checkNode, ensureInstalled, giveUp, must, run } from './setup.mjs'

checkNode()
await ensureInstalled()
await ensureDebianPackages('the tests', packagesIn('test/debian-packages.txt'))
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

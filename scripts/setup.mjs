// SPDX-License-Identifier: Apache-2.0
// What `npm start` and `npm test` share: whatever is missing on a fresh machine is made here, and nothing else.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const SOURCES = ['daemon', 'protocols', 'web', 'config', 'package.json', 'tsconfig.json', 'scripts/setup.mjs']

/** Ends the script with one sentence. */
export function giveUp(sentence) {
  console.error(`offhook: ${sentence}`)
  process.exit(1)
}

/** Runs a command of the project to its end; resolves with its exit code (128 + n after signal n is 1 here). */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options })
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}

export async function must(what, command, args, options) {
  if ((await run(command, args, options)) !== 0) giveUp(`${what} failed`)
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) giveUp(`Node 20.19 or newer is needed; this is ${process.version}`)
}

/** Installs from the lock file when node_modules is missing or older than the lock. */
export async function ensureInstalled() {
  const installed = changed(join(ROOT, 'node_modules/.package-lock.json'))
  if (installed > 0 && installed >= changed(join(ROOT, 'package-lock.json'))) return
  console.log('Installing the locked dependencies …')
  await must('the installation', 'npm', ['ci', '--no-audit', '--no-fund'])
}

/** Compiles into dist/ when a source is newer than the last build. */
export async function ensureBuilt() {
  const built = changed(join(ROOT, 'dist/.built'))
  if (built > 0 && SOURCES.every((source) => newest(join(ROOT, source)) <= built)) return
  await build()
}

export async function build() {
  console.log('Building …')
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
  await must('the build', process.execPath, [bin('typescript', 'tsc'), '-p', 'tsconfig.json'])
  for (const folder of ['config', 'web']) {
    cpSync(join(ROOT, folder), join(ROOT, 'dist', folder), { recursive: true, filter: isDataFile })
  }
  mkdirSync(join(ROOT, 'dist/web/assets/vendor'), { recursive: true })
  cpSync(join(ROOT, 'node_modules/htmx.org/dist/htmx.min.js'), join(ROOT, 'dist/web/assets/vendor/htmx.min.js'))
  const { writeFileSync } = await import('node:fs')
  writeFileSync(join(ROOT, 'dist/.built'), '')
}

/** The script behind a package's command, so that no shell and no PATH is needed. */
export function bin(name, command) {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve(`${name}/package.json`)
  const { bin: commands } = require(manifest)
  return join(dirname(manifest), typeof commands === 'string' ? commands : commands[command])
}

function isDataFile(path) {
  return statSync(path).isDirectory() || !/\.(ts|md)$/.test(path)
}

function changed(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0
}

function newest(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

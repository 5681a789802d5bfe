// SPDX-License-Identifier: Apache-2.0
// `npm start`: installs, builds, and runs the daemon in the try-out profile. More arguments go to `offhook run`.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { checkNode, ensureBuilt, ensureInstalled, ROOT } from './setup.mjs'

checkNode()
await ensureInstalled()
await ensureBuilt()

const daemon = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    join(ROOT, 'dist/daemon/main.js'),
    'run',
    '--try-out',
    ...dataFolder(),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
)
// A terminal sends Ctrl-C to both of us: wait for the daemon to stop by itself. A signal to us alone is passed on.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => daemon.kill('SIGTERM'))
daemon.once('close', (code) => process.exit(code ?? 1))

function dataFolder() {
  return process.argv.includes('--data') ? [] : ['--data', join(ROOT, 'var')]
}

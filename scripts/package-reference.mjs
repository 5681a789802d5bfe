// SPDX-License-Identifier: Apache-2.0
// What is made from the program itself: manual pages, the shells' completions, the MIB.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from './setup.mjs'

export async function reference({ version, epoch }) {
  const load = (path) => import(pathToFileURL(join(ROOT, 'dist/daemon/cli', path)).href)
  const [{ offhookProgram }, { manualPages }, { commandTree }, { completionFor }] = await Promise.all(
    ['program.js', 'reference/manual.js', 'reference/tree.js', 'reference/completion.js'].map(load),
  )
  const tree = commandTree(offhookProgram(silent()))
  const date = new Date(epoch * 1000).toISOString().slice(0, 10)
  const mib = execFileSync(process.execPath, [join(ROOT, 'dist/daemon/main.js'), 'snmp', 'mib'], { encoding: 'utf8' })
  return {
    manualPages: manualPages(tree, { version, date }),
    completions: Object.fromEntries(['bash', 'zsh', 'fish'].map((shell) => [shell, completionFor(shell, tree)])),
    mib,
  }
}

/** The commands are only looked at. */
function silent() {
  const nothing = () => undefined
  return {
    ...{ stdout: nothing, stderr: nothing, setExitCode: nothing, onHangup: nothing, onFault: nothing },
    ...{ terminal: false, environment: {}, pid: 0, signal: new AbortController().signal },
  }
}

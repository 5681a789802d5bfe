// SPDX-License-Identifier: Apache-2.0
import { simulateCommand } from '#daemon/cli/simulate'

/** `offhook simulate` as a process of its own, for tests that run it in a network namespace. */
const end = new AbortController()
process.once('SIGINT', () => end.abort())

const io = {
  stdout: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
  signal: end.signal,
  setExitCode: (code: number) => {
    process.exitCode = code
  },
}

await simulateCommand(io)
  .parseAsync(process.argv.slice(2), { from: 'user' })
  // Said already, and the exit code is set.
  .catch(() => undefined)

#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import type { CliIo } from './cli/io.ts'
import { readPassword } from './cli/password.ts'
import { runProgram } from './cli/program.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second signal means it: do not wait for running requests.
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  })
}

// Whoever reads our words may have seen enough, as `head` has: that is nobody's fault.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const io: CliIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  terminal: process.stdout.isTTY === true,
  readPassword: (prompt) => readPassword(prompt, process.stdin, process.stderr),
  environment: process.env,
  pid: process.pid,
  monotonicMicros: () => process.hrtime.bigint() / 1_000n,
  self: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
  signal: stop.signal,
  setExitCode(code) {
    process.exitCode = code
  },
  onHangup(listener) {
    process.on('SIGHUP', listener)
  },
  onFault(listener) {
    process.on('uncaughtException', listener)
    process.on('unhandledRejection', listener)
  },
}

await runProgram(process.argv.slice(2), io)

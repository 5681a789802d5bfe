#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander'
import { alarmCommand } from './cli/alarm.ts'
import { checkConfigCommand } from './cli/check-config.ts'
import { dhcpCommand } from './cli/dhcp.ts'
import { directoryCommand } from './cli/directory.ts'
import { explainCommand } from './cli/explain.ts'
import type { CliIo } from './cli/io.ts'
import { jobCommand } from './cli/job.ts'
import { leasesCommand } from './cli/leases.ts'
import { readPassword } from './cli/password.ts'
import { exportCommand, importCommand } from './cli/people.ts'
import { phoneCommand } from './cli/phone.ts'
import { reloadCommand } from './cli/reload.ts'
import { runCommand } from './cli/run.ts'
import { simulateCommand } from './cli/simulate.ts'
import { snmpCommand } from './cli/snmp.ts'
import { storeCommand, verifyCommand } from './cli/store.ts'
import { userCommand } from './cli/user.ts'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second signal means it: do not wait for running requests.
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  })
}

const io: CliIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  terminal: process.stdout.isTTY === true,
  readPassword: (prompt) => readPassword(prompt, process.stdin, process.stderr),
  environment: process.env,
  pid: process.pid,
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

const program = new Command('offhook')
  .description('The open phone room: boots, configures and watches a company’s desk phones')
  .addCommand(runCommand(io))
  .addCommand(checkConfigCommand(io))
  .addCommand(reloadCommand(io))
  .addCommand(simulateCommand(io))
  .addCommand(verifyCommand(io))
  .addCommand(storeCommand(io))
  .addCommand(leasesCommand(io))
  .addCommand(userCommand(io))
  .addCommand(importCommand(io))
  .addCommand(exportCommand(io))
  .addCommand(dhcpCommand(io))
  .addCommand(directoryCommand(io))
  .addCommand(explainCommand(io))
  .addCommand(alarmCommand(io))
  .addCommand(snmpCommand(io))
  .addCommand(phoneCommand(io))
  .addCommand(jobCommand(io))

await program.parseAsync(process.argv)

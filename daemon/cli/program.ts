// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from 'commander'
import { alarmCommand } from './alarm.ts'
import { backupCommand } from './backup.ts'
import { checkConfigCommand } from './check-config.ts'
import { completionCommand } from './completion.ts'
import { deltaCommand } from './delta.ts'
import { dhcpCommand } from './dhcp.ts'
import { directoryCommand } from './directory.ts'
import { USAGE } from './exit-codes.ts'
import { explainCommand } from './explain.ts'
import { firmwareCommand } from './firmware.ts'
import { healthcheckCommand } from './healthcheck/command.ts'
import type { CliIo } from './io.ts'
import { jobCommand } from './job.ts'
import { leasesCommand } from './leases.ts'
import { lintCommand } from './lint.ts'
import { exportConfigurationCommand, migrateCommand } from './migrate.ts'
import { exportCommand, importCommand } from './people.ts'
import { phoneCommand } from './phone.ts'
import { reloadCommand } from './reload.ts'
import { restoreCommand } from './restore.ts'
import { rolloutCommand } from './rollout.ts'
import { runCommand } from './run.ts'
import { simulateCommand } from './simulate.ts'
import { snmpCommand } from './snmp.ts'
import { storeCommand, verifyCommand } from './store.ts'
import { supportBundleCommand } from './support-bundle.ts'
import { templateCommand } from './template.ts'
import { userCommand } from './user.ts'

/** `offhook`, with all that it can do. */
export function offhookProgram(io: CliIo): Command {
  return new Command('offhook')
    .description('The open phone room: boots, configures and watches a company’s desk phones')
    .addCommand(runCommand(io))
    .addCommand(checkConfigCommand(io))
    .addCommand(lintCommand(io))
    .addCommand(deltaCommand(io))
    .addCommand(reloadCommand(io))
    .addCommand(healthcheckCommand(io))
    .addCommand(simulateCommand(io))
    .addCommand(verifyCommand(io))
    .addCommand(storeCommand(io))
    .addCommand(leasesCommand(io))
    .addCommand(userCommand(io))
    .addCommand(importCommand(io))
    .addCommand(exportCommand(io))
    .addCommand(migrateCommand(io))
    .addCommand(exportConfigurationCommand(io))
    .addCommand(dhcpCommand(io))
    .addCommand(directoryCommand(io))
    .addCommand(explainCommand(io))
    .addCommand(alarmCommand(io))
    .addCommand(snmpCommand(io))
    .addCommand(phoneCommand(io))
    .addCommand(jobCommand(io))
    .addCommand(rolloutCommand(io))
    .addCommand(templateCommand(io))
    .addCommand(backupCommand(io))
    .addCommand(restoreCommand(io))
    .addCommand(supportBundleCommand(io))
    .addCommand(firmwareCommand(io))
    .addCommand(completionCommand(io))
}

/** Runs the command line `args`, without the program's name, and sets the exit code. */
export async function runProgram(args: readonly string[], io: CliIo): Promise<void> {
  const program = offhookProgram(io)
  everyCommand(program, (command) => {
    command.exitOverride().configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Commander calls help that was asked for an error with exit code 0, and a wrong command line one with 1.
    if (error.exitCode !== 0) io.setExitCode(USAGE)
  }
}

export function everyCommand(command: Command, visit: (command: Command) => void): void {
  visit(command)
  for (const one of command.commands) everyCommand(one, visit)
}

// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { Command } from 'commander'
import { acceptLoss, type Inspection, inspect } from '#daemon/store/rescue'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'

interface FolderOptions {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
}

/** `offhook verify`: examines the store of a stopped daemon and changes nothing. Exit code 1 when it is damaged. */
export function verifyCommand(io: CliIo): Command {
  return withFolder(new Command('verify'))
    .description('examine the data of a stopped daemon, changing nothing')
    .action(async (options: FolderOptions) => {
      try {
        const inspection = await inspect(storeFolder(options, io))
        report(inspection, options, io)
        if (inspection.findings.length > 0) io.setExitCode(1)
      } catch (error) {
        fail(io, error)
      }
    })
}

/** `offhook store accept-loss`: makes a damaged store usable with what is left, after copying it aside. */
export function storeCommand(io: CliIo): Command {
  const acceptLossCommand = withFolder(new Command('accept-loss'))
    .description('go on with the intact records of a damaged store; the damaged files are copied aside first')
    .action(async (options: FolderOptions) => {
      try {
        const acceptance = await acceptLoss(storeFolder(options, io), Date.now)
        report(acceptance, options, io)
        if (!options.json) io.stdout(`The files as they were: ${acceptance.copy}\n`)
      } catch (error) {
        fail(io, error)
      }
    })
  return new Command('store').description('mend the data of a stopped daemon').addCommand(acceptLossCommand)
}

function withFolder(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration that names the data folder', CONFIG_FILE)
    .option('--data <folder>', 'the data folder itself')
    .option('--json', 'print one JSON object')
}

function storeFolder({ config, data }: FolderOptions, io: CliIo): string {
  return join(data ?? readConfig(config, io.environment).data.folder, 'store')
}

function report({ tables, findings, sequence }: Inspection, { json }: FolderOptions, io: CliIo): void {
  if (json) {
    io.stdout(`${JSON.stringify({ sequence, tables: Object.fromEntries(tables), findings })}\n`)
    return
  }
  for (const [table, count] of tables) io.stdout(`${table.padEnd(12)} ${String(count).padStart(8)} records\n`)
  for (const finding of findings) io.stdout(`DAMAGE: ${finding}\n`)
  if (findings.length === 0) io.stdout('The store is whole.\n')
}

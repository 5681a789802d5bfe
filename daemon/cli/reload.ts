// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander'
import type { ReloadReport } from '#web/ports/configuration'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'
import { askDaemon } from './local-api.ts'

/**
 * `offhook reload`: the running daemon reads its configuration again. Exit code 1 when it refuses it, or when there is
 * none. `offhook check-config` is the dry run.
 */
export function reloadCommand(io: CliIo): Command {
  return new Command('reload')
    .description('let the running daemon read its configuration again')
    .option('-c, --config <file>', 'the configuration that names the data folder', CONFIG_FILE)
    .option('--data <folder>', 'the data folder, instead of the configured one')
    .option('--json', 'print one JSON object')
    .action(
      async ({ config, data, json }: { readonly config: string; readonly data?: string; readonly json?: boolean }) => {
        try {
          const folder = data ?? readConfig(config, io.environment).data.folder
          const report = (await askDaemon(folder, 'api/v1/configuration/reload', 'POST')) as ReloadReport
          if (report.outcome === 'refused' || report.failures.length > 0) io.setExitCode(1)
          if (json) io.stdout(`${JSON.stringify(report)}\n`)
          else tell(report, io)
        } catch (error) {
          fail(io, error)
        }
      },
    )
}

function tell({ outcome, complaints, applied, restart, failures }: ReloadReport, io: CliIo): void {
  for (const complaint of [...complaints, ...failures]) io.stderr(`${complaint}\n`)
  if (outcome === 'refused') io.stderr('Refused: the running configuration stays.\n')
  else io.stdout(applied.length > 0 ? `In force: ${applied.join(', ')}\n` : 'Nothing changed.\n')
  if (restart.length > 0) io.stdout(`Waiting for a restart: ${restart.join(', ')}\n`)
}

// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander'
import { ConfigError } from '#config/load'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'

interface Options {
  readonly config: string
  readonly json?: boolean
}

/** `offhook check-config`: says whether a configuration would be accepted, and if not, every reason with its line. */
export function checkConfigCommand(io: CliIo): Command {
  return new Command('check-config')
    .description('check a configuration without starting anything')
    .option('-c, --config <file>', 'the configuration', CONFIG_FILE)
    .option('--json', 'print one JSON object')
    .action(({ config, json }: Options) => {
      try {
        readConfig(config, io.environment)
        io.stdout(json ? `${JSON.stringify({ file: config, good: true, complaints: [] })}\n` : `${config}: good\n`)
      } catch (error) {
        if (!(error instanceof ConfigError)) return fail(io, error)
        const { complaints } = error
        if (json) io.stdout(`${JSON.stringify({ file: config, good: false, complaints })}\n`)
        else for (const complaint of complaints) io.stderr(`${complaint}\n`)
        io.setExitCode(1)
      }
    })
}

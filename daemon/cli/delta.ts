// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander'
import { deltaLines, deviations } from '#daemon/domain/provisioning/delta'
import { type CliIo, fail } from './io.ts'
import { textOf } from './lint.ts'

/** `offhook delta <before> <after>`: what was changed on a phone, as lines for a template. Needs no running daemon. */
export function deltaCommand(io: CliIo): Command {
  return new Command('delta')
    .description("print what was changed between two saved files of one phone, as a template's lines")
    .argument('<before>', 'the file that was saved before the change')
    .argument('<after>', 'the file that was saved after it')
    .option('--json', 'print JSON')
    .action(async (before: string, after: string, { json }: { readonly json?: boolean }) => {
      try {
        const found = deviations(await textOf(before), await textOf(after))
        io.stdout(json ? `${JSON.stringify(found)}\n` : deltaLines(found))
      } catch (error) {
        fail(io, error)
      }
    })
}

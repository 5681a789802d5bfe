// SPDX-License-Identifier: Apache-2.0
import { Argument, Command } from 'commander'
import type { CliIo } from './io.ts'
import { completionFor, SHELLS, type Shell } from './reference/completion.ts'
import { commandTree } from './reference/tree.ts'

/** `offhook completion <shell>`: for those who did not install the package, which brings these scripts. */
export function completionCommand(io: CliIo): Command {
  return new Command('completion')
    .description('print the script by which a shell completes this command line')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', '\nFor this session of bash: source <(offhook completion bash)')
    .action((shell: Shell, _options: object, command: Command) => {
      io.stdout(completionFor(shell, commandTree(command.parent ?? command)))
    })
}

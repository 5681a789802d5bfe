// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander'

/** An option as a person reads it. */
export interface OptionEntry {
  /** As in help: `-c, --config <file>`. */
  readonly flags: string
  /** `-c` and `--config`. */
  readonly names: readonly string[]
  readonly description: string
  readonly takesValue: boolean
  /** The only values it takes; empty when any text will do. */
  readonly choices: readonly string[]
  /** What it is when it is left out, if that is worth saying. */
  readonly fallback: string | undefined
}

/** A command and all that lies below it. */
export interface CommandEntry {
  /** The words after `offhook`: `alarm ack`; empty for the program itself. */
  readonly path: string
  readonly description: string
  /** As in help: `[options] <id>`. */
  readonly usage: string
  readonly arguments: readonly { readonly term: string; readonly description: string }[]
  readonly options: readonly OptionEntry[]
  readonly commands: readonly CommandEntry[]
}

/** What the manual pages and the shells' completions are made of: the commands as commander has them. */
export function commandTree(command: Command, parents: readonly string[] = [], isRoot = true): CommandEntry {
  const path = isRoot ? parents : [...parents, command.name()]
  const help = command.createHelp()
  return {
    path: path.join(' '),
    description: command.description(),
    usage: command.usage(),
    arguments: help.visibleArguments(command).map((argument) => ({
      term: help.argumentTerm(argument),
      description: help.argumentDescription(argument),
    })),
    options: help.visibleOptions(command).map((option) => ({
      flags: option.flags,
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      takesValue: option.required || option.optional,
      choices: option.argChoices ?? [],
      fallback: fallbackOf(option.defaultValueDescription, option.defaultValue),
    })),
    commands: help
      .visibleCommands(command)
      .filter((one) => one.name() !== 'help')
      .map((one) => commandTree(one, path, false)),
  }
}

function fallbackOf(described: string | undefined, value: unknown): string | undefined {
  if (described !== undefined) return described
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The command itself and everything below it. */
export function flat(entry: CommandEntry): CommandEntry[] {
  return [entry, ...entry.commands.flatMap(flat)]
}

// SPDX-License-Identifier: Apache-2.0
import { EXIT_CODES } from '#daemon/cli/exit-codes'
import type { CommandEntry } from './tree.ts'

export interface ManualPage {
  /** `offhook-alarm.1`. */
  readonly file: string
  /** For man(7) macros, UTF-8. */
  readonly text: string
}

interface Edition {
  readonly version: string
  /** As in `2026-11-21`. */
  readonly date: string
}

const FILES = [
  ['/etc/offhook/offhook.yaml', 'The configuration. Reload it with "offhook reload" or "systemctl reload offhook".'],
  ['/var/lib/offhook', 'The data: what is worth keeping. Its owner may ask the running daemon by these commands.'],
  ['/usr/share/doc/offhook/examples/offhook.example.yaml', 'Every setting, with what it is for.'],
] as const

const ENVIRONMENT = [
  ['OFFHOOK_SECTION__SETTING', 'Overrides a setting of the configuration: OFFHOOK_WEB__LISTEN sets web.listen.'],
  ['CREDENTIALS_DIRECTORY', 'Where systemd put the credentials that the configuration names.'],
  ['NOTIFY_SOCKET, WATCHDOG_USEC', 'Set by systemd: the daemon says there that it is ready, well and stopping.'],
] as const

/** One page for the program, and one for each of its commands with all that lies below it. */
export function manualPages(program: CommandEntry, edition: Edition): ManualPage[] {
  return [overview(program, edition), ...program.commands.map((command) => pageOf(command, program, edition))]
}

function overview(program: CommandEntry, edition: Edition): ManualPage {
  const text = [
    ...heading('offhook', program.description, edition),
    '.SH SYNOPSIS',
    '.B offhook',
    '.I command',
    '[\\fIoptions\\fR]',
    '.SH DESCRIPTION',
    line('One daemon that boots, configures, watches and steers desk phones, and the commands that go with it.'),
    line('Commands that change something ask the running daemon, unless they say that it must be stopped.'),
    line('With --json they print one JSON value to standard output, for programs.'),
    '.SH COMMANDS',
    ...program.commands.flatMap(({ path, description }) => [
      '.TP',
      `.BR ${word(`offhook-${path}`)} (1)`,
      line(`${description}.`),
    ]),
    ...ending(program.commands.map(({ path }) => `offhook-${path}`)),
  ]
  return { file: 'offhook.1', text: joined(text) }
}

function pageOf(command: CommandEntry, program: CommandEntry, edition: Edition): ManualPage {
  const name = `offhook-${command.path}`
  const text = [
    ...heading(name, command.description, edition),
    '.SH SYNOPSIS',
    ...synopsis(command),
    '.SH DESCRIPTION',
    line(`${sentence(command.description)}.`),
    ...details(command),
    ...command.commands.flatMap((one) => [
      `.SH ${quoted(one.path.toUpperCase())}`,
      ...synopsis(one),
      '.PP',
      line(`${sentence(one.description)}.`),
      ...details(one),
    ]),
    ...ending(['offhook', ...program.commands.map(({ path }) => `offhook-${path}`).filter((other) => other !== name)]),
  ]
  return { file: `${name}.1`, text: joined(text) }
}

function heading(name: string, description: string, { version, date }: Edition): string[] {
  return [
    `.\\" Made from the program's own help: do not edit.`,
    `.TH ${quoted(name.toUpperCase())} 1 ${quoted(date)} ${quoted(`Offhook ${version}`)} ${quoted('Offhook')}`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(description)}`,
  ]
}

/** A command that only groups others has no line of its own: each of those has. */
function synopsis({ path, usage, commands }: CommandEntry): string[] {
  if (commands.length > 0) return commands.flatMap((one, index) => [...(index > 0 ? ['.br'] : []), ...synopsis(one)])
  return [`.B ${escaped(`offhook ${path}`)}`, line(usage)]
}

function details(entry: CommandEntry): string[] {
  return [
    ...entry.arguments.flatMap(({ term, description }) => [
      '.TP',
      `.I ${word(term)}`,
      line(`${sentence(description)}.`),
    ]),
    ...entry.options.flatMap(({ flags, description, choices, fallback }) => {
      const more = [
        ...(choices.length > 0 ? [`One of: ${choices.join(', ')}.`] : []),
        ...(fallback === undefined ? [] : [`By default ${fallback}.`]),
      ]
      return ['.TP', `.B ${escaped(flags)}`, line([`${sentence(description)}.`, ...more].join(' '))]
    }),
  ]
}

function ending(others: readonly string[]): string[] {
  const terms = (rows: readonly (readonly [string | number, string])[]) =>
    rows.flatMap(([term, text]) => ['.TP', `.B ${escaped(String(term))}`, line(text)])
  const last = others.length - 1
  return [
    ...['.SH EXIT STATUS', ...terms(EXIT_CODES)],
    ...['.SH FILES', ...terms(FILES)],
    ...['.SH ENVIRONMENT', ...terms(ENVIRONMENT)],
    '.SH SEE ALSO',
    ...others.map((other, index) => `.BR ${word(other)} (1)${index === last ? '' : ','}`),
  ]
}

function joined(lines: readonly string[]): string {
  return `${lines.filter((one) => one !== '').join('\n')}\n`
}

/** A line of text: a leading dot or apostrophe would be a request to roff. */
function line(text: string): string {
  const safe = escaped(text)
  return /^[.']/.test(safe) ? `\\&${safe}` : safe
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/\p{Cc}/gu, ' ')
}

/** One argument of a macro, even with spaces in it. */
function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`
}

function word(text: string): string {
  return text.includes(' ') ? quoted(text) : escaped(text)
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.$/, '')
}

// SPDX-License-Identifier: Apache-2.0
import { open, readFile, stat } from 'node:fs/promises'
import { Command } from 'commander'
import { LARGEST_PEOPLE_FILE, type PeopleReport } from '#web/ports/people-files'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'
import { callDaemon, refusalOf } from './local-api.ts'

interface Place {
  readonly config: string
  readonly data?: string
}

interface ImportOptions extends Place {
  readonly dryRun?: boolean
  readonly createRegions?: boolean
  readonly json?: boolean
}

interface ExportOptions extends Place {
  readonly output?: string
  readonly text?: string
  readonly region?: string
}

/** More lines than a person reads; `--json` has them all. */
const MOST_TOLD = 50

export function withPlace(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration that names the data folder', CONFIG_FILE)
    .option('--data <folder>', 'the data folder, instead of the configured one')
}

export function folderOf({ config, data }: Place, io: CliIo): string {
  return data ?? readConfig(config, io.environment).data.folder
}

export async function guarded(io: CliIo, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    fail(io, error)
  }
}

/** `offhook import`: users and phones from a CSV file, by the running daemon. Exit code 1 when a row was rejected. */
export function importCommand(io: CliIo): Command {
  return withPlace(new Command('import'))
    .description('take users and their phones from a CSV file')
    .argument('<file>', 'with the columns Name, Password, Display Name, Region, Device 1 MAC Address …')
    .option('--dry-run', 'say what would happen, and change nothing')
    .option('--create-regions', 'make regions that are not there, instead of rejecting their rows')
    .option('--json', 'print one JSON object')
    .action((file: string, options: ImportOptions) => guarded(io, () => importFile(file, options, io)))
}

/** `offhook export`: users and phones as a CSV file, without passwords. */
export function exportCommand(io: CliIo): Command {
  return withPlace(new Command('export'))
    .description('write users and their phones as CSV to standard output, or into a new file')
    .option('-o, --output <file>', 'a file that does not exist yet')
    .option('--text <text>', 'only users with this in their name, number or MAC addresses')
    .option('--region <region>', 'only users of this region or site, and of what lies in it')
    .action((options: ExportOptions) => guarded(io, () => exportFile(options, io)))
}

async function importFile(file: string, options: ImportOptions, io: CliIo): Promise<void> {
  const { size } = await stat(file)
  if (size > LARGEST_PEOPLE_FILE) throw new Error(`${file} is larger than ${LARGEST_PEOPLE_FILE / 2 ** 20} MB`)
  const query = new URLSearchParams()
  if (options.dryRun) query.set('dryRun', 'true')
  if (options.createRegions) query.set('createRegions', 'true')
  const body = await readFile(file)
  const call = { method: 'POST', body, accept: 'application/x-ndjson', signal: io.signal } as const
  const response = await callDaemon(folderOf(options, io), `api/v1/people/import?${query}`, call)
  if (!response.ok) throw new Error(await refusalOf(response))
  const report = await followed(response, io)
  if (report.rejected.length > 0 || !report.complete) io.setExitCode(1)
  io.stdout(options.json ? `${JSON.stringify({ file, ...report })}\n` : textOf(report))
}

/** Shows progress to a person while the lines come; gives the report that ends them. */
async function followed(response: Response, io: CliIo): Promise<PeopleReport> {
  if (!response.body) throw new Error('the daemon answered nothing')
  let rest = ''
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const said = JSON.parse(line) as { done?: number; whole?: number; report?: PeopleReport; error?: string }
      if (said.error !== undefined) throw new Error(said.error)
      if (io.terminal && said.done !== undefined) io.stderr(`\r${said.done} of ${said.whole} rows`)
      if (said.report) {
        if (io.terminal) io.stderr('\n')
        return said.report
      }
    }
  }
  throw new Error('the daemon stopped amid the import; the same file goes on from there')
}

async function exportFile({ output, text, region, ...place }: ExportOptions, io: CliIo): Promise<void> {
  const query = new URLSearchParams({ ...(text && { text }), ...(region && { region }) })
  const path = `api/v1/people/export?${query}`
  const response = await callDaemon(folderOf(place, io), path, { signal: io.signal })
  if (!response.ok || !response.body) throw new Error(await refusalOf(response))
  if (output === undefined) {
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) io.stdout(piece)
    return
  }
  // Who has which phone: for its owner only.
  const handle = await open(output, 'wx', 0o600)
  try {
    for await (const piece of response.body) await handle.write(piece as Uint8Array)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function textOf({ dryRun, complete, users, devices, regions, rejected, unknownColumns }: PeopleReport): string {
  const lines = [
    dryRun ? 'What would happen:' : 'Done:',
    `  users    ${users.added} added, ${users.changed} changed, ${users.unchanged} as they were`,
    `  devices  ${devices.added} added, ${devices.moved} moved, ${devices.changed} changed, ${devices.unchanged} as they were`,
    ...(regions.length > 0 ? [`  regions  ${regions.join(', ')}`] : []),
    ...(unknownColumns.length > 0 ? [`Columns that were not read: ${unknownColumns.join(', ')}`] : []),
    `Rejected: ${rejected.length}`,
    ...rejected.slice(0, MOST_TOLD).map(({ line, reason }) => `  line ${line}: ${reason}`),
    ...(rejected.length > MOST_TOLD ? [`  (the first ${MOST_TOLD}; --json lists all)`] : []),
    ...(complete ? [] : ['Stopped before the end: the same file goes on from there.']),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander'
import type { CliIo } from './io.ts'
import { textOf } from './lint.ts'
import { type Call, callDaemon, refusalOf } from './local-api.ts'
import { folderOf, guarded, withPlace } from './people.ts'

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
  readonly part?: string
  readonly dryRun?: boolean
}

interface Row {
  readonly id: string
  readonly title: string
  readonly models: readonly string[]
  readonly firmware: string
  readonly origin: string
  readonly phones: number
  readonly revision: number
}

/** `offhook template`: the texts that phones' files are made of, through the running daemon. */
export function templateCommand(io: CliIo): Command {
  const list = withPlace(new Command('list'))
    .description('list templates, and how many phones get each')
    .option('--json', 'print JSON')
    .action((options: Options) => guarded(io, () => listTemplates(options, io)))
  const show = withPlace(new Command('show'))
    .description('print a part of a template')
    .argument('<id>', 'as "offhook template list" shows it')
    .option('--part <part>', 'global or private', 'private')
    .action((id: string, options: Options) => guarded(io, async () => io.stdout(await textPart(id, options, io))))
  const set = withPlace(new Command('set'))
    .description('replace a part of a template by a file')
    .argument('<id>', 'as "offhook template list" shows it')
    .argument('<file>', 'its new text')
    .option('--part <part>', 'global or private', 'private')
    .option('--dry-run', 'only say how many phones would change')
    .action((id: string, file: string, options: Options) => guarded(io, () => setPart(id, file, options, io)))
  const restore = withPlace(new Command('restore'))
    .description('make a changed template what came with Offhook')
    .argument('<id>', 'as "offhook template list" shows it')
    .option('--dry-run', 'only say how many phones would change')
    .action((id: string, options: Options) => guarded(io, () => restoreTemplate(id, options, io)))
  return new Command('template')
    .description('the texts that phones’ files are made of, through the running daemon')
    .addCommand(list)
    .addCommand(show)
    .addCommand(set)
    .addCommand(restore)
}

async function listTemplates(options: Options, io: CliIo): Promise<void> {
  const { rows } = (await (await ask(options, io, '')).json()) as { rows: readonly Row[] }
  if (options.json) {
    io.stdout(`${JSON.stringify(rows)}\n`)
    return
  }
  for (const { id, origin, phones, models } of rows) {
    io.stdout(`${id.padEnd(24)} ${origin.padEnd(8)} ${String(phones).padStart(6)}  ${models.join(' ')}\n`)
  }
}

async function textPart(id: string, options: Options, io: CliIo): Promise<string> {
  const text = await (await ask(options, io, `/${encodeURIComponent(id)}/${partOf(options)}`)).text()
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

async function setPart(id: string, file: string, options: Options, io: CliIo): Promise<void> {
  const path = `/${encodeURIComponent(id)}/${partOf(options)}${options.dryRun ? '?preview=true' : ''}`
  const body = new TextEncoder().encode(await textOf(file))
  tell(await (await ask(options, io, path, { method: 'PUT', body, type: 'text/plain' })).json(), io)
}

async function restoreTemplate(id: string, options: Options, io: CliIo): Promise<void> {
  const path = `/${encodeURIComponent(id)}/restore${options.dryRun ? '?preview=true' : ''}`
  tell(await (await ask(options, io, path, { method: 'POST', body: {} })).json(), io)
}

function tell(answer: unknown, io: CliIo): void {
  const { changed, revision } = answer as { changed?: number; revision?: { sequence: number; phones?: number } }
  if (revision) io.stdout(`Saved as change ${revision.sequence}: ${phonesText(revision.phones ?? 0)} another file.\n`)
  else io.stdout(`Nothing was saved: ${phonesText(changed ?? 0)} another file.\n`)
}

function phonesText(phones: number): string {
  return phones === 1 ? '1 phone gets' : `${phones} phones get`
}

function partOf({ part = 'private' }: Options): string {
  if (part === 'global' || part === 'private') return part
  throw new Error('--part is global or private')
}

async function ask(options: Options, io: CliIo, path: string, call: Call = {}): Promise<Response> {
  const answer = await callDaemon(await folderOf(options, io), `api/v1/templates${path}`, call)
  if (answer.ok) return answer
  throw new Error(await refusalOf(answer))
}

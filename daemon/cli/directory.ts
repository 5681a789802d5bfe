// SPDX-License-Identifier: Apache-2.0
import { open, readFile, stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { Command, Option } from 'commander'
import type { Contact } from '#daemon/domain/directory'
import { DIRECTORY_FORMATS, type DirectoryFormat } from '#daemon/domain/directory-file'
import type { BindAccount, ContactPage, ImportPreview, PhoneScreen, SyncRun, Upstream } from '#web/ports/directory'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'
import { callDaemon, refusalOf } from './local-api.ts'

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
  readonly format?: DirectoryFormat
  readonly output?: string
  readonly source?: string
  readonly region?: string
  readonly replace?: boolean
  readonly dryRun?: boolean
  readonly limit?: string
  readonly owner?: string
  readonly new?: boolean
  readonly number?: boolean
}

/** More lines than a person reads; `--json` has them all. */
const MOST_TOLD = 50
const LARGEST_FILE = 32 * 2 ** 20
/** Importing, and copying another directory, may take that long, in milliseconds. */
const LONG = 30 * 60_000
const FORMATS: Readonly<Record<string, DirectoryFormat>> = {
  '.csv': 'csv',
  '.txt': 'csv',
  '.ldif': 'ldif',
  '.vcf': 'vcard',
}

/**
 * `offhook directory`: the phonebook of the running daemon. Exit code 1 when nothing could be done, or when something of
 * an imported file was rejected, a test shows no hit, or a sync failed.
 */
export function directoryCommand(io: CliIo): Command {
  const directory = new Command('directory').description('the phonebook that phones search, of the running daemon')
  const add = (name: string, description: string) => {
    const command = new Command(name)
      .description(description)
      .option('-c, --config <file>', 'the configuration with the data folder', CONFIG_FILE)
      .option('--data <folder>', 'the data folder, instead of the configured one')
      .option('--json', 'print JSON')
    directory.addCommand(command)
    return command
  }
  const format = new Option('-f, --format <format>', 'by default as the file’s name ends').choices(DIRECTORY_FORMATS)
  add('import', 'take in a phonebook from a file: CSV, LDIF or vCard, in UTF-8')
    .argument('<file>')
    .addOption(format)
    .option('--source <name>', 'what to call it: importing it again changes its entries and no others')
    .option('--region <region>', 'who sees entries that name no region themselves; else everybody')
    .option('--replace', 'remove entries of this source that the file no longer has')
    .option('--dry-run', 'say what would happen, and change nothing')
    .action((file: string, options: Options) => guarded(io, () => importFile(file, options, io)))
  add('export', 'write all shared contacts to standard output, or into a new file')
    .addOption(new Option('-f, --format <format>').choices(DIRECTORY_FORMATS).default('csv'))
    .option('-o, --output <file>', 'a file that does not exist yet')
    .action((options: Options) => guarded(io, () => exportAll(options, io)))
  add('contacts', 'look contacts up by beginnings of words, or by digits')
    .argument('[text...]')
    .option('--region <region>', 'only those of this region')
    .option('--source <name>', 'only those that come from there')
    .option('--limit <n>', 'at most so many', '50')
    .action((text: string[], options: Options) => guarded(io, () => contacts(text.join(' '), options, io)))
  add('accounts', 'list the names with which phones may search').action((options: Options) =>
    guarded(io, () => accounts(options, io)),
  )
  add('set-account', 'change an account, or make one; the password is asked for, or the first line of standard input')
    .argument('<name>')
    .option('--new', 'make it')
    .option('--region <region>', 'sees only what belongs there; else everything', '')
    .option('--owner <user>', 'sees the personal contacts of this user, too', '')
    .action((name: string, options: Options) => guarded(io, () => setAccount(name, options, io)))
  add('remove-account', 'take an account away')
    .argument('<name>')
    .action((name: string, options: Options) => guarded(io, () => removeAccount(name, options, io)))
  add('test', 'show what a phone would show for what is typed')
    .argument('<typed>')
    .option('--number', 'a number is typed, not a name')
    .option('--region <region>', 'with the settings of the phones there', '')
    .action((typed: string, options: Options) => guarded(io, () => test(typed, options, io)))
  add('sync', 'list the other directories with their last runs, or copy one now')
    .argument('[name]')
    .action((name: string | undefined, options: Options) => guarded(io, () => sync(name, options, io)))
  return directory
}

async function guarded(io: CliIo, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    fail(io, error)
  }
}

async function importFile(file: string, options: Options, io: CliIo): Promise<void> {
  const format = options.format ?? FORMATS[extname(file).toLowerCase()]
  if (!format) throw new Error(`${file}: say with --format which of ${DIRECTORY_FORMATS.join(', ')} it is`)
  const { size } = await stat(file)
  if (size > LARGEST_FILE) throw new Error(`${file} is larger than ${LARGEST_FILE / 2 ** 20} MB`)
  const bytes = await readFile(file)
  const source = options.source ?? basename(file, extname(file))
  const query = new URLSearchParams({
    format,
    source,
    region: options.region ?? '',
    replace: String(options.replace ?? false),
  })
  const path = `api/v1/directory/import?${query}`
  const say = (line: string) => {
    if (io.terminal && !options.json) io.stderr(`${line}\n`)
  }
  say(`Comparing ${file} with the phonebook …`)
  const plan = await asked<ImportPreview>(options, io, {
    method: 'POST',
    path: `${path}&dryRun=true`,
    body: bytes,
    timeoutMs: LONG,
  })
  let report = plan
  if (!options.dryRun) {
    say(`Writing ${plan.added + plan.changed + plan.removed} changes …`)
    const hash = encodeURIComponent(plan.hash)
    report = await asked<ImportPreview>(options, io, {
      method: 'POST',
      path: `${path}&hash=${hash}`,
      body: bytes,
      timeoutMs: LONG,
    })
  }
  if (report.rejected.length > 0) io.setExitCode(1)
  if (options.json) return print(io, { file, dryRun: options.dryRun ?? false, ...report })
  const done = options.dryRun ? 'Would be' : 'Were'
  io.stdout(`${done} added: ${report.added}, changed: ${report.changed}, removed: ${report.removed}\n`)
  io.stdout(`Unchanged: ${report.unchanged}, rejected: ${report.rejected.length}\n`)
  for (const { line, reason } of report.rejected.slice(0, MOST_TOLD))
    io.stdout(`  line ${line}: ${printable(reason)}\n`)
  if (report.rejected.length > MOST_TOLD) io.stdout(`(the first ${MOST_TOLD}; --json lists all)\n`)
}

async function exportAll(options: Options, io: CliIo): Promise<void> {
  const response = await answered(options, io, {
    method: 'GET',
    path: `api/v1/directory/export?format=${options.format}`,
    timeoutMs: LONG,
  })
  // People's numbers: for their owner only.
  const file = options.output === undefined ? undefined : await open(options.output, 'wx', 0o600)
  try {
    const decoder = new TextDecoder()
    for await (const piece of response.body ?? []) {
      if (file) await file.write(piece)
      else io.stdout(decoder.decode(piece, { stream: true }))
    }
    await file?.sync()
  } finally {
    await file?.close()
  }
}

async function contacts(text: string, options: Options, io: CliIo): Promise<void> {
  const query = new URLSearchParams({ text, pageSize: options.limit ?? '50' })
  if (options.region !== undefined) query.set('region', options.region)
  if (options.source !== undefined) query.set('source', options.source)
  const page = await asked<ContactPage>(options, io, { method: 'GET', path: `api/v1/directory/contacts?${query}` })
  if (options.json) return print(io, page)
  for (const contact of page.rows) io.stdout(`${printable(lineOf(contact))}\n`)
  io.stdout(`${page.rows.length} of ${page.total}\n`)
}

async function accounts(options: Options, io: CliIo): Promise<void> {
  const { rows } = await asked<{ rows: BindAccount[] }>(options, io, {
    method: 'GET',
    path: 'api/v1/directory/accounts',
  })
  if (options.json) return print(io, rows)
  for (const { name, region, owner, dn } of rows)
    io.stdout(`${[name, region || 'all regions', owner, dn].join('\t')}\n`)
}

async function setAccount(name: string, options: Options, io: CliIo): Promise<void> {
  const password = await io.readPassword?.(options.new ? 'Password' : 'New password (empty keeps the old one)')
  const body = { name, password, region: options.region, owner: options.owner }
  const place = 'api/v1/directory/accounts'
  const account = await asked<BindAccount>(
    options,
    io,
    options.new
      ? { method: 'POST', path: place, body }
      : { method: 'PUT', path: `${place}/${encodeURIComponent(name)}`, body },
  )
  if (options.json) return print(io, account)
  io.stdout(`Phones bind as ${account.dn}\n`)
}

async function removeAccount(name: string, options: Options, io: CliIo): Promise<void> {
  await answered(options, io, { method: 'DELETE', path: `api/v1/directory/accounts/${encodeURIComponent(name)}` })
  if (options.json) print(io, { removed: name })
}

async function test(typed: string, options: Options, io: CliIo): Promise<void> {
  const field = options.number ? 'number' : 'name'
  const query = new URLSearchParams({ typed, field, region: options.region ?? '' })
  const screen = await asked<PhoneScreen>(options, io, { method: 'GET', path: `api/v1/directory/test?${query}` })
  if (screen.kind === 'problem' || screen.hits.length === 0) io.setExitCode(1)
  if (options.json) return print(io, screen)
  if (screen.kind === 'problem') return io.stdout(`${screen.problem}\n`)
  io.stdout(`The phone asks ${screen.filter} at ${screen.base}, for at most ${screen.maxHits}.\n`)
  for (const { shown, numbers } of screen.hits) io.stdout(`${printable([shown, ...numbers].join('\t'))}\n`)
  io.stdout(`${screen.hits.length} shown${screen.more ? ', and there are more' : ''}\n`)
}

async function sync(name: string | undefined, options: Options, io: CliIo): Promise<void> {
  if (name === undefined) {
    const { rows } = await asked<{ rows: Upstream[] }>(options, io, {
      method: 'GET',
      path: 'api/v1/directory/upstreams',
    })
    if (options.json) return print(io, rows)
    for (const upstream of rows)
      io.stdout(`${upstream.name}\t${upstream.url}\t${upstream.last ? runText(upstream.last) : 'never copied'}\n`)
    return
  }
  if (io.terminal && !options.json) io.stderr(`Copying ${name} …\n`)
  const path = `api/v1/directory/upstreams/${encodeURIComponent(name)}/sync`
  const run = await asked<SyncRun>(options, io, { method: 'POST', path, timeoutMs: LONG })
  if (run.problem !== undefined) io.setExitCode(1)
  if (options.json) return print(io, run)
  io.stdout(`${runText(run)}\n`)
}

function runText({ at, added, changed, removed, unchanged, problem }: SyncRun): string {
  const counts = `${added} added, ${changed} changed, ${removed} removed, ${unchanged} unchanged`
  return `${new Date(at).toISOString()} ${problem === undefined ? counts : `${counts}: ${printable(problem)}`}`
}

interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: object | Uint8Array
  readonly timeoutMs?: number
}

async function asked<T>(options: Options, io: CliIo, request: Request): Promise<T> {
  return (await answered(options, io, request)).json() as Promise<T>
}

/** Throws the daemon's own sentence when it refuses. */
async function answered({ config, data }: Options, io: CliIo, request: Request): Promise<Response> {
  const folder = data ?? readConfig(config, io.environment).data.folder
  const { path, timeoutMs = 30_000, ...call } = request
  const response = await callDaemon(folder, path, { ...call, signal: AbortSignal.timeout(timeoutMs) })
  if (response.ok) return response
  throw new Error(printable(await refusalOf(response)))
}

function lineOf({ id, region, source, attributes }: Contact): string {
  const { displayName, telephoneNumber, mobile, mail } = attributes
  return [id, displayName, telephoneNumber ?? mobile ?? '', mail ?? '', region || 'all regions', source]
    .flat()
    .join('\t')
}

function print(io: CliIo, value: unknown): void {
  io.stdout(`${JSON.stringify(value)}\n`)
}

/** What others wrote must not steer the terminal; tabs part our columns. */
function printable(line: string): string {
  return line.replaceAll(/[^\P{Cc}\t]/gu, ' ')
}

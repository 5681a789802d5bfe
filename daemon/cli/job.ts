// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { Command, InvalidArgumentError } from 'commander'
import { JOB_KINDS, type Job, type Progress } from '#daemon/domain/job'
import { parseMac } from '#protocols/lib/mac'
import type { CliIo } from './io.ts'
import { type Call, callDaemon, refusalOf } from './local-api.ts'
import { folderOf, guarded, withPlace } from './people.ts'

type JobJson = Job & { readonly progress: Progress }

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
  readonly file?: string
  readonly text?: string
  readonly batch: number
  readonly delay?: number
  readonly value?: string
  readonly then?: string
  readonly restart?: boolean
  readonly from?: string
  readonly to?: string
  readonly perSite: number
  readonly start?: string
  readonly retries: number
  readonly expiry: number
}

/** `offhook job`: one action on many phones, through the running daemon. */
export function jobCommand(io: CliIo): Command {
  const json = ['--json', 'print JSON'] as const
  const begin = withPlace(new Command('begin'))
    .description('do something with many phones, in batches')
    .argument('<action>', JOB_KINDS.join(', '))
    .argument('[mac...]', 'hardware addresses')
    .option('--file <file>', 'with one hardware address in each line')
    .option('--text <text>', 'of a message')
    .option('--batch <n>', 'phones at once', wholeNumber, 5)
    .option('--delay <seconds>', 'between two batches; 120 for restarts and firmware, 2 for the rest', wholeNumber)
    .option(
      '--value <value>',
      'what a change sets: region, user, model, language, VLAN mode, template; or random (passwords)',
    )
    .option('--then <command>', 'after a change: have the phone check its configuration (check), or restart')
    .option('--restart', 'with "update firmware": restart, and update the configuration on the way')
    .option('--from <time>', 'only from this time of day where the phone is, such as 22:00')
    .option('--to <time>', 'until this one')
    .option('--per-site <n>', 'at most so many at work in one place; 0 for any number', wholeNumber, 0)
    .option('--start <time>', 'not before, such as 2026-03-01T22:00:00Z')
    .option('--retries <n>', 'how often a phone is told again', wholeNumber, 0)
    .option('--expiry <hours>', 'until phones that were not reached are given up', wholeNumber, 24)
    .option(...json)
    .action((kind: string, macs: string[], options: Options) => guarded(io, () => beginJob(kind, macs, options, io)))
  const list = withPlace(new Command('list'))
    .description('list jobs, the newest first')
    .option(...json)
    .action((options: Options) => guarded(io, () => listJobs(options, io)))
  const show = withPlace(new Command('show'))
    .description('how far a job is')
    .argument('<id>', 'as "offhook job list" shows it')
    .option(...json)
    .action((id: string, options: Options) => guarded(io, () => showJob(id, options, io)))
  const results = withPlace(new Command('results'))
    .description('what became of each phone, as CSV')
    .argument('<id>', 'as "offhook job list" shows it')
    .action((id: string, options: Options) => guarded(io, () => printResults(id, options, io)))
  const turn = (name: string, description: string) =>
    withPlace(new Command(name))
      .description(description)
      .argument('<id>', 'as "offhook job list" shows it')
      .action((id: string, options: Options) =>
        guarded(io, async () =>
          tell((await ask(options, io, `/${encodeURIComponent(id)}/${name}`, {})) as JobJson, io),
        ),
      )
  return new Command('job')
    .description('actions on many phones, through the running daemon')
    .addCommand(begin)
    .addCommand(list)
    .addCommand(show)
    .addCommand(results)
    .addCommand(turn('stop', 'tell no further phone'))
    .addCommand(turn('continue', 'go on with a stopped job'))
    .addCommand(turn('cancel', 'end a job; what phones were told already cannot be taken back'))
}

async function beginJob(kind: string, given: readonly string[], options: Options, io: CliIo): Promise<void> {
  const { file, text = '', value, then, restart, from, to, perSite, start, batch, delay, retries, expiry } = options
  const startAt = start === undefined ? 0 : Date.parse(start)
  if (Number.isNaN(startAt)) throw new Error(`"${start?.slice(0, 40)}" is no time such as 2026-03-01T22:00:00Z`)
  const lines = file === undefined ? [] : (await readFile(file, 'utf8')).split(/\r?\n/)
  const wanted = [...given, ...lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))]
  const macs = wanted.map((one, index) => {
    const mac = parseMac(one)
    if (!mac) throw new Error(`"${one.slice(0, 60)}" (number ${index + 1}) is no MAC address`)
    return mac
  })
  const draft = {
    ...{ kind, text, macs, batch, delaySeconds: delay, retries, expiryHours: expiry, startAt, perSite },
    ...{ value, restart, afterwards: then, window: from === undefined && to === undefined ? undefined : { from, to } },
  }
  const job = (await ask(options, io, '', draft)) as JobJson
  if (options.json) return io.stdout(`${JSON.stringify(job)}\n`)
  io.stdout(`${job.id}  ${job.kind} on ${job.size} phones has begun.\n`)
}

async function listJobs(options: Options, io: CliIo): Promise<void> {
  const { rows } = (await ask(options, io, '')) as { readonly rows: readonly JobJson[] }
  if (options.json) return io.stdout(`${JSON.stringify(rows)}\n`)
  if (rows.length === 0) io.stdout('There is no job.\n')
  for (const job of rows) tell(job, io)
}

async function showJob(id: string, options: Options, io: CliIo): Promise<void> {
  const job = (await ask(options, io, `/${encodeURIComponent(id)}`)) as JobJson
  if (options.json) io.stdout(`${JSON.stringify(job)}\n`)
  else tell(job, io)
}

async function printResults(id: string, options: Options, io: CliIo): Promise<void> {
  const path = `api/v1/jobs/${encodeURIComponent(id)}/export`
  const response = await callDaemon(folderOf(options, io), path)
  if (!response.ok) throw new Error(await refusalOf(response))
  io.stdout(await response.text())
}

function tell({ id, kind, state, size, by, progress }: JobJson, io: CliIo): void {
  const far = progress
    ? `, ${progress.confirmed} done, ${progress.failed} failed, ${progress.skipped} skipped, ${progress.waiting + progress.sent} to go`
    : ''
  io.stdout(`${id}  ${kind} on ${size} phones by ${by}: ${state}${far}\n`)
}

async function ask(options: Options, io: CliIo, path: string, body?: object): Promise<unknown> {
  const call: Call = body ? { method: 'POST', body } : {}
  const response = await callDaemon(folderOf(options, io), `api/v1/jobs${path}`, call)
  if (!response.ok) throw new Error(await refusalOf(response))
  return response.json()
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number, please.')
}

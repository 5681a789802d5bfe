// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander'
import type { Alarm } from '#daemon/domain/alarm'
import type { AlarmPage } from '#web/ports/alarms'
import type { DeliveryTest, Destination } from '#web/ports/forwarding'
import { CONFIG_FILE, readConfig } from './config-file.ts'
import { type CliIo, fail } from './io.ts'
import { callDaemon, refusalOf } from './local-api.ts'

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
}

interface ListOptions extends Options {
  readonly text?: string
  readonly severity?: string
}

type Ask = (path: string, method?: 'GET' | 'POST', body?: object) => Promise<unknown>

const PAGE = 200

/** `offhook alarm`: the active alarms of the running daemon, and the destinations that they go to. */
export function alarmCommand(io: CliIo): Command {
  const command = new Command('alarm').description('the alarms of the running daemon, and where they are forwarded to')
  const add = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .option('-c, --config <file>', 'the configuration that names the data folder', CONFIG_FILE)
      .option('--data <folder>', 'the data folder, instead of the configured one')
      .option('--json', 'print JSON')
  /** Exit code 1 when it cannot be done. */
  const guarded = async (options: Options, action: (ask: Ask) => Promise<void>) => {
    try {
      const folder = options.data ?? readConfig(options.config, io.environment).data.folder
      await action(async (path, method = 'GET', body) => {
        const response = await callDaemon(folder, path, { method, ...(body && { body }) })
        if (!response.ok) throw new Error(await refusalOf(response))
        return response.json()
      })
    } catch (error) {
      fail(io, error)
    }
  }

  add('list', 'the active alarms, the gravest first')
    .option('--text <words>', 'only those in which all these words occur: name, source, MAC, address …')
    .option('--severity <list>', 'only these severities, with commas between them')
    .action((options: ListOptions) => guarded(options, (ask) => list(ask, options, io)))
  add('ack', 'acknowledge an alarm, by the id that "list" shows')
    .argument('<id>')
    .option('--note <text>', 'why, or what is done about it', '')
    .action((id: string, options: Options & { readonly note: string }) =>
      guarded(options, async (ask) => {
        const answer = await ask(`api/v1/alarms/${encodeURIComponent(id)}/acknowledge`, 'POST', { note: options.note })
        io.stdout(options.json ? `${JSON.stringify(answer)}\n` : `Acknowledged: ${printable(id)}\n`)
      }),
    )
  add('destinations', 'where alarms go, and how that works').action((options: Options) =>
    guarded(options, async (ask) => {
      const rows = await destinations(ask)
      io.stdout(options.json ? `${JSON.stringify(rows)}\n` : rows.map(destinationText).join(''))
    }),
  )
  add('test', 'send a message that says it is a test to a destination')
    .argument('<name>')
    .action((name: string, options: Options) =>
      guarded(options, async (ask) => {
        const { id } = await named(ask, name)
        const test = (await ask(
          `api/v1/forwarding/destinations/${encodeURIComponent(id)}/test`,
          'POST',
        )) as DeliveryTest
        io.stdout(options.json ? `${JSON.stringify(test)}\n` : `${printable(test.sentence)}\n`)
        if (!test.ok) io.setExitCode(1)
      }),
    )
  add('resend', 'tell all active alarms once more')
    .argument('[name]', 'one destination; by default all of them')
    .action((name: string | undefined, options: Options) =>
      guarded(options, async (ask) => {
        const rows = name === undefined ? await destinations(ask) : [await named(ask, name)]
        for (const row of rows) {
          const path = `api/v1/forwarding/destinations/${encodeURIComponent(row.id)}/resend`
          const { queued } = (await ask(path, 'POST')) as { readonly queued: number }
          const line = { destination: row.name, queued }
          io.stdout(options.json ? `${JSON.stringify(line)}\n` : `${printable(row.name)}: ${queued} alarms\n`)
        }
      }),
    )
  return command
}

async function list(ask: Ask, { text, severity, json }: ListOptions, io: CliIo): Promise<void> {
  const query = new URLSearchParams({ pageSize: String(PAGE) })
  if (text !== undefined) query.set('text', text)
  if (severity !== undefined) query.set('severity', severity)
  const rows: Alarm[] = []
  for (let page = 1, pages = 1; page <= pages; page++) {
    query.set('page', String(page))
    const answer = (await ask(`api/v1/alarms?${query}`)) as AlarmPage
    rows.push(...answer.rows)
    pages = answer.pageCount
  }
  if (json) return io.stdout(`${JSON.stringify(rows)}\n`)
  for (const alarm of rows) io.stdout(alarmText(alarm))
  if (rows.length === 0) io.stdout('No alarm is active.\n')
}

function alarmText({ id, severity, description, raisedAt, acknowledged, count }: Alarm): string {
  const since = Math.abs(raisedAt) <= 8.64e15 ? new Date(raisedAt).toISOString().slice(0, 16).replace('T', ' ') : ''
  const taken = acknowledged ? `, acknowledged by ${acknowledged.by}` : ''
  const often = count > 1 ? `, ${count} times` : ''
  return `${severity.padEnd(13)} ${printable(id)}\n${' '.repeat(14)}${printable(description)}\n${' '.repeat(14)}since ${since} UTC${often}${printable(taken)}\n`
}

function destinationText({ name, target, state, waiting, delivered, dropped, lastError }: Destination): string {
  const gone = dropped > 0 ? `, ${dropped} given up` : ''
  const error = lastError === '' ? '' : `  ${printable(lastError)}\n`
  return `${printable(name)}: ${state}, ${waiting} waiting, ${delivered} delivered${gone}\n  ${printable(target)}\n${error}`
}

async function destinations(ask: Ask): Promise<readonly Destination[]> {
  return ((await ask('api/v1/forwarding/destinations')) as { readonly rows: readonly Destination[] }).rows
}

async function named(ask: Ask, name: string): Promise<Destination> {
  const rows = await destinations(ask)
  const found = rows.find((row) => row.name.toLowerCase() === name.toLowerCase())
  if (found) return found
  const known = rows.length === 0 ? 'there are none' : `there are ${rows.map((row) => `"${row.name}"`).join(', ')}`
  throw new Error(`there is no destination "${name}": ${known}`)
}

/** What a phone wrote must not steer the terminal. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
}

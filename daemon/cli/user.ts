// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { formatMac, type Mac } from '#protocols/lib/mac'
import type { CliIo } from './io.ts'
import { type Call, callDaemon, refusalOf } from './local-api.ts'
import { folderOf, guarded, withPlace } from './people.ts'

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
  readonly text?: string
  readonly region?: string
  readonly displayName?: string
  readonly number?: string
  readonly lineUri?: string
  readonly authName?: string
  readonly language?: string
  readonly passwordFile?: string
  readonly device?: readonly string[]
}

/** What the API says of a user. */
interface UserJson {
  readonly name: string
  readonly displayName: string
  readonly phoneNumber: string
  readonly lineUri: string
  readonly authName: string
  readonly language: string
  readonly regionPath: string
  readonly hasPassword: boolean
  readonly revision: number
  readonly devices: number
  readonly registered: number
}

interface PhoneJson {
  readonly mac: Mac
  readonly model: string
  readonly presence: string
  readonly label: string
}

const PAGE = 200

/** `offhook user`: the people of the fleet, through the running daemon. */
export function userCommand(io: CliIo): Command {
  const json = ['--json', 'print JSON'] as const
  const list = withPlace(new Command('list'))
    .description('list users with their phones')
    .option('--text <text>', 'with this in their name, number or MAC addresses')
    .option('--region <region>', 'of this region or site, and of what lies in it')
    .option(...json)
    .action((options: Options) => guarded(io, () => listUsers(options, io)))
  const show = withPlace(new Command('show'))
    .description('show one user and its phones')
    .argument('<name>', 'the login name')
    .option(...json)
    .action((name: string, options: Options) => guarded(io, () => showUser(name, options, io)))
  const add = withPlace(new Command('add'))
    .description('add a user')
    .argument('<name>', 'the login name')
    .option('--display-name <name>', 'what people read')
    .option('--number <numbers>', 'a number, or several with commas between them')
    .option('--line-uri <uri>', 'the line’s address, if it is not the number')
    .option('--region <region>', 'name or path of a region or site')
    .option('--auth-name <name>', 'for SIP, if it is not the login name')
    .option('--language <language>', 'of the phone’s display')
    .option('--password-file <file>', 'whose first line is the SIP password')
    .option('--device <mac...>', 'phones that are its own')
    .action((name: string, options: Options) => guarded(io, () => addUser(name, options, io)))
  const remove = withPlace(new Command('remove'))
    .description('remove a user; its phones are nobody’s then')
    .argument('<name>', 'the login name')
    .action((name: string, options: Options) => guarded(io, () => removeUser(name, options, io)))
  const command = new Command('user').description('the people of the fleet')
  for (const one of [list, show, add, remove]) command.addCommand(one)
  return command
}

async function listUsers(options: Options, io: CliIo): Promise<void> {
  const { text, region } = options
  const all: UserJson[] = []
  for (let page = 1, pageCount = 1; page <= pageCount; page++) {
    const query = new URLSearchParams({ ...(text && { text }), ...(region && { region }) })
    query.set('page', String(page))
    query.set('pageSize', String(PAGE))
    const found = (await ask(options, io, `?${query}`)) as { rows: UserJson[]; pageCount: number }
    pageCount = found.pageCount
    all.push(...found.rows)
  }
  if (options.json) return io.stdout(`${JSON.stringify(all)}\n`)
  const rows = all.map((user) => [
    ...[user.name, user.displayName, user.phoneNumber || user.lineUri, user.regionPath],
    `${user.devices} (${user.registered})`,
  ])
  io.stdout(columns([['NAME', 'DISPLAY NAME', 'LINE', 'REGION', 'PHONES (REGISTERED)'], ...rows]))
}

async function showUser(name: string, options: Options, io: CliIo): Promise<void> {
  const user = (await ask(options, io, `/${encodeURIComponent(name)}`)) as UserJson & { phones: readonly PhoneJson[] }
  if (options.json) return io.stdout(`${JSON.stringify(user)}\n`)
  io.stdout(
    columns([
      ['Name', user.name],
      ['Display name', user.displayName],
      ['Number', user.phoneNumber],
      ['Line URI', user.lineUri],
      ['Region', user.regionPath || 'the system'],
      ['SIP name', user.authName || user.name],
      ['SIP password', user.hasPassword ? 'set' : 'none'],
      ['Language', user.language],
    ]),
  )
  for (const { mac, model, presence, label } of user.phones) {
    io.stdout(`Phone ${formatMac(mac)}  ${plain([model, presence, label].filter((text) => text !== '').join(', '))}\n`)
  }
}

async function addUser(name: string, options: Options, io: CliIo): Promise<void> {
  const { displayName, number: phoneNumber, lineUri, region, authName, language, passwordFile, device = [] } = options
  const facts = { displayName, phoneNumber, lineUri, region, authName, language }
  const password = passwordFile === undefined ? undefined : await firstLine(passwordFile)
  const path = `/${encodeURIComponent(name)}`
  await ask(options, io, path, { method: 'PUT', body: { ...facts, ...(password !== undefined && { password }) } })
  io.stdout(`Added ${name}.\n`)
  for (const mac of device) {
    await ask(options, io, `${path}/devices`, { method: 'POST', body: { mac } })
    io.stdout(`Gave it the phone ${mac}.\n`)
  }
}

async function removeUser(name: string, options: Options, io: CliIo): Promise<void> {
  const path = `/${encodeURIComponent(name)}`
  const { revision, devices } = (await ask(options, io, path)) as UserJson
  await ask(options, io, `${path}?revision=${revision}`, { method: 'DELETE' })
  io.stdout(`Removed ${name}.${devices > 0 ? ` ${devices} of its phones are nobody’s now.` : ''}\n`)
}

async function ask(options: Options, io: CliIo, path: string, call: Call = {}): Promise<unknown> {
  const response = await callDaemon(folderOf(options, io), `api/v1/users${path}`, call)
  if (!response.ok) throw new Error(await refusalOf(response))
  return response.status === 204 ? undefined : response.json()
}

/** On the command line a password would stand in the list of processes, and in the shell's history. */
async function firstLine(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).split(/\r?\n/, 1)[0] ?? ''
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** A phone may send anything as its model; a terminal would obey control characters. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\ufffd')
}

// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander'
import { formatMac, type Mac, parseMac } from '#protocols/lib/mac'
import type { CliIo } from './io.ts'
import { type Call, callDaemon, refusalOf } from './local-api.ts'
import { folderOf, guarded, withPlace } from './people.ts'

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
  readonly text?: string
  readonly rejected?: boolean
  readonly region?: string
  readonly user?: string
  readonly displayName?: string
  readonly number?: string
}

interface WaitingJson {
  readonly mac: Mac
  readonly model: string
  readonly address: string
  readonly presence: string
  readonly proposed: { readonly name: string }
}

interface CommandJson {
  readonly kind: string
  readonly state: string
  readonly by: string
  readonly at: number
  readonly reason: string
  readonly attempts: readonly { readonly way: string; readonly detail: string }[]
}

const PAGE = 200

/** `offhook phone`: lets phones in, and tells them what to do, through the running daemon. */
export function phoneCommand(io: CliIo): Command {
  const json = ['--json', 'print JSON'] as const
  const withMacs = (name: string) => withPlace(new Command(name)).argument('<mac...>', 'hardware addresses')
  const waiting = withPlace(new Command('waiting'))
    .description('list phones that wait to be let in')
    .option('--rejected', 'those that were kept out instead')
    .option('--text <text>', 'with this in their user, MAC, address, model or firmware')
    .option(...json)
    .action((options: Options) => guarded(io, () => listWaiting(options, io)))
  const approve = withMacs('approve')
    .description('let phones in')
    .option('--region <region>', 'name or path of a region or site')
    .option('--user <name>', 'whose phone it is, one phone at a time; made if there is none of the name')
    .option('--display-name <name>', 'of a new user')
    .option('--number <number>', 'of a new user')
    .action((macs: string[], options: Options) => guarded(io, () => approvePhones(macs.map(macOf), options, io)))
  const reject = withMacs('reject')
    .description('keep phones out')
    .action((macs: string[], options: Options) => guarded(io, () => decide('reject', macs.map(macOf), options, io)))
  const readmit = withMacs('readmit')
    .description('have rejected phones wait again')
    .action((macs: string[], options: Options) => guarded(io, () => decide('readmit', macs.map(macOf), options, io)))
  const tell = (name: string, kind: string, description: string) =>
    withMacs(name)
      .description(description)
      .action((macs: string[], options: Options) =>
        guarded(io, () => tellPhones(macs.map(macOf), { kind }, options, io)),
      )
  const message = withPlace(new Command('message'))
    .description('show a text on a phone')
    .argument('<mac>', 'hardware address')
    .argument('<text>', 'at most 500 characters')
    .action((mac: string, text: string, options: Options) =>
      guarded(io, () => tellPhones([macOf(mac)], { kind: 'message', text }, options, io)),
    )
  const commands = withPlace(new Command('commands'))
    .description('what a phone was told, and what came of it')
    .argument('<mac>', 'hardware address')
    .option(...json)
    .action((mac: string, options: Options) => guarded(io, () => showCommands(macOf(mac), options, io)))
  return new Command('phone')
    .description('let phones in and tell them what to do, through the running daemon')
    .addCommand(waiting)
    .addCommand(approve)
    .addCommand(reject)
    .addCommand(readmit)
    .addCommand(tell('restart', 'restart', 'have phones start anew'))
    .addCommand(tell('check', 'check', 'have phones fetch their configuration'))
    .addCommand(tell('factory-reset', 'factory reset', 'have phones forget all their settings'))
    .addCommand(message)
    .addCommand(commands)
}

async function listWaiting(options: Options, io: CliIo): Promise<void> {
  const rows: WaitingJson[] = []
  for (let page = 1, pageCount = 1; page <= pageCount; page++) {
    const query = new URLSearchParams({ page: String(page), pageSize: String(PAGE), text: options.text ?? '' })
    if (options.rejected) query.set('show', 'rejected')
    const found = (await ask(options, io, `approvals?${query}`)) as { rows: WaitingJson[]; pageCount: number }
    rows.push(...found.rows)
    pageCount = found.pageCount
  }
  if (options.json) return io.stdout(`${JSON.stringify(rows)}\n`)
  if (rows.length === 0) io.stdout(options.rejected ? 'No phone was rejected.\n' : 'No phone waits.\n')
  for (const { mac, model, address, presence, proposed } of rows) {
    io.stdout(
      `${formatMac(mac)}  ${(model || '-').padEnd(8)} ${(address || '-').padEnd(15)} ${presence}, ${proposed.name}\n`,
    )
  }
}

async function approvePhones(macs: readonly Mac[], options: Options, io: CliIo): Promise<void> {
  const { user, region = '', displayName = '', number = '' } = options
  if (user === undefined) return decide('approve', macs, options, io, { region })
  const [mac, ...more] = macs
  if (!mac || more.length > 0) throw new Error('--user is for one phone at a time')
  await ask(options, io, `approvals/${mac}`, { name: user, displayName, phoneNumber: number, region })
  io.stdout(`${formatMac(mac)} is let in for ${user}.\n`)
}

async function decide(
  what: string,
  macs: readonly Mac[],
  options: Options,
  io: CliIo,
  more: object = {},
): Promise<void> {
  const answer = (await ask(options, io, `approvals/${what}`, { macs, ...more })) as {
    readonly changed: number
    readonly unchanged: number
  }
  io.stdout(`${answer.changed} changed, ${answer.unchanged} unknown or as wanted already.\n`)
}

async function tellPhones(macs: readonly Mac[], draft: object, options: Options, io: CliIo): Promise<void> {
  for (const mac of macs) {
    await ask(options, io, `devices/${mac}/commands`, draft)
    io.stdout(`${formatMac(mac)} is being told.\n`)
  }
}

async function showCommands(mac: Mac, options: Options, io: CliIo): Promise<void> {
  const { rows } = (await ask(options, io, `devices/${mac}/commands`)) as { readonly rows: readonly CommandJson[] }
  if (options.json) return io.stdout(`${JSON.stringify(rows)}\n`)
  if (rows.length === 0) io.stdout('The phone has been told nothing yet.\n')
  for (const { kind, state, by, at, reason, attempts } of rows) {
    io.stdout(
      `${new Date(at).toISOString()}  ${kind}: ${state}${reason === '' ? '' : ` (${reason})`}, wanted by ${by}\n`,
    )
    for (const { way, detail } of attempts) io.stdout(`  ${way}: ${detail}\n`)
  }
}

async function ask(options: Options, io: CliIo, path: string, body?: object): Promise<unknown> {
  const call: Call = body ? { method: 'POST', body } : {}
  const response = await callDaemon(folderOf(options, io), `api/v1/${path}`, call)
  if (!response.ok) throw new Error(await refusalOf(response))
  return response.json()
}

function macOf(text: string): Mac {
  const mac = parseMac(text)
  if (!mac) throw new Error(`"${text}" is no MAC address`)
  return mac
}

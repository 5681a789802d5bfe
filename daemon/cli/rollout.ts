// SPDX-License-Identifier: Apache-2.0
import { Command, InvalidArgumentError } from 'commander'
import { LIMITS, type Rollout, SHARES } from '#daemon/domain/rollout/rollout'
import type { RolloutPlan, RolloutRow } from '#web/ports/rollouts'
import type { CliIo } from './io.ts'
import { type Call, callDaemon, refusalOf } from './local-api.ts'
import { folderOf, guarded, withPlace } from './people.ts'

type RolloutJson = Rollout & Partial<Omit<RolloutRow, 'rollout'>>

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
}

interface BeginOptions extends Options {
  readonly where?: string
  readonly shares: readonly number[]
  readonly soak: number
  readonly patience: number
  readonly tolerance: number
  readonly batch: number
  readonly delay: number
  readonly keepRunning?: boolean
  readonly from?: string
  readonly to?: string
  readonly seed?: string
  readonly dryRun?: boolean
}

const ID = ['<id>', 'as "offhook rollout list" shows it'] as const
const JSON_OPTION = ['--json', 'print JSON'] as const

/** `offhook rollout`: new firmware in stages, with a brake, through the running daemon. */
export function rolloutCommand(io: CliIo): Command {
  const list = withPlace(new Command('list'))
    .description('list rollouts, the newest first')
    .option(...JSON_OPTION)
    .action((options: Options) => guarded(io, () => listRollouts(options, io)))
  const show = withPlace(new Command('show'))
    .description('how far a rollout is, what it waits for, and what was decided')
    .argument(...ID)
    .option(...JSON_OPTION)
    .action((id: string, options: Options) => guarded(io, () => showRollout(id, options, io)))
  const turn = (name: string, path: string, description: string) =>
    withPlace(new Command(name))
      .description(description)
      .argument(...ID)
      .option(...JSON_OPTION)
      .action((id: string, options: Options) =>
        guarded(io, async () =>
          print((await ask(options, io, `/${encodeURIComponent(id)}/${path}`, {})) as Rollout, options, io),
        ),
      )
  return new Command('rollout')
    .description('new firmware in stages, through the running daemon')
    .addCommand(list)
    .addCommand(show)
    .addCommand(beginCommand(io))
    .addCommand(turn('halt', 'halt', 'tell no further phone; phones that were updated keep the new image'))
    .addCommand(turn('continue', 'continue', 'go on with a halted rollout; phones in trouble count no more'))
    .addCommand(turn('cancel', 'cancel', 'end a rollout; phones that were updated get what is chosen for them'))
    .addCommand(turn('back', 'go-back', 'have the updated phones of a halted rollout go back to the old image'))
}

function beginCommand(io: CliIo): Command {
  const { soakMinutes, patienceMinutes, tolerancePercent } = LIMITS
  return withPlace(new Command('begin'))
    .description('bring images to all phones of their models, a few first')
    .argument('<image...>', 'SHA-256 of the images; of each model only one')
    .option('--where <scope>', 'only in this region, site or tenant, by its name or path')
    .option('--shares <percent>', 'of all phones after each stage, the last 100', percents, SHARES)
    .option('--soak <minutes>', 'how long a stage is watched at least', wholeNumber, soakMinutes.usual)
    .option('--patience <minutes>', 'until a phone that was told must be back', wholeNumber, patienceMinutes.usual)
    .option(
      '--tolerance <percent>',
      'so many phones more than before may be in trouble',
      wholeNumber,
      tolerancePercent.usual,
    )
    .option('--batch <n>', 'phones at once', wholeNumber, 5)
    .option('--delay <seconds>', 'between two batches', wholeNumber, 30)
    .option('--keep-running', 'phones do not restart for it: they fetch the image when they look by themselves')
    .option('--from <time>', 'only from this time of day where the phone is, such as 22:00')
    .option('--to <time>', 'until this one')
    .option('--seed <text>', 'decides which phones are first: the same one as in a dry run plans the same')
    .option('--dry-run', 'say who would get it when, and change nothing')
    .option(...JSON_OPTION)
    .action((images: string[], options: BeginOptions) => guarded(io, () => beginRollout(images, options, io)))
}

async function beginRollout(images: readonly string[], options: BeginOptions, io: CliIo): Promise<void> {
  const { where, shares, soak, patience, tolerance, batch, delay, keepRunning, from, to, seed, dryRun } = options
  const draft = {
    ...{ images: images.map((id) => id.toLowerCase()), where, shares, batch, delaySeconds: delay, seed },
    ...{ soakMinutes: soak, patienceMinutes: patience, tolerancePercent: tolerance, restart: !keepRunning },
    window: from === undefined && to === undefined ? undefined : { from, to },
  }
  const answer = await ask(options, io, dryRun ? '?dryRun=true' : '', draft)
  if (!dryRun) return print(answer as Rollout, options, io)
  if (options.json) return io.stdout(`${JSON.stringify(answer)}\n`)
  const { models, place, size, already, chosenNearer, stages, canaries } = answer as RolloutPlan
  io.stdout(`${changes(models)} on ${size} phones in ${place}\n`)
  for (const stage of stages) io.stdout(`  stage ${stage.name}: ${stage.size} phones\n`)
  for (const { mac, model, site } of canaries) io.stdout(`  first ${mac}  ${model}  ${site}\n`)
  if (already > 0) io.stdout(`  ${already} phones run the new version already\n`)
  if (chosenNearer > 0) io.stdout(`  ${chosenNearer} phones keep what was chosen nearer to them\n`)
}

async function listRollouts(options: Options, io: CliIo): Promise<void> {
  const { rows } = (await ask(options, io, '')) as { readonly rows: readonly RolloutJson[] }
  if (options.json) return io.stdout(`${JSON.stringify(rows)}\n`)
  if (rows.length === 0) io.stdout('There is no rollout.\n')
  for (const row of rows) io.stdout(lineOf(row))
}

async function showRollout(id: string, options: Options, io: CliIo): Promise<void> {
  const row = (await ask(options, io, `/${encodeURIComponent(id)}`)) as RolloutJson
  print(row, options, io)
  if (options.json) return
  for (const [verdict, count] of Object.entries(row.verdicts ?? {})) {
    if (typeof count === 'number' && count > 0) io.stdout(`  ${count} ${verdict}\n`)
  }
  for (const reason of row.waitsFor ?? []) io.stdout(`  waits: ${reason}\n`)
  for (const { at, by, text } of row.decisions) io.stdout(`  ${new Date(at).toISOString()}  ${by}: ${text}\n`)
}

function print(rollout: RolloutJson, { json }: Options, io: CliIo): void {
  io.stdout(json ? `${JSON.stringify(rollout)}\n` : lineOf(rollout))
}

function lineOf({ id, models, place, by, state, stages, stage, reason, reached, size, flashed }: RolloutJson): string {
  const far = size === undefined ? '' : `, ${reached} of ${size} phones reached, ${flashed} with the new version`
  const why = reason === '' ? '' : `: ${reason}`
  return `${id}  ${changes(models)} in ${place} by ${by}: ${state} in stage ${stages[stage]?.name ?? ''}${far}${why}\n`
}

function changes(models: Rollout['models']): string {
  return models.map(({ model, from, to }) => `${model} ${from?.version ?? 'none'} to ${to.version}`).join(', ')
}

async function ask(options: Options, io: CliIo, path: string, body?: object): Promise<unknown> {
  const call: Call = body ? { method: 'POST', body } : {}
  const response = await callDaemon(folderOf(options, io), `api/v1/rollouts${path}`, call)
  if (!response.ok) throw new Error(await refusalOf(response))
  return response.json()
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('A whole number, please.')
}

function percents(text: string): readonly number[] {
  if (/^\d{1,3}(\.\d{1,3})?(,\d{1,3}(\.\d{1,3})?){0,9}$/.test(text)) return text.split(',').map(Number)
  throw new InvalidArgumentError('Percents with commas between, such as 1,10,100.')
}

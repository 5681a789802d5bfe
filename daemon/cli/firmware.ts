// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { Command } from 'commander'
import type { Firmware, FirmwareChoice } from '#daemon/domain/firmware'
import type { CliIo } from './io.ts'
import { type Call, callDaemon, refusalOf } from './local-api.ts'
import { folderOf, guarded, withPlace } from './people.ts'

interface Options {
  readonly config: string
  readonly data?: string
  readonly json?: boolean
  readonly model?: string
  readonly version?: string
  readonly description?: string
  readonly insist?: boolean
  readonly for?: string
}

/** What the API says of an image. */
type ImageJson = Firmware & { readonly wanted: number; readonly running: number; readonly isLost: boolean }

/** `offhook firmware`: images and which phones get which, through the running daemon. */
export function firmwareCommand(io: CliIo): Command {
  const list = withPlace(new Command('list'))
    .description('list images and what they are chosen for')
    .option('--json', 'print JSON')
    .action((options: Options) => guarded(io, () => listImages(options, io)))
  const add = withPlace(new Command('add'))
    .description('upload an image; it is looked at before it is kept')
    .argument('<file>', 'the .img file')
    .option('--model <model>', 'where neither its header nor its name says it')
    .option('--version <version>', 'the same')
    .option('--description <text>', 'what people should know of it')
    .option('--insist', 'keep it although it looks wrong')
    .option('--json', 'print JSON')
    .action((file: string, options: Options) => guarded(io, () => addImage(file, options, io)))
  const place = ['--for <place>', 'a region or site by name or path, or a MAC; otherwise everywhere'] as const
  const assign = withPlace(new Command('assign'))
    .description('choose an image for the phones of a model')
    .argument('<model>', 'such as 440HD')
    .argument('<image>', 'its version, or the beginning of its hash; “none” takes the choice back')
    .option(...place)
    .action((model: string, image: string, options: Options) =>
      guarded(io, () => assignImage(model, image, options, io)),
    )
  const remove = withPlace(new Command('remove'))
    .description('remove an image that nothing uses')
    .argument('<image>', 'its version, or the beginning of its hash')
    .action((image: string, options: Options) => guarded(io, () => removeImage(image, options, io)))
  const command = new Command('firmware').description('firmware images, and which phones get which')
  for (const one of [list, add, assign, remove]) command.addCommand(one)
  return command
}

async function listImages(options: Options, io: CliIo): Promise<void> {
  const { rows } = (await ask(options, io, 'images')) as { rows: readonly ImageJson[] }
  const { rows: choices } = (await ask(options, io, 'choices')) as { rows: readonly FirmwareChoice[] }
  if (options.json) return io.stdout(`${JSON.stringify({ images: rows, choices })}\n`)
  if (rows.length === 0) return io.stdout('There are no images.\n')
  for (const { id, models, version, size, wanted, running, isLost, doubts } of rows) {
    const marks = [isLost ? 'FILE LOST' : '', doubts.length > 0 ? 'kept with doubts' : ''].filter((text) => text !== '')
    const about = [`${(size / 2 ** 20).toFixed(1)} MB`, `${wanted} phones should run it`, `${running} do`, ...marks]
    io.stdout(plain(`${id.slice(0, 12)}  ${models.join(' ')}  ${version || '(no version)'}  ${about.join(', ')}\n`))
    for (const { model, where } of choices.filter(({ image }) => image === id))
      io.stdout(plain(`  for ${model}: ${where}\n`))
  }
}

async function addImage(file: string, options: Options, io: CliIo): Promise<void> {
  const { size } = await stat(file)
  const { model, version, description, insist } = options
  const query = new URLSearchParams({
    name: basename(file).slice(0, 200),
    ...{ ...(model && { model }), ...(version && { version }), ...(description && { description }) },
    ...(insist && { insist: 'true' }),
  })
  let sent = 0
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      const before = Math.floor((100 * sent) / size)
      sent += chunk.length
      const share = Math.floor((100 * sent) / size)
      if (io.terminal && share > before) io.stderr(`\r${share} %`)
      done(null, chunk)
    },
  })
  const source = createReadStream(file)
  source.once('error', (error) => counted.destroy(error))
  const body = Readable.toWeb(source.pipe(counted)) as ReadableStream<Uint8Array>
  const added = (await ask(options, io, `images?${query}`, { method: 'POST', body, signal: io.signal })) as ImageJson
  if (io.terminal) io.stderr('\n')
  if (options.json) return io.stdout(`${JSON.stringify(added)}\n`)
  io.stdout(plain(`${added.id.slice(0, 12)}  ${added.models.join(' ')}  ${added.version || '(no version)'}\n`))
  for (const doubt of added.doubts) io.stdout(plain(`Kept although: ${doubt}\n`))
}

async function assignImage(model: string, name: string, options: Options, io: CliIo): Promise<void> {
  const image = name === 'none' ? undefined : await find(name, options, io, model)
  const where = options.for ?? 'system'
  await ask(options, io, 'choices', { method: 'PUT', body: { model, where, image: image?.id ?? '' } })
  const what = image ? image.version || image.id.slice(0, 12) : 'no choice any more'
  io.stdout(plain(`${model.toUpperCase()}, ${options.for ?? 'everywhere'}: ${what}. Phones look when they start.\n`))
}

async function removeImage(name: string, options: Options, io: CliIo): Promise<void> {
  const { id, version } = await find(name, options, io)
  await ask(options, io, `images/${id}`, { method: 'DELETE' })
  io.stdout(plain(`Removed ${version || id.slice(0, 12)}.\n`))
}

/** By version or the beginning of the hash, among the images of a model; throws when it is none, or more than one. */
async function find(name: string, options: Options, io: CliIo, model?: string): Promise<ImageJson> {
  const { rows } = (await ask(options, io, 'images')) as { rows: readonly ImageJson[] }
  const wanted = name.toLowerCase()
  const isMeant = ({ id, version }: ImageJson) =>
    version.toLowerCase() === wanted || (wanted.length >= 6 && id.startsWith(wanted))
  const all = rows.filter(isMeant)
  const ofModel = all.filter(({ models }) => model === undefined || models.includes(model.toUpperCase()))
  const found = ofModel.length > 0 ? ofModel : all
  const [only] = found
  if (!only) throw new Error(`there is no image ${name}; "offhook firmware list" shows all`)
  if (found.length > 1) throw new Error(`${name} can be any of ${found.map(({ id }) => id.slice(0, 12)).join(', ')}`)
  return only
}

async function ask(options: Options, io: CliIo, path: string, call: Call = {}): Promise<unknown> {
  const response = await callDaemon(folderOf(options, io), `api/v1/firmware/${path}`, call)
  if (!response.ok) throw new Error(await refusalOf(response))
  return response.status === 204 ? undefined : response.json()
}

/** File names and descriptions come from anywhere; a terminal would obey control characters. */
function plain(text: string): string {
  return text.replaceAll(/(?!\n)\p{Cc}/gu, '\ufffd')
}

// SPDX-License-Identifier: Apache-2.0
import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import type { StoreSnapshot } from '#daemon/store/store'
import { type FileEntry, fileLines, line, tableLines } from './archive.ts'
import { filesOf, openFile } from './contents.ts'
import { type BackupHeader, encodeHeader, type Keys, makeSlot, type Reason } from './header.ts'
import { sealed } from './sealed.ts'

export interface Material {
  readonly dataFolder: string
  /** The configuration; undefined where there is no file. */
  readonly configFile?: string | undefined
  readonly snapshot: StoreSnapshot
  /** The key of the vault that is in force; by default the data folder's own. */
  readonly vaultKey?: Uint8Array | undefined
  /** At least one. */
  readonly keys: Keys
}

export interface WriteOptions {
  readonly file: string
  readonly why: Reason
  readonly version: string
  readonly host: string
  /** Of the snapshot, in milliseconds since the epoch. */
  readonly at: number
  readonly progress?: (done: number, whole: number) => void
  readonly signal?: AbortSignal
}

/** What a record weighs, about, for the progress and the room on the disk. */
const RECORD_BYTES = 500
/** Is left free for the store. */
const SPARE_BYTES = 32 * 1024 * 1024
const CONFIGURATION = 'offhook.yaml'
const VAULT_KEY = 'vault-key'

/** Writes one backup; the file appears whole and on disk under its name, or not at all. */
export async function writeBackup(material: Material, options: WriteOptions): Promise<BackupHeader & { size: number }> {
  const { file, signal } = options
  const all = await filesOf(material.dataFolder, dirname(file))
  // The key in force may be another one than the folder's: systemd can pass it.
  const files = material.vaultKey ? all.filter(({ name }) => name !== VAULT_KEY) : all
  const header = await headerOf(material, options, files)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await requireRoom(dirname(file), header)
  const part = join(dirname(file), `.${randomBytes(6).toString('hex')}.part`)
  const handle = await open(part, 'wx', 0o600)
  try {
    const size = await pour(material, options, files, header, handle)
    await handle.sync()
    await handle.close()
    signal?.throwIfAborted()
    await rename(part, file)
    await syncFolder(dirname(file))
    return { ...header.value, size }
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(part, { force: true })
    throw error
  }
}

interface Prepared {
  readonly value: BackupHeader
  readonly content: Uint8Array
}

async function headerOf(material: Material, options: WriteOptions, files: readonly FileEntry[]): Promise<Prepared> {
  const { snapshot, keys } = material
  const content = randomBytes(32)
  const slots = []
  for (const kind of ['recovery', 'passphrase'] as const) {
    const key = keys[kind]
    if (key !== undefined) slots.push(await makeSlot(kind, key, content))
  }
  const { at, why, version, host } = options
  const { sequence, revision, schema, tables } = snapshot
  const records = [...tables.values()].reduce((sum, rows) => sum + rows.length, 0)
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const { vaultKey, configFile } = material
  const isConfigured = configFile !== undefined && (await stat(configFile).catch(unlessAbsent)) !== undefined
  const count = files.length + (vaultKey ? 1 : 0) + (isConfigured ? 1 : 0)
  const value = { at, why, version, host, sequence, revision, schema, records, files: count, bytes, slots }
  return { value, content }
}

async function requireRoom(folder: string, { value: { bytes, records } }: Prepared): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const needed = bytes + (records * RECORD_BYTES) / 4 + SPARE_BYTES
  if (bavail * bsize >= needed) return
  const megabytes = (count: number) => Math.ceil(count / 2 ** 20)
  throw new Error(`${folder} has ${megabytes(bavail * bsize)} MB free, and ${megabytes(needed)} MB are needed`)
}

async function pour(
  material: Material,
  options: WriteOptions,
  files: readonly FileEntry[],
  { value, content }: Prepared,
  handle: FileHandle,
): Promise<number> {
  const head = encodeHeader(value)
  await handle.write(head)
  let written = head.length
  const key = Buffer.from(hkdfSync('sha256', content, new Uint8Array(), 'offhook backup body', 32))
  const aad = createHash('sha256').update(head).digest()
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 65_536 })
  await pipeline(
    plain(material, options, files, value),
    gzip,
    (compressed: AsyncIterable<Uint8Array>) => sealed(compressed, key, aad),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        await handle.write(chunk)
        written += chunk.length
      }
    },
    { ...(options.signal && { signal: options.signal }) },
  )
  return written
}

async function* plain(
  { dataFolder, configFile, snapshot, vaultKey }: Material,
  { progress }: WriteOptions,
  files: readonly FileEntry[],
  { records, bytes }: BackupHeader,
): AsyncGenerator<Uint8Array> {
  const whole = records * RECORD_BYTES + bytes
  let done = 0
  let count = 0
  for (const [table, rows] of snapshot.tables) {
    yield* tableLines(table, rows)
    done += rows.length * RECORD_BYTES
    progress?.(done, whole)
  }
  for (const entry of files) {
    const found = await openFile(dataFolder, entry)
    if (!found) continue
    for await (const piece of fileLines(found.entry, found.bytes)) {
      yield piece
      done += piece.length
      progress?.(Math.min(done, whole), whole)
    }
    count += 1
  }
  if (vaultKey) {
    yield* textFile(VAULT_KEY, `${Buffer.from(vaultKey).toString('hex')}\n`, 'data')
    count += 1
  }
  const configuration = configFile === undefined ? undefined : await readFile(configFile).catch(unlessAbsent)
  if (configuration) {
    yield* textFile(CONFIGURATION, configuration, 'configuration')
    count += 1
  }
  yield Buffer.from(line({ end: { records, files: count } }))
}

async function* textFile(
  name: string,
  text: string | Uint8Array,
  place: FileEntry['place'],
): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  const entry = { name, size: bytes.length, mode: 0o600, modified: 0, place }
  yield* fileLines(entry, pieces(bytes))
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}

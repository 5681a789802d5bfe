// SPDX-License-Identifier: Apache-2.0
import { type FileEntry, Uint8ArrayReader, Uint8ArrayWriter, ZipReader, ZipWriter } from '@zip.js/zip.js'

/** A file of an archive; `path` is as the archive has it, with the archives around it before it: `a.zip/b.csv`. */
export interface ArchiveFile {
  readonly path: string
  readonly bytes: Uint8Array
}

export interface ZipLimits {
  /** Of all files together, unpacked. */
  readonly bytes: number
  readonly files: number
}

export const ZIP_LIMITS: ZipLimits = { bytes: 256 * 2 ** 20, files: 120_000 }

/** An archive that is not read any further; the message is for whoever sent it. */
export class ZipRefused extends Error {
  override readonly name = 'ZipRefused'
}

/** ZIPs in the ZIP in the ZIP: the incumbent has two. */
const DEEPEST = 3
/** A single file: the largest that the incumbent writes are CSV files of users. */
const LARGEST_FILE = 64 * 2 ** 20
const WORKERLESS = { useWebWorkers: false } as const

/**
 * Unpacks an archive and those in it, checksums checked. No path of it ever becomes a path of ours. Throws ZipRefused when
 * it is damaged, encrypted, or larger than the limits, before more than those bytes were unpacked.
 */
export async function unzip(bytes: Uint8Array, limits: ZipLimits = ZIP_LIMITS): Promise<ArchiveFile[]> {
  const files: ArchiveFile[] = []
  await unzipInto(bytes, '', { ...limits }, files, 1)
  return files
}

interface Left {
  bytes: number
  files: number
}

async function unzipInto(
  bytes: Uint8Array,
  prefix: string,
  left: Left,
  files: ArchiveFile[],
  depth: number,
): Promise<void> {
  const place = prefix === '' ? 'the file' : prefix.slice(0, -1)
  if (depth > DEEPEST) throw new ZipRefused(`${place} is an archive within too many others`)
  const reader = new ZipReader(new Uint8ArrayReader(bytes), {
    ...WORKERLESS,
    checkSignature: true,
    // A name only tells which file it is; it leads nowhere.
    filenameValidation: 'tolerant',
  })
  try {
    for await (const entry of reader.getEntriesGenerator()) {
      if (--left.files < 0) throw new ZipRefused('the archive has more files than are read')
      if (entry.directory) continue
      const path = `${prefix}${entry.filename}`
      const content = await contentOf(entry, path, left)
      if (/\.zip$/i.test(path)) await unzipInto(content, `${path}/`, left, files, depth + 1)
      else files.push({ path, bytes: content })
    }
  } catch (error) {
    if (error instanceof ZipRefused) throw error
    throw new ZipRefused(`${place} is no ZIP archive, or is damaged: ${error instanceof Error ? error.message : error}`)
  } finally {
    await reader.close()
  }
}

/** What the entry says of its size is a promise at most: what comes out is counted. */
async function contentOf(entry: FileEntry, path: string, left: Left): Promise<Uint8Array> {
  if (entry.encrypted) throw new ZipRefused(`${path.slice(0, 200)} is encrypted`)
  const most = Math.min(LARGEST_FILE, left.bytes)
  const tooLarge = () => new ZipRefused(`${path.slice(0, 200)} unpacks to more than is read`)
  if (entry.uncompressedSize > most) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      size += chunk.length
      if (size > most) throw tooLarge()
      chunks.push(chunk)
    },
  })
  await entry.getData(sink, { ...WORKERLESS, checkSignature: true })
  left.bytes -= size
  return Buffer.concat(chunks)
}

/** Packs files; archives among them are packed by whoever made them. */
export async function zip(files: readonly ArchiveFile[], modified: Date): Promise<Uint8Array> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { ...WORKERLESS, lastModDate: modified, level: 6 })
  for (const { path, bytes } of files) await writer.add(path, new Uint8ArrayReader(bytes))
  return writer.close()
}

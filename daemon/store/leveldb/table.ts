// SPDX-License-Identifier: Apache-2.0
import { crc32c, masked, runningCrc32c } from './crc32c.ts'
import { FieldReader } from './fields.ts'

// A table file (.ldb): data blocks · metaindex block · index block · footer
//   block    entries · restart offsets u32[] · their count u32, then a trailer: compression u8 · masked CRC-32C u32
//   entry    shared varint · unshared varint · value length varint · rest of the key · value
//   footer   metaindex handle · index handle (offset varint, size varint) · padding to 40 bytes · magic u64
// All numbers are little-endian. The index has one entry per data block, whose value is its handle.

const FOOTER = 48
const TRAILER = 5
const MAGIC = 0xdb4775248b80fb57n
const UNCOMPRESSED = 0

export interface TableBlocks {
  /** Contents of the blocks whose checksum holds. */
  readonly good: readonly Buffer[]
  readonly damaged: number
  /** False when the footer is not there: LevelDB was stopped while it wrote the file, or the file was cut. */
  readonly finished: boolean
}

export function readTable(file: Buffer): TableBlocks {
  const finished = file.length >= FOOTER && file.readBigUInt64LE(file.length - 8) === MAGIC
  const handles = finished ? blockHandles(file) : undefined
  if (!handles) return { good: scan(file), damaged: finished ? 1 : 0, finished }
  const blocks = handles.map((handle) => blockAt(file, handle))
  const good = blocks.filter((block) => block !== undefined)
  return { good, damaged: blocks.length - good.length, finished }
}

/** Key and value of each entry; stops where they make no sense. */
export function* blockEntries(block: Buffer): Generator<readonly [key: Buffer, value: Buffer]> {
  if (block.length < 4) return
  const restarts = block.readUInt32LE(block.length - 4)
  const end = block.length - 4 - 4 * restarts
  if (end < 0) return
  const fields = new FieldReader(block.subarray(0, end))
  let key = Buffer.alloc(0)
  while (!fields.done) {
    const shared = fields.varint()
    const unshared = fields.varint()
    const size = fields.varint()
    const rest = fields.bytes(unshared)
    const value = fields.bytes(size)
    if (shared === undefined || !rest || !value || shared > key.length) return
    key = Buffer.concat([key.subarray(0, shared), rest])
    yield [key, value]
  }
}

interface Handle {
  readonly offset: number
  readonly size: number
}

/** Handles of all blocks but the index; undefined when the index is damaged. */
function blockHandles(file: Buffer): readonly Handle[] | undefined {
  const footer = new FieldReader(file.subarray(file.length - FOOTER))
  const metaindex = handle(footer)
  const index = handle(footer)
  const block = index && blockAt(file, index)
  if (!metaindex || !block) return undefined
  const handles = [metaindex, ...Array.from(blockEntries(block), ([, value]) => handle(new FieldReader(value)))]
  return handles.every((each) => each !== undefined) ? handles : undefined
}

function handle(fields: FieldReader): Handle | undefined {
  const offset = fields.varint()
  const size = fields.varint()
  return offset === undefined || size === undefined ? undefined : { offset, size }
}

function blockAt(file: Buffer, { offset, size }: Handle): Buffer | undefined {
  if (offset + size + TRAILER > file.length) return undefined
  const stored = file.readUInt32LE(offset + size + 1)
  const sound = stored === masked(crc32c(file.subarray(offset, offset + size + 1)))
  return sound && file[offset + size] === UNCOMPRESSED ? file.subarray(offset, offset + size) : undefined
}

/** Without an index: blocks follow each other, and one ends where its checksum fits; up to the first that never does. */
function scan(file: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let start = 0; start < file.length; ) {
    const size = firstBlockSize(file.subarray(start))
    if (size === undefined) break
    blocks.push(file.subarray(start, start + size))
    start += size + TRAILER
  }
  return blocks
}

function firstBlockSize(bytes: Buffer): number | undefined {
  let size = 0
  for (const crc of runningCrc32c(bytes.subarray(0, Math.max(0, bytes.length - 4)))) {
    if (bytes[size] === UNCOMPRESSED && bytes.readUInt32LE(size + 1) === masked(crc)) return size
    size += 1
  }
  return undefined
}

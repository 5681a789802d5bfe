// SPDX-License-Identifier: Apache-2.0

const HEADER = 112

export interface ImagePlan {
  readonly model?: string
  readonly version?: string
  readonly built?: string
  readonly bytes?: number
  readonly sections?: number
  /** What the checksum in the header is the sum of. */
  readonly sum?: 'header' | 'whole' | 'body' | 'none' | 'wrong'
  /** Makes other bytes behind the same header. */
  readonly seed?: number
}

/** An image as `protocol.md` describes the header of a real one, with made-up bytes for firmware. */
export function image(plan: ImagePlan = {}): Buffer {
  const { model = '440HD', version = '2.2.16.704', built = '2024-10-09_06:15:40' } = plan
  const { bytes = 4_096, sections = 1, sum = 'header', seed = 1 } = plan
  const file = Buffer.alloc(Math.max(bytes, HEADER + 4 * Math.max(1, sections)))
  for (let i = HEADER; i < file.length; i++) file[i] = (i * 31 + seed * 17 + (i >>> 8)) % 0xb0
  file.writeUInt32LE(0xaaaaaaaa, 0)
  file.writeUInt32LE(3, 4)
  file.writeUInt32LE(HEADER, 8)
  file.writeUInt32LE(sections, 16)
  file.write([model, version, built].join('\0'), 20, HEADER - 20, 'latin1')
  const gap = Math.floor((file.length - HEADER) / Math.max(1, sections)) & ~3
  for (let n = 0; n < sections; n++) file.writeUInt32LE(0xbbbbbbbb, HEADER + n * gap)
  const add = (from: number, to: number) => file.subarray(from, to).reduce((total, byte) => total + byte, 0)
  const sums = {
    ...{ header: add(0, HEADER), whole: add(0, file.length), body: add(HEADER, file.length) },
    ...{ none: 0, wrong: 4_711 },
  }
  file.writeUInt32LE(sums[sum] >>> 0, 12)
  return file
}

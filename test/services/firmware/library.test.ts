// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as soon } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { judge } from '#daemon/services/firmware/judge'
import { put } from '#daemon/store/store'
import { firmwares } from '#daemon/store/tables'
import { ImageInspector, imageName } from '#daemon/vendors/audiocodes/firmware-image'
import { firmwareHouse, freshFolder, pieces } from './house.ts'
import { type ImagePlan, image } from './image.ts'

function inspect(bytes: Uint8Array, piece = 1_000) {
  const inspector = new ImageInspector()
  for (let at = 0; at < bytes.length; at += piece) inspector.take(Buffer.from(bytes.subarray(at, at + piece)))
  return inspector.result()
}

const NOTHING_SAID = { fileName: 'upload.img', model: '', version: '', insist: false }
const verdictOn = (bytes: Uint8Array, said: Partial<typeof NOTHING_SAID> = {}) =>
  judge(inspect(bytes), bytes.length, { ...NOTHING_SAID, ...said }, [])

describe('what an image says of itself', () => {
  test('its header tells model, version, date and checksum, in pieces of any size', () => {
    const bytes = image({ model: '420HDG-Rev2', version: 'UC_2.0.13.121', sum: 'whole', bytes: 9_000, sections: 3 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_000 }), (piece) => {
        expect(inspect(bytes, piece)).toMatchObject({
          ...{ kind: 'image', checksum: 'whole', faults: [] },
          header: { models: ['420HD'], version: 'UC_2.0.13.121', built: '2024-10-09_06:15:40', sections: 3 },
        })
      }),
      { numRuns: 60 },
    )
  })

  test.each(['header', 'whole', 'body'] as const)('a checksum over the %s is found to be one', (sum) => {
    expect(inspect(image({ sum }))).toMatchObject({ checksum: sum, faults: [] })
  })

  test('any bytes at all are read without harm', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, withMagic) => {
        const all = withMagic ? Buffer.concat([Buffer.from('aaaaaaaa', 'hex'), bytes]) : bytes
        expect(['unreadable', 'cut', 'image']).toContain(inspect(all, 7).kind)
      }),
    )
  })

  test('a file’s name tells model and version where people wrote them', () => {
    expect(imageName('440HD_2.2.16.704.img')).toEqual({ model: '440HD', version: '2.2.16.704' })
    expect(imageName('UC_2.0.13.121-c450hd.IMG')).toEqual({ model: 'C450HD', version: 'UC_2.0.13.121' })
    expect(imageName('firmware.img')).toEqual({ model: '', version: '' })
    expect(imageName('1.2.3.4.5.6.7.8.img')).toEqual({ model: '', version: '' })
  })
})

describe('which files are taken', () => {
  test('a sound image is, with the header’s word before all others', () => {
    expect(verdictOn(image(), { fileName: '440HD_9.9.9.img' })).toEqual({
      kind: 'taken',
      facts: {
        ...{ models: ['440HD'], modelsFrom: 'header', version: '2.2.16.704', versionFrom: 'header' },
        ...{ built: '2024-10-09_06:15:40', checksum: 'header', doubts: [] },
      },
    })
  })

  test.each<[string, Uint8Array, Partial<typeof NOTHING_SAID>, string, RegExp]>([
    ['nothing', Buffer.alloc(0), {}, 'file', /empty/],
    ['less than a header', image().subarray(0, 100), {}, 'file', /cut off.*100 bytes/],
    ['the half of its sections', image({ sections: 4, sum: 'header' }).subarray(0, 2_000), {}, 'insist', /2 of the 4/],
    ['a body that changed', changed(image({ sum: 'whole' }), 3_000), {}, 'insist', /checksum/],
    ['a header that changed', changed(image(), 30), {}, 'insist', /checksum/],
    ['the end cut off', image({ sum: 'whole' }).subarray(0, 3_000), {}, 'insist', /checksum/],
    ['another model than was said', image(), { model: '420hd' }, 'model', /no image for 420HD.*440HD/],
    ['another model than its name says', image(), { fileName: '420HD.img' }, 'insist', /420HD.*440HD/],
    ['another version than was said', image(), { version: '1.2.3' }, 'version', /2\.2\.16\.704/],
    ['no header', Buffer.alloc(5_000, 'x'), { model: '440HD' }, 'insist', /no firmware header/],
    ['nothing that says a model', Buffer.alloc(5_000, 'x'), { insist: true }, 'model', /choose one/],
    ['a model that is a path', Buffer.alloc(5_000), { model: '../X', insist: true }, 'model', /letters/],
    [
      'a version that is markup',
      Buffer.alloc(5_000),
      { model: '440HD', version: '<b>', insist: true },
      'version',
      /digits/,
    ],
  ])('a file with %s is refused, with the reason', (_, bytes, said, field, reason) => {
    const verdict = verdictOn(bytes, said)
    expect(verdict).toMatchObject({ kind: 'refused', errors: [{ field, message: expect.stringMatching(reason) }] })
  })

  test('who insists gets it, with the doubts kept; wrong models and cut files never', () => {
    const insist = true
    expect(verdictOn(Buffer.alloc(5_000, 'x'), { fileName: '440HD_2.2.1.img', insist })).toMatchObject({
      ...{
        kind: 'taken',
        facts: { models: ['440HD'], modelsFrom: 'file name', version: '2.2.1', versionFrom: 'file name' },
      },
      facts: { checksum: 'none', doubts: [expect.stringMatching(/no firmware header/)] },
    })
    expect(verdictOn(image({ sum: 'wrong' }), { insist })).toMatchObject({ facts: { checksum: 'wrong' } })
    expect(verdictOn(image(), { model: '420HD', insist })).toMatchObject({ kind: 'refused' })
    expect(verdictOn(image().subarray(0, 60), { insist })).toMatchObject({ kind: 'refused' })
  })

  test('the same version of the same model with other bytes is doubted', () => {
    const other = { models: ['440HD'], version: '2.2.16.704' }
    const verdict = judge(inspect(image()), 4_096, NOTHING_SAID, [other])
    expect(verdict).toMatchObject({ kind: 'refused', errors: [{ field: 'insist' }] })
  })
})

function changed(bytes: Buffer, at: number): Buffer {
  bytes.writeUInt8((bytes.readUInt8(at) + 1) % 256, at)
  return bytes
}

describe('the library', () => {
  test('keeps an image under the hash of its bytes, byte for byte, and only once', async () => {
    const { folder, library, add, announced } = await firmwareHouse()
    const bytes = image({ bytes: 300_000 })
    const first = await add(bytes, 'C:\\Users\\anna\\440HD\u0007.img')
    expect(first).toMatchObject({ id: createHash('sha256').update(bytes).digest('hex'), size: 300_000, by: 'anna' })
    expect(first.fileName).toBe('440HD\ufffd.img')
    expect(await add(bytes)).toEqual(first)
    expect(library.images()).toHaveLength(1)
    expect(await readdir(folder)).toEqual([`${first.id}.img`])
    expect(bytes.equals(await readFile(join(folder, `${first.id}.img`)))).toBe(true)
    expect(announced.map(({ id }) => id)).toEqual(['firmware.added'])
  })

  test('two uploads of the same file at once are one image', async () => {
    const { folder, add } = await firmwareHouse()
    const [a, b] = await Promise.all([add(image()), add(image())])
    expect(a).toEqual(b)
    expect(await readdir(folder)).toEqual([`${a.id}.img`])
  })

  test('a refused file leaves nothing', async () => {
    const { folder, library, add } = await firmwareHouse()
    await expect(add(image({ sum: 'wrong' }))).rejects.toThrow(/checksum/)
    expect(await readdir(folder)).toEqual([])
    expect(library.images()).toEqual([])
  })

  test('an upload that breaks off, or is too long, leaves nothing', async () => {
    const { folder, library } = await firmwareHouse({ mostBytes: 2 ** 20 })
    async function* broken() {
      yield* pieces(image({ bytes: 200_000 }))
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
    }
    await expect(library.receive(broken())).rejects.toMatchObject({ name: 'NotTaken', why: 'cut off' })
    await expect(library.receive(pieces(Buffer.alloc(2 ** 20 + 1)))).rejects.toMatchObject({ why: 'too large' })
    expect(await readdir(folder)).toEqual([])
    const whole = await library.receive(pieces(Buffer.alloc(2 ** 20)))
    expect(whole.size).toBe(2 ** 20)
    await library.drop(whole)
    expect(await readdir(folder)).toEqual([])
  })

  test('no more than two come in at a time', async () => {
    const { library, folder } = await firmwareHouse()
    const gates: (() => void)[] = []
    async function* waiting() {
      yield new Uint8Array(10)
      await new Promise<void>((resolve) => gates.push(resolve))
    }
    const both = [library.receive(waiting()), library.receive(waiting())]
    while (gates.length < 2) await soon()
    await expect(library.receive(waiting())).rejects.toThrow(/just now/)
    for (const open of gates) open()
    for (const one of await Promise.all(both)) await library.drop(one)
    expect(await readdir(folder)).toEqual([])
  })

  test('what a power cut left of an upload is gone at the next start; what the admin laid there is not', async () => {
    const folder = await freshFolder()
    await writeFile(join(folder, `${'ab'.repeat(12)}.part`), image().subarray(0, 500))
    await writeFile(join(folder, '440HD.img'), image())
    await firmwareHouse({ folder })
    expect(await readdir(folder)).toEqual(['440HD.img'])
  })

  test('an image whose record was lost with the power is entered again; one whose removal was, comes back', async () => {
    const first = await firmwareHouse()
    const kept = await first.add(image())
    const other = await first.add(image({ seed: 2, version: '2.2.17.1' }))
    await first.files.hide(other.id)
    const fresh = await firmwareHouse({ folder: first.folder })
    expect(fresh.library.images().map(({ value }) => value)).toMatchObject([
      { id: kept.id, version: '2.2.16.704', models: ['440HD'], by: 'found in the folder' },
    ])
    expect(fresh.announced).toMatchObject([{ id: 'firmware.found', fields: { image: kept.id } }])
    // The removal of the other was not finished, and no record holds it any more: it is gone.
    expect(await readdir(first.folder)).toEqual([`${kept.id}.img`])
    const third = await firmwareHouse({ folder: first.folder, store: fresh.store })
    await third.files.hide(kept.id)
    const last = await firmwareHouse({ folder: first.folder, store: third.store })
    expect(last.library.isLost(kept.id)).toBe(false)
    expect(await readdir(first.folder)).toEqual([`${kept.id}.img`])
  })

  test('an image whose file is gone or shortened is told, not served, and whole again when it is uploaded anew', async () => {
    const { folder, library, add, announced } = await firmwareHouse()
    const { id } = await add(image())
    const file = join(folder, `${id}.img`)
    const now = new Date()
    expect(await library.resource(id, now)).toMatchObject({ size: 4_096, etag: `"${id}"` })
    await writeFile(file, image().subarray(0, 1_000))
    expect(await library.resource(id, now)).toBeUndefined()
    expect(library.isLost(id)).toBe(true)
    await rm(file)
    await symlink('/etc/hostname', file)
    expect(await library.resource(id, now)).toBeUndefined()
    expect(announced.filter((one) => one.id === 'firmware.lost')).toHaveLength(1)
    await add(image())
    expect(await library.resource(id, now)).toBeDefined()
    expect(library.isLost(id)).toBe(false)
  })

  test('a file that bears another image’s name is not taken for it', async () => {
    const folder = await freshFolder()
    await writeFile(join(folder, `${'a'.repeat(64)}.img`), image())
    const { library, announced } = await firmwareHouse({ folder })
    expect(library.images()).toEqual([])
    expect(announced).toMatchObject([{ id: 'firmware.found', fields: { reason: expect.stringContaining('hash') } }])
    expect(await readdir(folder)).toHaveLength(1)
  })

  test('a link or folder under an image’s name is not read at the start', async () => {
    const folder = await freshFolder()
    await symlink('/etc/hostname', join(folder, `${'a'.repeat(64)}.img`))
    await mkdir(join(folder, `${'b'.repeat(64)}.img`))
    const { library } = await firmwareHouse({ folder })
    expect(library.images()).toEqual([])
  })

  test('a description is changed only by who saw the last one, and holds no control characters', async () => {
    const { library, add } = await firmwareHouse()
    const { id } = await add(image())
    const revision = library.get(id)?.revision ?? 0
    expect(await library.describe(id, ' For Berlin ', revision)).toMatchObject({
      value: { value: { description: 'For Berlin' } },
    })
    expect(await library.describe(id, 'late', revision)).toEqual({ kind: 'conflict' })
    const again = library.get(id)?.revision ?? 0
    for (const bad of ['a\u0000b', 'x'.repeat(501)]) {
      expect(await library.describe(id, bad, again)).toMatchObject({
        kind: 'refused',
        errors: [{ field: 'description' }],
      })
    }
  })

  test('there is an end to how many there may be', async () => {
    const { library, store, add } = await firmwareHouse()
    const one = await add(image())
    const many = Array.from({ length: 299 }, (_, n) => n.toString(16).padStart(64, '0'))
    await store.commit(
      many.map((id) => put(firmwares, id, { ...one, id, version: `0.0.${id}` })),
      { durable: false },
    )
    await expect(add(image({ version: '3.0.0' }))).rejects.toThrow(/300 images already/)
    await library.remove(many[0] ?? '', 'anna')
    await expect(add(image({ version: '3.0.0' }))).resolves.toMatchObject({ version: '3.0.0' })
  })
})

test.each<ImagePlan>([
  { sections: 0, sum: 'none' },
  { sections: 2, bytes: 200_000, sum: 'body' },
])('an image of %o survives a new start', async (plan) => {
  const first = await firmwareHouse()
  const { id } = await first.add(image(plan))
  const second = await firmwareHouse({ folder: first.folder, store: first.store })
  expect(second.library.get(id)).toEqual(first.library.get(id))
  expect(second.announced).toEqual([])
})

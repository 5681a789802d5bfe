// SPDX-License-Identifier: Apache-2.0
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeRecord, diskKey, encodeRecord, parseDiskKey } from '#daemon/store/records'
import { compareSeals, Seal } from '#daemon/store/seal'
import { leastSequence, NOTHING_YET, readTestimony, Witness } from '#daemon/store/witness'
import { freshFolder } from '#test/store/folder'

function fail(error: unknown): never {
  throw error
}

describe('a record on disk', () => {
  test('is checksum, revision and JSON', () => {
    const { bytes } = encodeRecord('r/t/k', 258, '{"a":1}')
    expect(bytes.toString('hex', 4)).toBe(`000000000102${Buffer.from('{"a":1}').toString('hex')}`)
  })

  test('comes back as it was, under its own key only', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(), fc.json(), (key, other, revision, json) => {
        const { bytes, checksum } = encodeRecord(`r/t/${key}`, revision, json)
        expect(decodeRecord(`r/t/${key}`, bytes)).toEqual({ json, revision, checksum })
        if (other !== key) expect(decodeRecord(`r/t/${other}`, bytes)).toBeUndefined()
      }),
    )
  })

  test('is not decoded when up to four bytes next to each other were changed, or when it was cut', () => {
    const { bytes } = encodeRecord('r/t/k', 7, JSON.stringify({ text: 'x'.repeat(300) }))
    const burst = fc.uint8Array({ minLength: 1, maxLength: 4 }).filter((flips) => flips.some((flip) => flip !== 0))
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), burst, (at, flips) => {
        const changed = Buffer.from(bytes)
        for (const [i, flip] of flips.entries())
          if (at + i < bytes.length) changed[at + i] = (bytes[at + i] ?? 0) ^ flip
        if (!changed.equals(bytes)) expect(decodeRecord('r/t/k', changed)).toBeUndefined()
        expect(decodeRecord('r/t/k', bytes.subarray(0, at))).toBeUndefined()
      }),
    )
  })

  test('has a key that can be taken apart again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (key) => {
        expect(parseDiskKey(diskKey('leases', key))).toEqual({ table: 'leases', key })
      }),
    )
    for (const foreign of ['', 'r', 'r/', 'r/leases', 'm/head', 'x/leases/k'])
      expect(parseDiskKey(foreign)).toBeUndefined()
  })
})

describe('the seal', () => {
  const version = fc.record({ revision: fc.nat(2 ** 40), checksum: fc.nat(2 ** 32 - 1) })

  test('does not depend on the order, and a record taken out leaves no trace', () => {
    fc.assert(
      fc.property(fc.array(version, { minLength: 1 }), version, (versions, extra) => {
        const [one, other] = [new Seal(), new Seal()]
        for (const each of versions) one.replace('t', undefined, each)
        other.replace('t', undefined, extra)
        for (const each of versions.toReversed()) other.replace('t', undefined, each)
        other.replace('t', extra, undefined)
        expect(other.lines()).toEqual(one.lines())
        expect(compareSeals(one.lines(), other.lines())).toEqual([])
      }),
    )
  })

  test('tells any version from any other', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        fc.pre(a.revision !== b.revision || a.checksum !== b.checksum)
        const [one, other] = [new Seal(), new Seal()]
        one.replace('t', undefined, a)
        other.replace('t', undefined, b)
        expect(compareSeals(one.lines(), other.lines())).toHaveLength(1)
      }),
    )
  })
})

describe('the witness', () => {
  test('remembers the last sequence, durable and written', async () => {
    const folder = freshFolder()
    const witness = await Witness.open(folder, NOTHING_YET, { create: true, onFault: fail })
    await witness.saw(1, true, 3)
    await witness.saw(2, false, 3)
    await witness.close()
    const testimony = await readTestimony(folder)
    expect(testimony).toMatchObject({ durable: 1, written: 2, schema: 3 })
    if (!testimony) return
    expect(leastSequence(testimony, testimony.boot)).toBe(2)
    expect(leastSequence(testimony, 'the machine was started again')).toBe(1)
  })

  test('survives a torn write of either slot with the testimony before', async () => {
    const folder = freshFolder()
    const file = join(folder, 'witness')
    const witness = await Witness.open(folder, NOTHING_YET, { create: true, onFault: fail })
    for (let sequence = 1; sequence <= 9; sequence++) {
      await witness.saw(sequence, true, 0)
      const whole = readFileSync(file)
      const torn = Buffer.from(whole)
      const newest = (whole.toString('latin1', 4096).includes(`"durable":${sequence},`) ? 4096 : 0) + 20
      torn.fill(0, newest, newest + 40)
      writeFileSync(file, torn)
      expect((await readTestimony(folder))?.durable).toBe(sequence - 1)
      writeFileSync(file, whole)
    }
    await witness.close()
  })

  test('that is absent, empty or rubbish says nothing', async () => {
    const folder = freshFolder()
    expect(await readTestimony(folder)).toBeUndefined()
    const file = join(folder, 'witness')
    writeFileSync(file, Buffer.alloc(9000, 'rubbish '))
    expect(await readTestimony(folder)).toBeUndefined()
    truncateSync(file)
    expect(await readTestimony(folder)).toBeUndefined()
  })
})

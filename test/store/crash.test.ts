// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type Acknowledged, crashRound } from '#test/store/crash'
import { Random, seedOf } from '#test/store/random'

const ROUNDS = Number(process.env.OFFHOOK_ROUNDS ?? 8)

describe('kill -9', () => {
  const parent = mkdtempSync(join(tmpdir(), 'offhook-crash-'))
  afterAll(() => rmSync(parent, { recursive: true, force: true }))

  test(`loses nothing acknowledged and raises no false alarm (${ROUNDS} rounds)`, {
    timeout: ROUNDS * 15_000,
  }, async () => {
    const random = new Random(seedOf('crash'))
    const acknowledged: Acknowledged = new Map()
    for (let round = 0; round < ROUNDS; round++) {
      const told = await crashRound(join(parent, 'store'), random, acknowledged)
      if (process.env.OFFHOOK_VERBOSE) console.log(told)
    }
    expect(acknowledged.size).toBeGreaterThan(8)
  })
})

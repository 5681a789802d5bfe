// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeSpecimen, type Specimen, trial, type Verdict } from '#test/store/corruption'
import { Random, seedOf } from '#test/store/random'

const TRIALS = Number(process.env.OFFHOOK_TRIALS ?? 40)

describe('one damaged file', () => {
  const parent = mkdtempSync(join(tmpdir(), 'offhook-corruption-'))
  const seed = seedOf('corruption')
  const random = new Random(seed)
  let specimen: Specimen

  beforeAll(async () => {
    specimen = await makeSpecimen(parent, random)
  })

  afterAll(() => rmSync(parent, { recursive: true, force: true }))

  test(`is refused or harmless, never served short (${TRIALS} trials)`, {
    timeout: 30_000 + TRIALS * 1000,
  }, async () => {
    const verdicts: Verdict[] = []
    for (let i = 0; i < TRIALS; i++) {
      const verdict = await trial(specimen, random)
      verdicts.push(verdict)
      if (process.env.OFFHOOK_VERBOSE) console.log(verdict.outcome, verdict.damage)
    }
    // With neither outcome there would be something wrong with the trials.
    expect(new Set(verdicts.map(({ outcome }) => outcome)).size, JSON.stringify(verdicts)).toBe(2)
  })
})

// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { dealHabits } from '#daemon/simulator/habit'
import { identityOf, MODELS, userAgentOf } from '#daemon/simulator/identity'
import { seededRandom } from '#daemon/simulator/random'
import type { Mac } from '#protocols/lib/mac'

const FLEET = Array.from({ length: 10_000 }, (_, index) => identityOf(1, index + 1))

describe('who a virtual phone is', () => {
  it('ten thousand phones have as many MACs, user names and numbers, and all MACs are marked virtual', () => {
    for (const key of ['mac', 'userName', 'phoneNumber', 'hostname'] as const) {
      expect(new Set(FLEET.map((phone) => phone[key])).size, key).toBe(FLEET.length)
    }
    expect(FLEET.every(({ mac }) => /^020ff4[0-9a-f]{6}$/.test(mac))).toBe(true)
  })

  it('another seed has other MACs', () => {
    const others = Array.from({ length: 1000 }, (_, index) => identityOf(2, index + 1).mac)
    expect(FLEET.filter(({ mac }) => others.includes(mac))).toEqual([])
  })

  it('the same seed makes the same phones', () => {
    expect(identityOf(7, 42)).toEqual(identityOf(7, 42))
    expect(identityOf(1, 1)).toMatchObject({ mac: '020ff4010001', hostname: '445HD-020ff4010001' })
  })

  it('all models come up, in about equal shares, and user names go beyond ASCII', () => {
    for (const model of Object.keys(MODELS)) {
      const share = FLEET.filter((phone) => phone.model === model).length / FLEET.length
      expect(share, model).toBeGreaterThan(0.1)
      expect(share, model).toBeLessThan(0.15)
    }
    const beyond = FLEET.filter(({ userName }) => /[^\x20-\x7e]/.test(userName)).length
    expect(beyond).toBeGreaterThan(500)
    expect(beyond).toBeLessThan(3000)
    expect(FLEET.every(({ userName }) => userName === userName.toLowerCase())).toBe(true)
  })

  it.each([
    ['430HD', 'UC_2.0.13.121', 'AUDC-IPPhone-430HD_UC_2.0.13.121/1.0.0000.0'],
    ['440HD', '2.2.16.704', 'AUDC-IPPhone/2.2.16.704 (440HD-Rev0; 020FF4010001)'],
    ['C450HD', 'UC_3.4.6.604', 'AUDC/3.4.6.604 AUDC-IPPhone-C450HD_UC_3.4.6.604/1'],
  ])('%s with %s says who it is as in the field', (model, firmware, userAgent) => {
    expect(userAgentOf(model, firmware, '020ff4010001' as Mac)).toBe(userAgent)
  })
})

describe('misbehaviour', () => {
  it('is dealt out exactly, scattered, and the same again for the same seed', () => {
    const deal = () => dealHabits(1000, { flaps: 0.1, 'never-registers': 0.025 }, seededRandom(3))
    const count = (habit: string) => deal().filter((dealt) => dealt === habit).length
    expect([count('flaps'), count('never-registers'), count('well-behaved')]).toEqual([100, 25, 875])
    expect(deal()).toEqual(deal())
    expect(deal().slice(0, 100)).toContain('well-behaved')
  })

  it('shares of more than everybody still make one habit each', () => {
    expect(dealHabits(10, { flaps: 1, 'wrong-version': 1 }, seededRandom(1))).toEqual(Array(10).fill('wrong-version'))
  })
})

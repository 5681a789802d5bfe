// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chooseFirmware,
  compareVersions,
  driftOf,
  type FirmwareChoice,
  indexChoices,
  phoneOf,
} from '#daemon/domain/firmware'
import { type Scope, SYSTEM } from '#daemon/domain/scope'
import type { Mac } from '#protocols/lib/mac'

const mac = '00908f123456' as Mac
const region: Scope = { ...SYSTEM, id: 'regionx', kind: 'region', name: 'Germany' }
const site: Scope = { ...SYSTEM, id: 'sitexxx', kind: 'site', name: 'Berlin', parent: region.id }
const path = [SYSTEM, region, site]

function choice(where: string, image: string, model = '440HD'): FirmwareChoice {
  return { model, where, image, at: 5, by: 'anna' }
}

const everywhere = choice('system', 'a')
const forRegion = choice(region.id, 'b')
const forSite = choice(site.id, 'c')
const forPhone = choice(mac, 'd')

describe('which image a phone gets', () => {
  const asker = { mac, model: '440HD', path }

  test('the nearest choice wins: phone, site, region, system', () => {
    const all = [everywhere, forRegion, forSite, forPhone]
    const told = [4, 3, 2, 1].map((count) => chooseFirmware(indexChoices(all.slice(0, count)), asker))
    expect(told).toEqual([
      { image: 'd', from: 'device', source: 'chosen for this phone', at: 5, key: `440HD ${mac}` },
      { image: 'c', from: 'scope', source: 'chosen for site Berlin', at: 5, key: '440HD sitexxx' },
      { image: 'b', from: 'scope', source: 'chosen for region Germany', at: 5, key: '440HD regionx' },
      { image: 'a', from: 'system', source: 'chosen for all 440HD', at: 5, key: '440HD system' },
    ])
    expect(chooseFirmware(indexChoices([]), asker)).toBeUndefined()
  })

  test('a pin beats all choices, and says so', () => {
    const chosen = chooseFirmware(indexChoices([forPhone]), asker, 'e')
    expect(chosen).toEqual({ image: 'e', from: 'pin', source: 'kept on it by a rollout', at: 0 })
  })

  test('what was chosen for another model or another place does not count', () => {
    const others = [choice('system', 'x', '420HD'), choice('elsewh', 'x'), choice('00908f000001', 'x')]
    expect(chooseFirmware(indexChoices(others), asker)).toBeUndefined()
  })

  test('who asks may be unknown: then its place decides', () => {
    const index = indexChoices([everywhere, forSite, forPhone])
    expect(chooseFirmware(index, { ...asker, mac: undefined })?.image).toBe('c')
    expect(chooseFirmware(index, { mac: undefined, model: '440HD', path: [SYSTEM] })?.image).toBe('a')
  })

  test('property: the answer is the nearest choice of the model, whatever else there is and in whatever order', () => {
    const places = ['system', region.id, site.id, mac, 'elsewh', '00908f999999']
    const one = fc.record({ model: fc.constantFrom('440HD', '420HD'), where: fc.constantFrom(...places) })
    const many = fc.uniqueArray(one, { selector: ({ model, where }) => `${model} ${where}`, maxLength: 12 })
    fc.assert(
      fc.property(many, fc.boolean(), fc.integer({ min: 0, max: 3 }), (made, isKnown, depth) => {
        const choices = made.map(({ model, where }) => choice(where, `${model}@${where}`, model))
        const way = path.slice(0, depth)
        const near = [...(isKnown ? [mac] : []), ...way.map(({ id }) => id).reverse(), 'system']
        const wanted = near.find((where) => choices.some((c) => c.model === '440HD' && c.where === where))
        const asked = { mac: isKnown ? mac : undefined, model: '440HD', path: way }
        const found = chooseFirmware(indexChoices(choices), asked)
        expect(found?.image).toBe(wanted && `440HD@${wanted}`)
        expect(chooseFirmware(indexChoices(choices.toReversed()), asked)).toEqual(found)
      }),
      { numRuns: 300 },
    )
  })
})

test('a choice for one phone is known by its MAC', () => {
  expect(phoneOf({ where: mac })).toBe(mac)
  expect(phoneOf({ where: site.id })).toBeUndefined()
  expect(phoneOf({ where: 'system' })).toBeUndefined()
})

test('a phone runs the chosen version, another, or nobody knows', () => {
  expect(driftOf('UC_2.0.13.121', 'uc_2.0.13.121')).toBe('current')
  expect(driftOf('2.2.16.704', '2.2.16.705')).toBe('other')
  expect(driftOf('', '2.2.16.705')).toBe('unknown')
  expect(driftOf('2.2.16.704', '')).toBe('unknown')
  expect(driftOf('2.2.16.704', undefined)).toBe('unknown')
})

test('versions are ordered by their numbers', () => {
  const versions = ['UC_3.0', '2.2.16.704', '2.2.9', '2.2.16', 'UC_2.0.13.121', '2.10.1']
  expect(versions.toSorted(compareVersions)).toEqual([
    '2.2.9',
    '2.2.16',
    '2.2.16.704',
    '2.10.1',
    'UC_2.0.13.121',
    'UC_3.0',
  ])
  const version = fc.array(fc.nat(300), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(Math.sign(compareVersions(a, b))).toBe(0 - Math.sign(compareVersions(b, a)))
      expect(compareVersions(a, a)).toBe(0)
    }),
  )
})

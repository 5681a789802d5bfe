// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { newPhone, newUser } from '#daemon/domain/phone'
import { placementOf } from '#daemon/domain/placement'
import { levelOf, mayLieIn, PRECEDENCE, SCOPE_KINDS, type Scope, ScopeTree, SYSTEM } from '#daemon/domain/scope'
import { checkScope, type ScopeDraft } from '#daemon/domain/scope-rules'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'

function scope(id: string, parent: string, fields: Partial<Scope> = {}): Scope {
  return { ...SYSTEM, id, kind: 'region', name: id, parent, version: 1, ...fields }
}

function draft(fields: Partial<ScopeDraft> = {}): ScopeDraft {
  return { kind: 'region', name: 'x', parent: 'system', timeZone: '', subnets: [], description: '', ...fields }
}

/** Germany (Berlin, Munich 2, Munich 10), France (Berlin). */
const tree = new ScopeTree([
  scope('m10', 'de', { name: 'Munich 10', kind: 'site' }),
  scope('fr', 'system', { name: 'France', timeZone: 'Europe/Paris' }),
  scope('de', 'system', { name: 'Germany', timeZone: 'Europe/Berlin', subnets: ['10.1.0.0/16'] }),
  scope('b', 'de', { name: 'Berlin', kind: 'site', subnets: ['10.2.4.0/24', '10.2.6.0/24'] }),
  scope('fb', 'fr', { name: 'berlin', kind: 'site', timeZone: 'UTC' }),
  scope('m2', 'de', { name: 'Munich 2', kind: 'site' }),
])

describe('the tree', () => {
  test('a path runs from the system to the nearest', () => {
    expect(tree.path('b').map(({ id }) => id)).toEqual(['system', 'de', 'b'])
    expect(tree.pathText('b')).toBe('Germany/Berlin')
    expect(tree.pathText('system')).toBe('')
    expect(tree.path('gone')).toEqual([SYSTEM])
  })

  test('siblings are ordered as people count, each before what lies in it', () => {
    expect(tree.below().map(({ name }) => name)).toEqual([
      ...['France', 'berlin'],
      ...['Germany', 'Berlin', 'Munich 2', 'Munich 10'],
    ])
  })

  test('it knows what lies in what', () => {
    expect(tree.contains('de', 'b')).toBe(true)
    expect(tree.contains('b', 'b')).toBe(true)
    expect(tree.contains('system', 'b')).toBe(true)
    expect(tree.contains('b', 'de')).toBe(false)
    expect(tree.contains('fr', 'b')).toBe(false)
  })

  test('it finds by path and, where there is one alone, by name, in any case', () => {
    expect(tree.find('germany / BERLIN')).toMatchObject({ kind: 'found', scope: { id: 'b' } })
    expect(tree.find('Munich 2')).toMatchObject({ kind: 'found', scope: { id: 'm2' } })
    expect(tree.find('Berlin')).toEqual({ kind: 'ambiguous', paths: ['France/berlin', 'Germany/Berlin'] })
    expect(tree.find('Spain')).toEqual({ kind: 'none' })
    expect(tree.find('Germany/Berlin/Mitte')).toEqual({ kind: 'none' })
    for (const nothing of ['', ' ', '/', 'system', 'System']) expect(tree.find(nothing)).toEqual({ kind: 'none' })
  })

  test('the nearest time zone counts', () => {
    expect([tree.timeZone('b'), tree.timeZone('fb'), tree.timeZone('system')]).toEqual([
      ...['Europe/Berlin', 'UTC'],
      undefined,
    ])
  })

  test('an address proposes the scope of its subnet', () => {
    expect(tree.ofAddress('10.1.255.255' as Ipv4)?.id).toBe('de')
    expect(tree.ofAddress('10.2.6.1' as Ipv4)?.id).toBe('b')
    expect(tree.ofAddress('10.2.5.1' as Ipv4)).toBeUndefined()
  })
})

test('the wider kinds hold the narrower, and their values give way to them', () => {
  expect(mayLieIn('site', 'region')).toBe(true)
  expect(mayLieIn('region', 'region')).toBe(true)
  expect(mayLieIn('region', 'site')).toBe(false)
  expect(mayLieIn('system', 'system')).toBe(false)
  const levels = SCOPE_KINDS.map((kind) => PRECEDENCE.indexOf(levelOf(kind)))
  expect(levels).toEqual(levels.toSorted((a, b) => a - b))
})

describe('a draft', () => {
  test('is made fit', () => {
    const facts = checkScope(tree, draft({ name: '  Spa\u006e\u0303a ', subnets: ['10.9.8.7/16'] }), undefined)
    expect(facts).toMatchObject({ name: 'Spaña', subnets: ['10.9.0.0/16'] })
  })

  test.each([
    ['no name', 'name', { name: ' ' }],
    ['a long name', 'name', { name: 'ü'.repeat(65) }],
    ['a megabyte', 'name', { name: 'x'.repeat(1_000_000) }],
    ['control characters', 'name', { name: 'a\u0000b' }],
    ['text that turns around', 'name', { name: 'a\u202eb' }],
    ['half a character', 'name', { name: 'a\ud800' }],
    ['a path', 'name', { name: 'a/b' }],
    ['dots', 'name', { name: '..' }],
    ['a sibling’s name', 'name', { name: 'GERMANY' }],
    ['a line break', 'description', { description: 'a\nb' }],
    ['a time zone nobody knows', 'timeZone', { timeZone: 'Mars/Olympus' }],
    ['a parent that is gone', 'parent', { parent: 'gone' }],
    ['a region in a site', 'parent', { parent: 'b' }],
    ['a second system', 'parent', { kind: 'system' }],
    ['no network', 'subnets', { subnets: ['10.1.0.0'] }],
    ['another scope’s addresses', 'subnets', { subnets: ['10.2.4.128/25'] }],
    ['a network around another scope’s', 'subnets', { subnets: ['10.0.0.0/8'] }],
    ['its own addresses twice', 'subnets', { subnets: ['10.9.0.0/16', '10.9.1.0/24'] }],
  ] as const)('is refused for %s', (_, field, fields) => {
    expect(checkScope(tree, draft(fields), undefined)).toMatchObject({ field })
  })

  test('of a scope that is there may keep its name and subnets', () => {
    const same = draft({ name: 'GERMANY', subnets: ['10.1.0.0/17'] })
    expect(checkScope(tree, same, 'de')).toMatchObject({ name: 'GERMANY', subnets: ['10.1.0.0/17'] })
  })

  test('cannot put a scope into itself or below, nor turn a region with regions into a site', () => {
    const deep = new ScopeTree([scope('a', 'system'), scope('b', 'a'), scope('c', 'b')])
    expect(checkScope(deep, draft({ parent: 'a' }), 'a')).toMatchObject({ field: 'parent' })
    expect(checkScope(deep, draft({ parent: 'c' }), 'a')).toMatchObject({ field: 'parent' })
    expect(checkScope(deep, draft({ kind: 'site' }), 'a')).toMatchObject({ field: 'kind' })
    expect(checkScope(deep, draft({ kind: 'site' }), 'c')).toMatchObject({ kind: 'site' })
  })

  test('cannot make the tree deeper than sixteen, also by moving a part of it', () => {
    const line = Array.from({ length: 15 }, (_, i) => scope(`s${i}`, i === 0 ? 'system' : `s${i - 1}`))
    const full = new ScopeTree([...line, scope('p', 'system'), scope('q', 'p')])
    expect(checkScope(full, draft({ parent: 's14' }), undefined)).toMatchObject({ name: 'x' })
    expect(checkScope(full, draft({ parent: 's14', name: 'p' }), 'p')).toMatchObject({ field: 'parent' })
    expect(checkScope(full, draft({ parent: 's13', name: 'p' }), 'p')).toMatchObject({ parent: 's13' })
  })
})

test('whatever edits are let through, the tree stays one: no cycle, no twin, no shared address', () => {
  const edit = fc.record({
    id: fc.nat(7),
    parent: fc.nat(8),
    kind: fc.constantFrom('region' as const, 'site' as const, 'tenant' as const),
    name: fc.constantFrom('A', 'a', 'B', 'É', 'e\u0301'),
    subnets: fc.array(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16', '11.0.0.0/8'), { maxLength: 2 }),
  })
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 30 }), (edits) => {
      const scopes = new Map<string, Scope>()
      for (const { id: n, parent, ...rest } of edits) {
        const now = new ScopeTree(scopes.values())
        const id = `n${n}`
        const facts = checkScope(
          now,
          draft({ ...rest, parent: parent === 8 ? 'system' : `n${parent}` }),
          now.get(id) && id,
        )
        if (!('field' in facts)) scopes.set(id, { ...SYSTEM, ...facts, id })
      }
      const after = new ScopeTree(scopes.values())
      expect(after.below().length).toBe(scopes.size)
      for (const { id, parent, name } of scopes.values()) {
        expect(after.child(parent, name)?.id).toBe(id)
        expect(after.path(id)[0]).toBe(SYSTEM)
        for (const subnet of scopes.get(id)?.subnets ?? []) {
          expect(after.ofAddress(subnet.slice(0, subnet.indexOf('/')) as Ipv4)?.id).toBe(id)
        }
      }
    }),
    { numRuns: 300 },
  )
})

describe('a phone is', () => {
  const phone = { ...newPhone('00908f123456' as Mac, 0), address: '10.2.4.9', externalAddress: '10.1.0.1' }
  const anna = { ...newUser('anna', 0), region: 'fr' }

  test('where its user is', () => {
    expect(placementOf({ ...phone, scope: 'm2' }, anna, tree)).toMatchObject({ scope: { id: 'fr' }, why: 'user' })
  })
  test('else where it was put', () => {
    const nowhere = { ...anna, region: '' }
    expect(placementOf({ ...phone, scope: 'm2' }, nowhere, tree)).toMatchObject({ scope: { id: 'm2' }, why: 'set' })
  })
  test('else where its address lies, its own before that of the NAT before it', () => {
    expect(placementOf(phone, undefined, tree)).toMatchObject({
      scope: { id: 'b' },
      why: 'subnet',
      address: '10.2.4.9',
    })
    const behind = { ...phone, address: '192.168.1.2' }
    expect(placementOf(behind, undefined, tree)).toMatchObject({ scope: { id: 'de' }, address: '10.1.0.1' })
  })
  test('else in the system; also when its region is gone', () => {
    const lost = { ...phone, address: 'http://x', externalAddress: '', scope: 'gone' }
    expect(placementOf(lost, { ...anna, region: 'gone' }, tree)).toEqual({ scope: SYSTEM, why: 'none' })
  })
})

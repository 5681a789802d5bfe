// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LevelKey, secretPlace } from '#daemon/domain/provisioning/level-settings'
import type { DraftChange } from '#daemon/domain/provisioning/revision'
import type { Template } from '#daemon/domain/provisioning/template'
import { type Change, put, type Table } from '#daemon/store/store'
import { levels, phones, scopes, templateMapping, templates, users } from '#daemon/store/tables'
import { draftOf, macAt, phoneOf, scopeOf, served, settings, userOf, type World, world } from './world.ts'

const PHONES = 10
const SCOPES = ['r1', 'r2', 's1']
const TEMPLATES = ['alpha', 'beta', 'audiocodes-sip']

const line = fc.constantFrom(
  ...['a/b=1', 'a/b=2', 'a/b=%ITCS_A%', 'who=%ITCS_Line1Id%', 'mac=%ITCS_mac%', 'x/password=%ITCS_P%', 'n=%ITCS_None%'],
  ...[';#use alpha/global', ';#use beta/private', ';#if A = 1\na/if=1\n;#else\na/if=0\n;#endif', '; words', ''],
)
const text = fc.array(line, { maxLength: 5 }).map((lines) => lines.join('\n'))
const levelKey: fc.Arbitrary<LevelKey> = fc.oneof(
  fc.constant<LevelKey>('system'),
  fc.constantFrom(...TEMPLATES).map((id): LevelKey => `template/${id}`),
  fc.constantFrom(...SCOPES).map((id): LevelKey => `scope/${id}`),
  fc.nat(PHONES - 1).map((index): LevelKey => `user/u${index}`),
  fc.nat(PHONES - 1).map((index): LevelKey => `device/${macAt(index)}`),
)

type Make = (w: World) => DraftChange

const level: fc.Arbitrary<Make> = fc
  .record({
    key: levelKey,
    a: fc.option(fc.constantFrom('1', '2', '')),
    secret: fc.option(fc.constantFrom('one', 'two')),
    lines: text,
    template: fc.constantFrom('', 'alpha', 'gone'),
    removed: fc.boolean(),
  })
  .map(({ key, a, secret, lines, template, removed }) => ({ vault }) => {
    const sealed: Record<string, string> = secret === null ? {} : { P: vault.seal(secret, secretPlace(key, 'P')) }
    const value = settings({ values: a === null ? {} : { A: a }, sealed, lines, template })
    return { table: levels.name, key, value: removed ? undefined : value }
  })

const template: fc.Arbitrary<Make> = fc
  .record({
    id: fc.constantFrom(...TEMPLATES),
    models: fc.subarray(['440HD', '405HD']),
    global: text,
    own: text,
    removed: fc.boolean(),
  })
  .map(({ id, models, global, own, removed }) => () => {
    const made: Template = {
      ...{ id, title: id, description: '', models, firmware: 'sip', global },
      private: `include ${id}_global.cfg\n${own}`,
    }
    return { table: templates.name, key: id, value: removed ? undefined : made }
  })

const mapping: fc.Arbitrary<Make> = fc
  .array(
    fc.record({
      model: fc.constantFrom('440HD', '4*'),
      scope: fc.constantFrom('system', ...SCOPES),
      template: fc.constantFrom(...TEMPLATES),
    }),
    { maxLength: 3 },
  )
  .map((rules) => () => ({ table: templateMapping.name, key: 'rules', value: { rules } }))

const tree: fc.Arbitrary<Make> = fc
  .record({ parent: fc.constantFrom('r1', 'r2'), zone: fc.constantFrom('', 'Europe/Berlin'), subnet: fc.boolean() })
  .map(({ parent, zone, subnet }) => () => ({
    table: scopes.name,
    key: 'tree',
    value: {
      scopes: [
        scopeOf('r1', { timeZone: zone }),
        scopeOf('r2', { subnets: subnet ? ['10.0.0.0/29'] : [] }),
        scopeOf('s1', { kind: 'site', parent }),
      ],
    },
  }))

const phone: fc.Arbitrary<Make> = fc
  .record({
    index: fc.nat(PHONES - 1),
    model: fc.constantFrom('440HD', '405HD', 'X9'),
    approval: fc.constantFrom('approved' as const, 'pending' as const),
    scope: fc.constantFrom('', ...SCOPES),
    owned: fc.boolean(),
  })
  .map(({ index, owned, ...facts }) => () => {
    const value = phoneOf(index, { ...facts, ...(!owned && { owner: '', ownerFrom: '' }) })
    return { table: phones.name, key: macAt(index), value }
  })

const user: fc.Arbitrary<Make> = fc
  .record({ index: fc.nat(PHONES - 1), region: fc.constantFrom('', ...SCOPES), phoneNumber: fc.constantFrom('1', '2') })
  .map(({ index, ...facts }) => () => ({ table: users.name, key: `u${index}`, value: userOf(index, facts) }))

const change = fc.oneof(level, level, level, template, template, mapping, tree, phone, user)

async function begin({ store }: World, first: readonly DraftChange[]): Promise<void> {
  const tables: readonly Table<unknown>[] = [levels, templates, templateMapping, scopes, phones, users]
  const emptied = tables.flatMap((table) =>
    Array.from(store.entries(table), ({ key }): Change => ({ table: table.name, key, value: undefined })),
  )
  const indexes = Array.from({ length: PHONES }, (_, index) => index)
  const regions = ['', 'r1', 'r2', 's1']
  const filled = [
    put(scopes, 'tree', { scopes: [scopeOf('r1'), scopeOf('r2'), scopeOf('s1', { kind: 'site', parent: 'r1' })] }),
    ...indexes.map((index) => put(phones, macAt(index), phoneOf(index))),
    ...indexes.map((index) => put(users, `u${index}`, userOf(index, { region: regions[index % 4] ?? '' }))),
  ]
  await store.commit([...emptied, ...filled, ...first], { durable: false })
}

async function allServed(w: World): Promise<Map<string, string | undefined>> {
  const texts = new Map<string, string | undefined>()
  for (let index = 0; index < PHONES; index++) texts.set(macAt(index), await served(w, macAt(index)))
  return texts
}

test('what a preview says is what phones are served after it was saved, and skipping phones hides no change', {
  timeout: 60_000,
}, async () => {
  const w = await world({ settings: { revisions: 1_000, days: 100 } })
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 6 }),
      fc.array(change, { minLength: 1, maxLength: 2 }),
      async (first, then) => {
        await begin(
          w,
          first.map((make) => make(w)),
        )
        const draft = draftOf(...then.map((make) => make(w)))
        const preview = await w.desk.preview(draft)
        const { preview: whole } = await w.exhaustive.preview(draft)
        const outcome = ({ changed, groups, others, moves }: typeof whole) => ({ changed, groups, others, moves })
        expect(outcome(preview)).toEqual(outcome(whole))
        const before = await allServed(w)
        expect(await w.desk.apply(draft, preview.hash, 'anna', '')).toMatchObject({ kind: 'done' })
        const after = await allServed(w)
        const differ = [...before].filter(([mac, text]) => after.get(mac) !== text).map(([mac]) => mac)
        expect(differ.length, JSON.stringify(draft.changes)).toBe(preview.changed)
        for (const { example, lines } of preview.groups) {
          expect(differ).toContain(example.mac)
          const come = lines.filter(({ sign, text: shown }) => sign === '+' && !shown.includes('*'))
          for (const { text: shown } of come) expect(after.get(example.mac)?.split('\n')).toContain(shown)
        }
      },
    ),
    { numRuns: 40 },
  )
})

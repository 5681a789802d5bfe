// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Notice, put, remove, type Store, type Table } from '#daemon/store/store'

/** One set of data on which stores are opened one after the other. */
export interface StoreUnderTest {
  /** A store on this data, not yet opened. */
  create(): Store
  /** Writes to disk so far. */
  writes(): number
  dispose(): Promise<void>
}

interface Animal {
  readonly name: string
  readonly legs?: number
  readonly tags?: readonly string[]
}

const animals: Table<Animal> = { name: 'animals' }
const plants: Table<Animal> = { name: 'plants' }
const durable = { durable: true }
const written = { durable: false }

/** What every implementation of Store promises. */
export function storeContract(name: string, prepare: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the store's contract`, () => {
    let data: StoreUnderTest
    let store: Store

    beforeEach(async () => {
      data = await prepare()
      store = data.create()
      await store.open()
    })

    afterEach(async () => {
      await store.close()
      await data.dispose()
    })

    async function reopen(): Promise<void> {
      await store.close()
      store = data.create()
      await store.open()
    }

    function names(table: Table<Animal>): Record<string, string> {
      return Object.fromEntries([...store.entries(table)].map(({ key, value }) => [key, value.name]))
    }

    describe('open and closed', () => {
      test('a store that was never opened refuses everything', async () => {
        const closed = data.create()
        expect(() => closed.get(animals, 'cat')).toThrow(/not open/)
        expect(() => closed.entries(animals)).toThrow(/not open/)
        expect(() => closed.count(animals)).toThrow(/not open/)
        expect(() => closed.watch(animals, 0, () => {})).toThrow(/not open/)
        await expect(closed.commit([], durable)).rejects.toThrow(/not open/)
        await closed.close()
      })

      test('a closed store refuses everything', async () => {
        await store.close()
        expect(() => store.get(animals, 'cat')).toThrow(/not open/)
        await expect(store.commit([put(animals, 'cat', { name: 'Tom' })], durable)).rejects.toThrow(/not open/)
      })

      test('closing is idempotent and can happen twice at once', async () => {
        await Promise.all([store.close(), store.close()])
        await store.close()
      })

      test('a store that is open does not open again', async () => {
        await expect(store.open()).rejects.toThrow(/already/)
      })

      test('the same store can be opened again after it was closed', async () => {
        await store.commit([put(animals, 'cat', { name: 'Tom' })], written)
        await store.close()
        await store.open()
        expect(names(animals)).toEqual({ cat: 'Tom' })
      })

      test('closing waits for the commits under way', async () => {
        const commits = ['a', 'b', 'c'].map((key) => store.commit([put(animals, key, { name: key })], durable))
        await store.close()
        expect(await Promise.all(commits)).toHaveLength(3)
        await store.open()
        expect(store.count(animals)).toBe(3)
      })

      test('closing waits for an opening under way', async () => {
        await store.close()
        const opening = store.open()
        await store.close()
        await opening
        await expect(store.commit([], durable)).rejects.toThrow(/not open/)
      })

      test('two stores never have the same data open', async () => {
        await expect(data.create().open()).rejects.toMatchObject({ code: 'STORE_LOCKED' })
        await store.commit([put(animals, 'cat', { name: 'Tom' })], durable)
      })

      test('there is no trouble while writes succeed', async () => {
        await store.commit([put(animals, 'cat', { name: 'Tom' })], durable)
        expect(store.trouble()).toBeUndefined()
      })
    })

    describe('reading and writing', () => {
      test('reads see a commit as soon as it is called', async () => {
        const commit = store.commit([put(animals, 'cat', { name: 'Tom' })], durable)
        expect(store.get(animals, 'cat')?.value).toEqual({ name: 'Tom' })
        expect(store.get(animals, 'cat')?.revision).toBe(await commit)
      })

      test('what is absent is undefined, and an unknown table is empty', () => {
        expect(store.get(animals, 'cat')).toBeUndefined()
        expect([...store.entries(plants)]).toEqual([])
        expect(store.count(plants)).toBe(0)
      })

      test('a removed record is gone, also after reopening; removing what is absent is no error', async () => {
        await store.commit([put(animals, 'cat', { name: 'Tom' }), put(animals, 'dog', { name: 'Spike' })], durable)
        await store.commit([remove(animals, 'cat'), remove(animals, 'cow')], durable)
        expect(names(animals)).toEqual({ dog: 'Spike' })
        await reopen()
        expect(names(animals)).toEqual({ dog: 'Spike' })
      })

      test('later changes of one commit see the earlier ones', async () => {
        const changes = [
          put(animals, 'cat', { name: 'Tom' }, 'absent'),
          remove(animals, 'cat'),
          put(animals, 'cat', { name: 'Tim' }),
        ]
        await store.commit(changes, durable)
        expect(names(animals)).toEqual({ cat: 'Tim' })
        await reopen()
        expect(names(animals)).toEqual({ cat: 'Tim' })
      })

      test('entries are those at the time of the call', async () => {
        await store.commit([put(animals, 'cat', { name: 'Tom' }), put(animals, 'dog', { name: 'Spike' })], durable)
        const commits: Promise<number>[] = []
        for (const { key, value } of store.entries(animals)) {
          commits.push(store.commit([put(animals, key, value), put(animals, `${key}2`, value)], written))
        }
        await Promise.all(commits)
        expect(Object.keys(names(animals)).sort()).toEqual(['cat', 'cat2', 'dog', 'dog2'])
      })

      test('values are nobody’s to change: neither the writer’s object nor what a reader got', async () => {
        const mine = { name: 'Tom', tags: ['grey'] }
        await store.commit([put(animals, 'cat', mine)], durable)
        mine.name = 'Jerry'
        mine.tags.push('small')
        const read = store.get(animals, 'cat')?.value as typeof mine
        expect(read).toEqual({ name: 'Tom', tags: ['grey'] })
        expect(() => read.tags.push('old')).toThrow(TypeError)
        expect(() => Object.assign(read, { name: 'Jerry' })).toThrow(TypeError)
        expect(store.get(animals, 'cat')?.value).toEqual({ name: 'Tom', tags: ['grey'] })
      })

      test('what is read before a restart equals what is read after it', async () => {
        const odd = {
          name: 'Tom',
          legs: undefined,
          at: new Date(0),
          list: [undefined, Number.NaN],
          deep: { a: { b: null } },
        }
        await store.commit([put(animals, 'cat', odd as unknown as Animal)], durable)
        const before = store.get(animals, 'cat')
        await reopen()
        expect(store.get(animals, 'cat')).toStrictEqual(before)
      })

      test('what is not JSON is refused and nothing of its commit remains', async () => {
        const bad = [put(animals, 'cat', { name: 'Tom' }), { table: 'animals', key: 'fun', value: () => 1 }]
        await expect(store.commit(bad, durable)).rejects.toThrow(TypeError)
        const cycle: { self?: unknown } = {}
        cycle.self = cycle
        await expect(store.commit([{ table: 'animals', key: 'cycle', value: cycle }], durable)).rejects.toThrow(
          TypeError,
        )
        expect(store.count(animals)).toBe(0)
      })

      test('a huge record is refused', async () => {
        const huge = put(animals, 'whale', { name: 'x'.repeat(5_000_000) })
        await expect(store.commit([huge], durable)).rejects.toThrow(RangeError)
      })
    })

    describe('tables', () => {
      const keys = [
        '',
        '/',
        'a/b',
        '../x',
        '__proto__',
        'constructor',
        'é',
        'e\u0301',
        '電話',
        '\u{1F4DE}',
        '\0',
        '\n',
        'A',
        'a',
        ' ',
      ]

      test.each(keys.map((key) => [key]))('the key %j is a key like any other', async (key) => {
        await store.commit([put(animals, key, { name: `animal ${key}` }, 'absent')], durable)
        await store.commit([put(plants, key, { name: `plant ${key}` }, 'absent')], durable)
        await reopen()
        expect(store.get(animals, key)?.value.name).toBe(`animal ${key}`)
        await store.commit([remove(animals, key)], durable)
        await reopen()
        expect(store.get(animals, key)).toBeUndefined()
        expect(store.get(plants, key)?.value.name).toBe(`plant ${key}`)
      })

      test('all odd keys live side by side, and one table’s name may begin another’s', async () => {
        const animal: Table<Animal> = { name: 'animal' }
        for (const table of [animal, animals]) {
          await store.commit(
            keys.map((key) => put(table, key, { name: key })),
            durable,
          )
        }
        await store.commit([put(animal, 's/a', { name: 'not in animals' })], durable)
        await reopen()
        expect(store.count(animals)).toBe(keys.length)
        expect(store.count(animal)).toBe(keys.length + 1)
        for (const key of keys) expect(store.get(animals, key)).toMatchObject({ key, value: { name: key } })
      })

      test('a key that UTF-8 cannot say, an endless key and an odd table name are refused', async () => {
        await expect(store.commit([put(animals, '\ud800', { name: 'half' })], durable)).rejects.toThrow(TypeError)
        await expect(store.commit([put(animals, 'k'.repeat(5000), { name: 'long' })], durable)).rejects.toThrow(
          TypeError,
        )
        for (const name of ['', 'a/b', '__proto__', 'ä']) {
          await expect(store.commit([put({ name }, 'k', 1)], durable)).rejects.toThrow(TypeError)
        }
      })

      test('__proto__ inside a value is data', async () => {
        await store.commit(
          [{ table: 'animals', key: 'cat', value: JSON.parse('{"__proto__":{"legs":9},"name":"Tom"}') }],
          durable,
        )
        await reopen()
        expect(store.get(animals, 'cat')?.value.legs).toBeUndefined()
        expect(JSON.stringify(store.get(animals, 'cat')?.value)).toBe('{"__proto__":{"legs":9},"name":"Tom"}')
      })
    })

    describe('revisions and expectations', () => {
      test('revisions grow, one for each commit, also across reopening', async () => {
        const first = await store.commit(
          [put(animals, 'cat', { name: 'Tom' }), put(animals, 'dog', { name: 'Spike' })],
          durable,
        )
        const second = await store.commit([remove(animals, 'dog')], durable)
        expect(store.get(animals, 'cat')?.revision).toBe(first)
        expect(second).toBeGreaterThan(first)
        await reopen()
        expect(await store.commit([put(animals, 'dog', { name: 'Spike' })], durable)).toBeGreaterThan(second)
      })

      test('commits are written in the order of their calls', async () => {
        const order: number[] = []
        const commits = Array.from({ length: 50 }, (_, i) =>
          store
            .commit([put(animals, 'cat', { name: 'Tom', legs: i })], i % 3 === 0 ? durable : written)
            .then((revision) => {
              order.push(revision)
            }),
        )
        await Promise.all(commits)
        expect(order).toEqual([...order].sort((a, b) => a - b))
        await reopen()
        expect(store.get(animals, 'cat')?.value.legs).toBe(49)
      })

      test('a change with the right expectation succeeds', async () => {
        const first = await store.commit([put(animals, 'cat', { name: 'Tom' }, 'absent')], durable)
        const second = await store.commit([put(animals, 'cat', { name: 'Tim' }, first)], durable)
        await store.commit([remove(animals, 'cat', second)], durable)
        expect(store.count(animals)).toBe(0)
      })

      test('a change with a wrong expectation is a Conflict that names it', async () => {
        const first = await store.commit([put(animals, 'cat', { name: 'Tom' })], durable)
        const cases = [
          put(animals, 'cat', { name: 'Tim' }, 'absent'),
          put(animals, 'cat', { name: 'Tim' }, first + 1),
          remove(animals, 'cat', first - 1),
          remove(animals, 'dog', 7),
        ]
        for (const change of cases) {
          await expect(store.commit([change], durable)).rejects.toMatchObject({ code: 'STORE_CONFLICT', change })
        }
        expect(store.get(animals, 'cat')).toEqual({ key: 'cat', value: { name: 'Tom' }, revision: first })
      })

      test('nothing of a rejected commit happens, neither in memory nor on disk', async () => {
        await store.commit([put(animals, 'cat', { name: 'Tom' }), put(animals, 'dog', { name: 'Spike' })], durable)
        const before = [...store.entries(animals)]
        const changes = [
          put(animals, 'cat', { name: 'Tim' }),
          remove(animals, 'dog'),
          put(plants, 'fern', { name: 'Fern' }),
          put(animals, 'cow', { name: 'Bess' }, 12345),
        ]
        await expect(store.commit(changes, durable)).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
        expect([...store.entries(animals)]).toEqual(before)
        await reopen()
        expect([...store.entries(animals)]).toEqual(before)
        expect(store.count(plants)).toBe(0)
      })

      test('of many writers who create the same record exactly one wins', async () => {
        const tries = Array.from({ length: 100 }, (_, i) =>
          store.commit([put(animals, 'cat', { name: `Tom ${i}` }, 'absent')], durable),
        )
        const results = await Promise.allSettled(tries)
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        await reopen()
        expect(store.count(animals)).toBe(1)
      })

      test('writers who retry on Conflict lose no update', async () => {
        await store.commit([put(animals, 'cat', { name: 'Tom', legs: 0 })], durable)
        const increment = async (): Promise<void> => {
          for (;;) {
            const seen = store.get(animals, 'cat')
            if (!seen) throw new Error('the cat is gone')
            await new Promise((resolve) => setImmediate(resolve))
            const next = put(animals, 'cat', { name: 'Tom', legs: (seen.value.legs ?? 0) + 1 }, seen.revision)
            try {
              await store.commit([next], durable)
              return
            } catch (error) {
              expect(error).toMatchObject({ code: 'STORE_CONFLICT' })
            }
          }
        }
        await Promise.all(Array.from({ length: 20 }, increment))
        expect(store.get(animals, 'cat')?.value.legs).toBe(20)
      })
    })

    describe('durability', () => {
      test('durable and written commits are there after reopening, with their revisions', async () => {
        const first = await store.commit([put(animals, 'cat', { name: 'Tom' })], durable)
        const second = await store.commit([put(animals, 'dog', { name: 'Spike' })], written)
        await reopen()
        expect(store.get(animals, 'cat')).toEqual({ key: 'cat', value: { name: 'Tom' }, revision: first })
        expect(store.get(animals, 'dog')).toEqual({ key: 'dog', value: { name: 'Spike' }, revision: second })
      })

      test('many writers share a write', async () => {
        const before = data.writes()
        const commits = Array.from({ length: 500 }, (_, i) =>
          store.commit([put(animals, `a${i}`, { name: 'ant' })], durable),
        )
        await Promise.all(commits)
        expect(data.writes() - before).toBeLessThan(20)
        expect(data.writes() - before).toBeGreaterThan(0)
        await reopen()
        expect(store.count(animals)).toBe(500)
      })

      test('an empty commit resolves after all before it are written', async () => {
        let done = false
        const first = store.commit([put(animals, 'cat', { name: 'Tom' })], written).then(() => {
          done = true
        })
        await store.commit([], durable)
        expect(done).toBe(true)
        await first
      })
    })

    describe('watching', () => {
      function follow(table: Table<Animal>, from: number | 'now'): { seen: Notice<Animal>[]; stop: () => void } {
        const seen: Notice<Animal>[] = []
        return { seen, stop: store.watch(table, from, (notice) => seen.push(notice)) }
      }

      test('replays every record in the order of revisions', async () => {
        for (const key of ['c', 'a', 'b']) await store.commit([put(animals, key, { name: key })], durable)
        await store.commit([put(animals, 'c', { name: 'c again' })], durable)
        expect(follow(animals, 0).seen.map(({ value }) => value?.name)).toEqual(['a', 'b', 'c again'])
        await reopen()
        expect(follow(animals, 0).seen.map(({ value }) => value?.name)).toEqual(['a', 'b', 'c again'])
      })

      test('replays only what is newer than `from`', async () => {
        await store.commit([put(animals, 'a', { name: 'a' })], durable)
        const from = await store.commit([put(animals, 'b', { name: 'b' })], durable)
        await store.commit([put(animals, 'c', { name: 'c' })], durable)
        expect(follow(animals, from).seen.map(({ key }) => key)).toEqual(['c'])
      })

      test('replays nothing with `now`, only follows', async () => {
        await store.commit([put(animals, 'a', { name: 'a' })], durable)
        const waiting = store.commit([put(animals, 'b', { name: 'b' })], durable)
        const { seen } = follow(animals, 'now')
        expect(seen).toEqual([])
        await waiting
        expect(seen.map(({ key }) => key)).toEqual(['b'])
      })

      test('follows puts and removals of its table, after the write and before the commit resolves', async () => {
        const { seen } = follow(animals, 0)
        const commit = store.commit(
          [put(animals, 'cat', { name: 'Tom' }), put(plants, 'fern', { name: 'Fern' })],
          durable,
        )
        expect(seen).toEqual([])
        const first = await commit
        expect(seen).toEqual([{ key: 'cat', value: { name: 'Tom' }, revision: first }])
        const second = await store.commit([remove(animals, 'cat')], written)
        expect(seen.at(-1)).toEqual({ key: 'cat', value: undefined, revision: second })
      })

      test('tells nothing of a rejected commit, nor of removing what was absent', async () => {
        const { seen } = follow(animals, 0)
        await expect(store.commit([put(animals, 'cat', { name: 'Tom' }, 9)], durable)).rejects.toThrow()
        await store.commit([remove(animals, 'dog')], durable)
        expect(seen).toEqual([])
      })

      test('a watcher that begins between call and write sees each commit once', async () => {
        await store.commit([put(animals, 'cat', { name: 'Tom' })], durable)
        await store.commit([put(animals, 'dog', { name: 'Spike' })], durable)
        const commits = [
          store.commit([put(animals, 'cat', { name: 'Tim' })], durable),
          store.commit([remove(animals, 'dog'), put(animals, 'cow', { name: 'Bess' })], durable),
        ]
        const { seen } = follow(animals, 0)
        expect(seen.map(({ value }) => value?.name)).toEqual(['Tom', 'Spike'])
        await Promise.all(commits)
        expect(seen.map(({ key, value }) => `${key} ${value?.name}`)).toEqual([
          'cat Tom',
          'dog Spike',
          'cat Tim',
          'dog undefined',
          'cow Bess',
        ])
      })

      test('a watcher that begins inside a notice sees each record once', async () => {
        const late: string[] = []
        const stop = store.watch(animals, 0, () => {
          stop()
          store.watch(animals, 0, ({ key }) => late.push(key))
        })
        const pairs = ['a', 'b', 'c'].map((key) => [
          put(animals, `${key}1`, { name: key }),
          put(animals, `${key}2`, { name: key }),
        ])
        await Promise.all(pairs.map((pair) => store.commit(pair, durable)))
        expect(late.sort()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2'])
      })

      test('says nothing after it was stopped, also when stopped by another listener', async () => {
        const seen: string[] = []
        const stops: (() => void)[] = []
        for (const name of ['first', 'second']) {
          const stop = store.watch(animals, 0, () => {
            seen.push(name)
            for (const each of stops) each()
          })
          stops.push(stop)
        }
        await store.commit([put(animals, 'cat', { name: 'Tom' })], durable)
        await store.commit([put(animals, 'cat', { name: 'Tim' })], durable)
        expect(seen).toEqual(['first'])
      })

      test('a listener that throws stops neither the others nor the store', async () => {
        store.watch(animals, 0, () => {
          throw new Error('a listener of the test')
        })
        const { seen } = follow(animals, 0)
        await store.commit([put(animals, 'cat', { name: 'Tom' })], durable)
        await store.commit([put(animals, 'cat', { name: 'Tim' })], durable)
        expect(seen).toHaveLength(2)
      })

      test('a listener may commit', async () => {
        const done = new Promise((resolve) => {
          store.watch(animals, 0, ({ key, value }) => {
            if (value) resolve(store.commit([put(plants, key, value)], durable))
          })
        })
        await store.commit([put(animals, 'cat', { name: 'Tom' })], durable)
        await done
        expect(names(plants)).toEqual({ cat: 'Tom' })
      })

      test('reads inside a notice are never older than the notice', async () => {
        const stale: Notice<Animal>[] = []
        store.watch(animals, 0, (notice) => {
          if ((store.get(animals, notice.key)?.revision ?? 0) < notice.revision) stale.push(notice)
        })
        const commits = Array.from({ length: 100 }, (_, i) =>
          store.commit([put(animals, `k${i % 7}`, { name: 'x', legs: i })], durable),
        )
        await Promise.all(commits)
        expect(stale).toEqual([])
      })
    })
  })
}

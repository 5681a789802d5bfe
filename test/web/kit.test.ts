// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type ListQuery, listHref } from '#web/kit/list-query'
import { paging, rangeText } from '#web/kit/paging'
import { table } from '#web/kit/table'
import { type TaskOrder, Tasks } from '#web/kit/tasks'
import { Views } from '#web/views'
import { MONDAY } from './memory-port.ts'

const QUERY: ListQuery<'name' | 'age'> = {
  path: '/people',
  filters: { text: '', region: 'Nord & Süd' },
  order: 'name',
  descending: false,
  page: 3,
}

describe('a list', () => {
  test('says in its address only what differs from the plain list', () => {
    expect(listHref({ ...QUERY, filters: {}, page: 1 }, 'name')).toBe('/people')
    expect(listHref(QUERY, 'name')).toBe('/people?region=Nord+%26+S%C3%BCd&page=3')
    expect(listHref(QUERY, 'name', { order: 'age', descending: true, page: 1 })).toMatch(/&order=-age$/)
    expect(listHref(QUERY, 'name', { descending: true, page: 1 })).toMatch(/&order=-name$/)
  })

  test('turns its order around when the heading it is sorted by is followed again', () => {
    const columns = [
      { label: 'Name', order: 'name' as const },
      { label: 'Age', order: 'age' as const },
      { label: 'Pet' },
    ]
    const [name, age, pet] = table('People', columns, [], { query: QUERY, first: 'name' }).columns
    expect(name).toMatchObject({ sorted: 'ascending', href: expect.stringContaining('order=-name') })
    expect(age).toMatchObject({ sorted: '', href: expect.stringMatching(/order=age$/) })
    expect(pet).toMatchObject({ sorted: '', href: '' })
  })

  test.each([
    [1, 1, undefined],
    [1, 3, '1 2 3'],
    [5, 9, '1 … 3 4 5 6 7 … 9'],
    [9, 9, '1 … 7 8 9'],
  ])('page %i of %i offers %s', (page, pages, words) => {
    expect(
      paging(page, pages, String)
        ?.links.map(({ label }) => label)
        .join(' '),
    ).toBe(words)
  })

  test('says how much of it is shown', () => {
    expect(rangeText(2, 50, 50, 1204, 'person', 'people')).toBe('51–100 of 1,204 people')
    expect(rangeText(1, 50, 1, 1, 'person', 'people')).toBe('1 person')
  })
})

describe('a cell', () => {
  const views = new Views()
  test.each([
    ['plain text', '<b>', '&lt;b&gt;'],
    ['a link', { text: '<b>', href: '/a?b&c' }, 'href="/a?b&amp;c">&lt;b&gt;</a>'],
    ['nothing', '', '–'],
    ['a badge', { badge: 'Well', tone: 'ok' as const }, 'Well</span>'],
    ['several lines', { lines: ['a', '<'] }, '&lt;</span>'],
  ])('of %s', (_, cell, expected) => {
    expect(views.render('kit/cell', { cell }).trim()).toContain(expected)
  })
})

describe('tasks', () => {
  const faults: Error[] = []
  const changes: string[] = []
  const make = () => {
    const onFault = (error: Error) => void faults.push(error)
    return new Tasks({ now: () => MONDAY, random: randomBytes, onFault, changed: (id) => void changes.push(id) })
  }
  const order = (run: TaskOrder['run']): TaskOrder => ({ title: 'Count', owner: 'admin', back: '/', run })

  test('tell how far they are, and where their result is', async () => {
    const tasks = make()
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const id = tasks.start(
      order(async (progress) => {
        progress(3, 10)
        await gate
        return { sentence: 'Counted.', href: '/counted' }
      }),
    )
    if (id === undefined) throw new Error('not started')
    expect(await tasks.settled(id, 5)).toMatchObject({ done: 3, whole: 10, end: undefined })
    expect(tasks.running('admin')).toHaveLength(1)
    expect(tasks.running('somebody else')).toHaveLength(0)
    open()
    expect(await tasks.settled(id, 5000)).toMatchObject({ end: { kind: 'done', href: '/counted' } })
    expect(tasks.running()).toHaveLength(0)
    expect(changes.length).toBeGreaterThan(1)
  })

  test('that fail say so without the reason, which is for the log', async () => {
    const tasks = make()
    const id = tasks.start(order(() => Promise.reject(new Error('secret'))))
    const task = await tasks.settled(id ?? '', 5000)
    expect(task?.end).toMatchObject({ kind: 'failed' })
    expect(JSON.stringify(task)).not.toContain('secret')
    expect(faults.at(-1)?.message).toBe('secret')
  })

  test('that are refused say why, which is no fault of ours', async () => {
    const tasks = make()
    const before = faults.length
    const refusal = Object.assign(new Error('Try again in a minute.'), { expose: true })
    const task = await tasks.settled(tasks.start(order(() => Promise.reject(refusal))) ?? '', 5000)
    expect(task?.end).toEqual({ kind: 'failed', sentence: 'Try again in a minute.' })
    expect(faults).toHaveLength(before)
  })

  test('are four at a time, fifty in memory, and none after the end', async () => {
    const tasks = make()
    const quick = order(async () => ({ sentence: '', href: '/' }))
    const first = tasks.start(quick) ?? ''
    await tasks.settled(first, 5000)
    for (let i = 0; i < 50; i++) await tasks.settled(tasks.start(quick) ?? '', 5000)
    expect(tasks.get(first)).toBeUndefined()
    const signals: AbortSignal[] = []
    for (let i = 0; i < 4; i++) {
      const wait = (signal: AbortSignal) => {
        signals.push(signal)
        return new Promise<never>(() => {})
      }
      await tasks.settled(tasks.start(order((_, signal) => wait(signal))) ?? '', 1)
    }
    expect(tasks.start(quick)).toBeUndefined()
    tasks.close()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true, true])
    expect(make().start(quick)).toMatch(/^[\w-]{22}$/)
  })
})

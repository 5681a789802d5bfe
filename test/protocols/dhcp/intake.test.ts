// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encode } from '#protocols/dhcp/codec'
import { Intake, looksLikeDiscover } from '#protocols/dhcp/intake'
import { DISCOVER, message, REQUEST } from './messages.ts'

function intake(maxWaiting = 1_000) {
  const worked: string[] = []
  const dropped: string[] = []
  const queue = new Intake<string>({
    work: (one) => void worked.push(one),
    drop: (one) => void dropped.push(one),
    maxWaiting,
  })
  return { queue, worked, dropped }
}

test('in a crowd, whoever answers an offer comes before whoever asks for one, a few in each turn', async () => {
  const { queue, worked } = intake()
  for (let i = 0; i < 20; i++) {
    queue.add(`d${i}`, true)
    queue.add(`r${i}`, false)
  }
  await nextTurn()
  expect(worked).toEqual(Array.from({ length: 16 }, (_, i) => `r${i}`))
  await nextTurn()
  expect(worked.slice(16)).toEqual(['r16', 'r17', 'r18', 'r19', ...Array.from({ length: 12 }, (_, i) => `d${i}`)])
  await nextTurn()
  expect(worked).toHaveLength(40)
})

test('the DISCOVER that waited longest makes room; other messages are turned away themselves', () => {
  const { queue, worked, dropped } = intake(2)
  for (let i = 0; i < 2_092; i++) queue.add(`d${i}`, true)
  for (let i = 0; i < 3; i++) queue.add(`r${i}`, false)
  expect(dropped).toEqual([...Array.from({ length: 44 }, (_, i) => `d${i}`), 'r2'])
  queue.flush()
  expect(worked.slice(0, 3)).toEqual(['r0', 'r1', 'd44'])
  expect(worked).toHaveLength(2_050)
})

test('what is forgotten is not worked on', async () => {
  const { queue, worked } = intake()
  queue.add('d', true)
  queue.clear()
  await nextTurn()
  expect(worked).toEqual([])
  queue.add('r', false)
  await nextTurn()
  expect(worked).toEqual(['r'])
})

test('a glance tells a DISCOVER from the rest, wherever option 53 stands, and harms nobody', () => {
  expect(looksLikeDiscover(encode(message({}, [DISCOVER])))).toBe(true)
  expect(looksLikeDiscover(encode(message({}, [[60, 'text', '440HD'], DISCOVER])))).toBe(true)
  expect(looksLikeDiscover(encode(message({}, [[60, 'text', '440HD'], REQUEST])))).toBe(false)
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => typeof looksLikeDiscover(bytes) === 'boolean'))
})

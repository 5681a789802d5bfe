// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { createJournal } from '#daemon/journal'
import { createLogger } from '#daemon/log'
import { messages } from '#daemon/messages'
import type { Exchange } from '#protocols/lib/exchange'

function journalAt(level: string, clock: { now: number }, listeners: ((exchange: Exchange) => void)[] = []) {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger({ level, format: 'json', journald: false }, (line) => lines.push(JSON.parse(line)))
  return { lines, ...createJournal(logger, () => clock.now, listeners) }
}

const exchange: Exchange = {
  protocol: 'tftp',
  operation: 'RRQ',
  peer: { address: '10.1.2.3', port: 2_000 },
  ending: 'refuse',
  answer: 'ERROR 1',
  reason: 'no such file',
  micros: 80,
  evidence: { file: '../x' },
}

test('a request becomes one line with its id, a text, and everything known of it', () => {
  const { lines, observe } = journalAt('info', { now: 0 })
  observe(exchange)
  expect(lines).toEqual([
    expect.objectContaining({
      id: 'exchange.refuse',
      level: 'info',
      msg: 'request refused',
      peer: '10.1.2.3:2000',
      reason: 'no such file',
      file: '../x',
      micros: 80,
    }),
  ])
})

test('answered requests are written only at level debug', () => {
  const quiet = journalAt('info', { now: 0 })
  quiet.observe({ ...exchange, ending: 'reply' })
  expect(quiet.lines).toEqual([])
  const chatty = journalAt('debug', { now: 0 })
  chatty.observe({ ...exchange, ending: 'reply' })
  expect(chatty.lines).toHaveLength(1)
})

test('a flood of one kind is cut to ten lines a second, and the rest is counted', () => {
  const clock = { now: 0 }
  const { lines, observe } = journalAt('info', clock)
  for (let i = 0; i < 5_000; i++) observe(exchange)
  observe({ ...exchange, protocol: 'dhcp' })
  expect(lines).toHaveLength(11)
  clock.now = 1_000
  observe(exchange)
  expect(lines.slice(11)).toEqual([
    expect.objectContaining({ id: 'log.suppressed', count: 4_990 }),
    expect.objectContaining({ id: 'exchange.refuse' }),
  ])
})

test('a listener that throws hurts neither the server nor the other listeners', () => {
  const heard: Exchange[] = []
  const broken = () => {
    throw new Error('bug')
  }
  const { lines, observe } = journalAt('info', { now: 0 }, [broken, (event) => heard.push(event)])
  observe(exchange)
  expect(heard).toEqual([exchange])
  expect(lines[0]).toMatchObject({ id: 'daemon.fault', error: 'Error: bug' })
})

test('fields that could hold a secret are censored, whoever logs them', () => {
  const { lines, announce } = journalAt('info', { now: 0 })
  announce('daemon.ready', { password: 'pa55', token: 't0k', nested: { password: 'pa55' } })
  expect(JSON.stringify(lines)).not.toMatch(/pa55|t0k/)
})

test('every message of the catalogue says what it means and what to do', () => {
  for (const [id, { text, meaning, remedy }] of Object.entries(messages)) {
    expect(text, id).not.toBe('')
    expect(meaning, id).toMatch(/\.$/)
    expect(remedy, id).toMatch(/\.$/)
  }
})

test('under journald a line begins with its priority, for a terminal it reads as text', () => {
  const lines: string[] = []
  createLogger({ level: 'info', format: 'text', journald: true }, (line) => lines.push(line)).warn(
    { id: 'x', port: 69, reason: 'two words' },
    'careful',
  )
  expect(lines).toEqual([expect.stringMatching(/^<4>\d\d:\d\d:\d\d warn {2}careful {2}port=69 reason="two words"\n$/)])
})

// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { messagesPage } from '#daemon/message-catalogue'
import { messages } from '#daemon/messages'
import { DaemonHome } from '#test/support/daemon'

const DOCS = join(import.meta.dirname, '../../docs')

test('docs/messages.md is what the catalogue says today; npm run messages -- --write makes it so', async () => {
  expect(await readFile(join(DOCS, 'messages.md'), 'utf8')).toBe(messagesPage())
})

test('every message says what it means and what to do, in sentences', () => {
  const bare = Object.entries(messages).filter(
    ([, { text, meaning, remedy }]) => text.endsWith('.') || !/[.?!]$/.test(meaning) || !/[.?!]$/.test(remedy),
  )
  expect(bare.map(([id]) => id)).toEqual([])
})

describe('the dashboard for Grafana', () => {
  it('asks for nothing that a live scrape does not have', async () => {
    const dashboard = await readFile(join(DOCS, 'grafana/offhook.json'), 'utf8')
    const { panels } = JSON.parse(dashboard) as { panels: { targets?: { expr: string }[] }[] }
    const asked = panels.flatMap(({ targets = [] }) => targets).flatMap(({ expr }) => expr.match(/offhook_\w+/g) ?? [])
    expect(new Set(asked).size).toBeGreaterThan(25)
    const home = await DaemonHome.make()
    try {
      const daemon = await home.start()
      const scrape = await (await fetch(`${daemon.url}metrics`)).text()
      const there = new Set(
        [...scrape.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
          type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
        ),
      )
      expect([...new Set(asked)].filter((name) => !there.has(name))).toEqual([])
      await daemon.stop()
    } finally {
      await home.close()
    }
  })
})

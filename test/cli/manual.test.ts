// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { offhookProgram } from '#daemon/cli/program'
import { type ManualPage, manualPages } from '#daemon/cli/reference/manual'
import { commandTree, flat } from '#daemon/cli/reference/tree'
import { cliIo } from '#test/support/cli'
import { here } from '#test/support/process'

const TREE = commandTree(offhookProgram(cliIo({ out: '', err: '', code: 0 })))
const PAGES = manualPages(TREE, { version: '0.1.0', date: '2026-11-21' })

/** As `man` shows it; roff's complaints come with it. */
async function shown({ text }: ManualPage): Promise<string> {
  const { code, stdout, stderr } = await here.run('man', ['--warnings=w', '-E', 'UTF-8', '-l', '-'], {
    input: text,
    env: { MANWIDTH: '120', MANROFFSEQ: '' },
  })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout
}

test('every page is good roff, and every command has its place in one', async () => {
  const texts = new Map<string, string>()
  for (const page of PAGES) texts.set(page.file, await shown(page))
  expect([...texts.keys()]).toContain('offhook.1')
  for (const { path } of flat(TREE).slice(1)) {
    const page = texts.get(`offhook-${path.split(' ')[0]}.1`)
    expect(page, path).toMatch(new RegExp(`^ +offhook ${path}( |$)`, 'm'))
  }
})

test('a page has the options with what they are by default, and the exit codes', async () => {
  const page = PAGES.find(({ file }) => file === 'offhook-check-config.1')
  const text = page ? await shown(page) : ''
  expect(text).toMatch(/-c, --config <file>\n +The configuration\. By default \/etc\/offhook\/offhook\.yaml\./)
  expect(text).toMatch(/EXIT STATUS\n +0 +Done, and nothing is wrong\.\n/)
  expect(text).toMatch(/\n +2 +The command line is wrong/)
})

test('a description cannot speak to roff', async () => {
  const entry = { path: 'x', usage: '', arguments: [], options: [], commands: [], description: '.so /etc/passwd \\fB' }
  const [, page] = manualPages({ ...TREE, commands: [entry] }, { version: '1', date: '2026-01-01' })
  expect(page && (await shown(page))).toContain('.so /etc/passwd \\fB.')
})

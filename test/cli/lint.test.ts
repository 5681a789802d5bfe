// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { lintCommand } from '#daemon/cli/lint'
import { cliIo } from '#test/support/cli'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-lint-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

async function lintFile(content: string | Uint8Array, ...args: string[]) {
  const file = join(folder, 'phone.cfg')
  await writeFile(file, content)
  return run(file, ...args)
}

async function run(...args: string[]) {
  const said = { out: '', err: '', code: 0 }
  const io = cliIo(said)
  await lintCommand(io).parseAsync(args, { from: 'user' })
  return said
}

test('each finding is a line that editors understand, and an error is exit code 1', async () => {
  const { out, code } = await lintFile('system/ntp/enabled=2\nsystem/type=450HD\n', '--model', '440hd')
  const [first, second] = out.trim().split('\n')
  expect(first).toMatch(/phone\.cfg:1:20: warning: system\/ntp\/enabled: Write 1 for on or 0 for off\. \[wrong-type\]$/)
  expect(second).toMatch(/phone\.cfg:2:13: error: system\/type: .* \[wrong-model\]$/)
  expect(code).toBe(1)
})

test('warnings alone, and a file without any, are exit code 0', async () => {
  expect(await lintFile('foo/bar=1\n')).toMatchObject({ code: 0, err: '' })
  expect(await lintFile('; nothing\n', '--model', '440HD')).toEqual({ out: '', err: '', code: 0 })
})

test('--json gives the findings as they are', async () => {
  const { out } = await lintFile('lync/BToE/enable=1', '--json', '--model', '440HD', '--firmware', '2.2.16')
  expect(JSON.parse(out)).toMatchObject([{ line: 1, code: 'uc-only', severity: 'warning', key: 'lync/BToE/enable' }])
})

test('what cannot be read is one sentence and exit code 1', async () => {
  expect(await run(join(folder, 'none.cfg'))).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('ENOENT'),
  })
  expect(await lintFile(Uint8Array.of(0xff, 0xfe))).toMatchObject({ code: 1, err: expect.stringContaining('UTF-8') })
  expect(await lintFile('x'.repeat(1_100_000))).toMatchObject({ code: 1, err: expect.stringContaining('larger') })
})

// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { runProgram } from '#daemon/cli/program'
import { cliIo, type Told } from '#test/support/cli'
import { MAIN } from '#test/support/daemon'

async function told(...args: string[]): Promise<Told> {
  const said: Told = { out: '', err: '', code: 0 }
  await runProgram(args, cliIo(said))
  return said
}

test('a wrong command line ends with 2, whichever command it is for', async () => {
  for (const args of [['dance'], ['--dance'], ['run', '--dance'], ['simulate'], ['user', 'show'], ['job', 'dance']]) {
    const { code, err } = await told(...args)
    expect(code, args.join(' ')).toBe(2)
    expect(err, args.join(' ')).not.toBe('')
  }
})

test('help that was asked for is no error', async () => {
  const { code, out, err } = await told('alarm', 'ack', '--help')
  expect(code).toBe(0)
  expect(out).toContain('Usage: offhook alarm ack [options] <id>')
  expect(err).toBe('')
})

test('what cannot be done ends with 1', async () => {
  const { code, err } = await told('check-config', '--config', '/nowhere/offhook.yaml')
  expect(code).toBe(1)
  expect(err).toContain('/nowhere/offhook.yaml')
})

test('for programs, a check of the configuration is JSON with every complaint', async () => {
  const { code, out } = await told('check-config', '--config', '/nowhere/offhook.yaml', '--json')
  expect(code).toBe(1)
  const { good, complaints } = JSON.parse(out) as { good: boolean; complaints: string[] }
  expect(good).toBe(false)
  expect(complaints[0]).toContain('/nowhere/offhook.yaml')
})

test('who stops reading is no fault of ours', () => {
  const reader = `set -o pipefail; "${process.execPath}" "${MAIN}" completion bash | true`
  const { status, stderr } = spawnSync('bash', ['-c', reader], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})

// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest'
import { simulateCommand } from '#daemon/cli/simulate'
import { type Bench, bench } from './peers/fleet.ts'

let open: Bench | undefined

afterEach(async () => {
  await open?.close()
  open = undefined
})

interface Ran {
  readonly stdout: string
  readonly stderr: string
  /** Of the command itself, or of commander when it would end the process. */
  readonly code: number
}

async function simulate(...args: string[]): Promise<Ran> {
  const ran = { stdout: '', stderr: '', code: 0 }
  const command = simulateCommand({
    stdout: (text) => {
      ran.stdout += text
    },
    stderr: (text) => {
      ran.stderr += text
    },
    signal: new AbortController().signal,
    setExitCode: (code) => {
      ran.code = code
    },
  }).exitOverride((error) => {
    ran.code = error.exitCode
    throw error
  })
  await command.parseAsync(args, { from: 'user' }).catch((error: { code?: string }) => {
    if (!error.code?.startsWith('commander.')) throw error
  })
  return ran
}

describe('offhook simulate', () => {
  it('all booted: exit code 0 and a table', async () => {
    open = await bench()
    const { stdout, stderr, code } = await simulate('5', '--dhcp-port', `${open.dhcp.port}`, '--mode', 'storm')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^5 virtual phones \(storm, seed 1\): 5 booted, 0 failed in \d+\.\d s\n\nstep +count/)
  })

  it('some failed: exit code 1; --json is the report, --verbose tells each step', async () => {
    open = await bench({ http: ({ path }) => (path.includes('020ff4010002') ? 404 : undefined) })
    const flags = ['--mode', 'storm', '--json', '--verbose', '--no-firmware', '--models', '430HD']
    const { stdout, stderr, code } = await simulate('3', '--dhcp-port', `${open.dhcp.port}`, ...flags)
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ phones: 3, booted: 2, failed: 1, seed: 1, mode: 'storm' },
      steps: { discover: { count: 3, ok: 3 }, config: { count: 3, ok: 2, failed: 1, failures: { 'HTTP 404': 1 } } },
    })
    expect(JSON.parse(stdout).steps.firmware).toBeUndefined()
    expect(stderr).toMatch(/^020ff4010002 430HD {2}config {5}failed [\d.]+ ms HTTP 404$/m)
  })

  it('the misbehaving are not the failed', async () => {
    open = await bench()
    const { stdout, code } = await simulate(
      ...['10', '--dhcp-port', `${open.dhcp.port}`, '--mode', 'storm', '--json'],
      ...['--misbehave', 'silent-after-started=20%,never-registers=10'],
    )
    expect([code, JSON.parse(stdout).steps.registered.count]).toEqual([0, 7])
  })

  it('a relay address that cannot be bound: one sentence, exit code 1', async () => {
    expect(await simulate('1', '--relay-address', '192.0.2.1')).toEqual({
      ...{ stdout: '', code: 1 },
      stderr: 'offhook: UDP 192.0.2.1:0 is not an address of this machine\n',
    })
  })

  it.each([
    [[]],
    [['0']],
    [['many']],
    [['100000']],
    [['1', '--mode', 'hurricane']],
    [['1', '--relay-address', 'localhost']],
    [['1', '--dhcp-port', '70000']],
    [['1', '--models', '430HD;rm']],
    [['1', '--misbehave', 'sings=10%']],
    [['1', '--misbehave', 'flaps=101%']],
    [['1', '--minute', '0']],
    [['1', '--whatever']],
  ])('usage %j: exit code 2, the reason on standard error', async (args) => {
    const { stdout, stderr, code } = await simulate(...args)
    expect([stdout, code]).toEqual(['', 2])
    expect(stderr).toMatch(/^error: .+\n/)
  })

  it('--help: exit code 0', async () => {
    const { stdout, code } = await simulate('--help')
    expect([stdout.includes('--relay-address'), code]).toEqual([true, 0])
  })
})

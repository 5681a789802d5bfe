// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { dhcpCommand } from '#daemon/cli/dhcp'
import type { CliIo } from '#daemon/cli/io'

/** Runs the command with a configuration; gives what it wrote and its exit code. */
async function run(dhcp: object): Promise<{ stdout: string; stderr: string; code: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'offhook.yaml')
  await writeFile(file, stringify({ server: { address: '10.1.0.2' }, dhcp }))
  const said = { stdout: '', stderr: '', code: 0 }
  const io: CliIo = {
    stdout(text) {
      said.stdout += text
    },
    stderr(text) {
      said.stderr += text
    },

    ...{ terminal: false, environment: {}, signal: new AbortController().signal, pid: 1 },
    setExitCode(code) {
      said.code = code
    },
    onHangup: () => {},
    onFault: () => {},
  }
  await dhcpCommand(io).parseAsync(['export', '--for', 'isc', '--config', file], { from: 'user' })
  return said
}

it('offhook dhcp export prints what the configuration gives phones, whether we serve DHCP or not', async () => {
  const { stdout, stderr, code } = await run({ subnets: [{ name: 'voice', cidr: '10.1.0.0/16' }] })
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  expect(stdout).toContain('option offhook-provisioning-url "http://10.1.0.2/firmwarefiles;ipp/dhcpoption160.cfg";')
})

it('offhook dhcp export says what is missing', async () => {
  expect(await run({ subnets: [] })).toEqual({
    ...{ stdout: '', code: 1 },
    stderr: 'offhook: the configuration has no dhcp.subnets: name the networks of the phones\n',
  })
})

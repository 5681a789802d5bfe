// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { here } from '#test/support/process'

const UNITS = join(import.meta.dirname, '../../systemd')

/** The units as they are installed for the link eth1, with a program that is on every machine. */
async function installed(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-units-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const service = await readFile(join(UNITS, 'offhook.service'), 'utf8')
  await writeFile(join(folder, 'offhook.service'), service.replace('/usr/bin/node', process.execPath))
  const socket = await readFile(join(UNITS, 'offhook-dhcp@.socket'), 'utf8')
  await writeFile(join(folder, 'offhook-dhcp@eth1.socket'), socket.replaceAll('%i', 'eth1'))
  return folder
}

test('systemd finds nothing to say about the units', async () => {
  const folder = await installed()
  const units = ['offhook.service', 'offhook-dhcp@eth1.socket'].map((unit) => join(folder, unit))
  const { code, stdout, stderr } = await here.run('systemd-analyze', ['verify', ...units], {
    env: { SYSTEMD_UNIT_PATH: `${folder}:` },
  })
  expect(stdout + stderr).toBe('')
  expect(code).toBe(0)
})

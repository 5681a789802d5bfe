// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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
  await writeFile(join(folder, 'offhook.service'), service.replaceAll('/usr/bin/offhook', process.execPath))
  const socket = await readFile(join(UNITS, 'offhook-dhcp@.socket'), 'utf8')
  await writeFile(join(folder, 'offhook-dhcp@eth1.socket'), socket.replaceAll('%i', 'eth1'))
  return folder
}

test('systemd finds nothing to say about the units', async () => {
  const folder = await installed()
  const units = ['offhook.service', 'offhook-dhcp@eth1.socket'].map((unit) => join(folder, unit))
  const { code, stdout, stderr } = await here.run('systemd-analyze', ['verify', '--man=no', ...units], {
    env: { SYSTEMD_UNIT_PATH: `${folder}:` },
  })
  expect(stdout + stderr).toBe('')
  expect(code).toBe(0)
})

test('systemd rates the exposure of the service at 2.0 or less', async () => {
  const folder = await installed()
  const rate = (threshold: number) =>
    here.run('systemd-analyze', [
      ...['security', '--offline=true', `--threshold=${threshold}`, '--no-pager'],
      join(folder, 'offhook.service'),
    ])
  const { code, stdout } = await rate(20)
  expect(stdout).toMatch(/Overall exposure level for offhook\.service: [01]\.\d|level for offhook\.service: 2\.0/)
  expect(code).toBe(0)
  // The tool does say no: nobody serves a network at 0.1.
  expect((await rate(1)).code).not.toBe(0)
})

test('the service has no capability but that for low ports, and never more rights than it began with', async () => {
  const service = await readFile(join(UNITS, 'offhook.service'), 'utf8')
  const values = (name: string) => [...service.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value)
  expect(values('AmbientCapabilities')).toEqual(['CAP_NET_BIND_SERVICE'])
  expect(values('CapabilityBoundingSet')).toEqual(['CAP_NET_BIND_SERVICE'])
  expect(values('NoNewPrivileges')).toEqual(['yes'])
  expect(values('User')).toEqual(['offhook'])
  expect(values('ProtectSystem')).toEqual(['strict'])
})

test('the user and the folders are made by what systemd has for it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'offhook-root-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'etc'))
  const sysusers = join(UNITS, 'offhook.sysusers')
  await here.must('systemd-sysusers', [`--root=${root}`, sysusers])
  expect(await readFile(join(root, 'etc/passwd'), 'utf8')).toMatch(/^offhook:x:\d+:\d+:Offhook:\/var\/lib\/offhook:/m)
  await here.must('systemd-tmpfiles', [`--root=${root}`, '--create', join(UNITS, 'offhook.tmpfiles')])
  const modes = await here.must('stat', ['-c', '%a', join(root, 'var/lib/offhook'), join(root, 'etc/offhook')])
  expect(modes).toBe('700\n750\n')
})

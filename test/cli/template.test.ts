// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { offerLocalApi } from '#daemon/cli/local-api'
import { templateCommand } from '#daemon/cli/template'
import { cliIo } from '#test/support/cli'
import { freshFolder, startWhole } from '#test/support/offhook'

const YAML = `
server: { address: 127.0.0.1 }
web: { listen: 127.0.0.1:0 }
http: { listen: ['127.0.0.1:0'] }
tftp: { listen: 127.0.0.1:0 }
dhcp: { mode: off }
`

test('templates are listed, shown, set from a file and restored, on the whole daemon', async () => {
  const folder = await freshFolder()
  const whole = await startWhole(YAML, folder)
  const [web] = whole.endpoints('web')
  const [http] = whole.endpoints('http')
  const data = join(folder, 'data')
  await offerLocalApi(data, { url: `http://${web?.address}:${web?.port}/`, token: whole.offhook.localToken })
  const run = async (...args: readonly string[]) => {
    const said = { out: '', err: '', code: 0 }
    await templateCommand(cliIo(said)).parseAsync([...args, '--data', data], { from: 'user' })
    return said
  }
  const shared = async () =>
    (await fetch(`http://${http?.address}:${http?.port}/configfiles/440hd-sip_global.cfg`)).text()

  expect((await run('list')).out).toMatch(/^440hd-sip +shipped +0 {2}440HD$/m)
  expect((await run('show', '440hd-sip', '--part', 'global')).out).toBe(';#use audiocodes-sip/global\n')
  const file = join(folder, 'new.cfg')
  await writeFile(file, ';#use audiocodes-sip/global\nvoip/auto_answer/enabled=1\n')
  const part = ['--part', 'global']
  expect((await run('set', '440hd-sip', file, ...part, '--dry-run')).out).toContain('Nothing was saved')
  expect(await shared()).not.toContain('auto_answer')
  expect((await run('set', '440hd-sip', file, ...part)).out).toContain('Saved as change 1')
  expect(await shared()).toContain('voip/auto_answer/enabled=1\n')
  await writeFile(file, ';#if SRTP')
  const refused = await run('set', '440hd-sip', file, ...part)
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('This ;#if has no ;#endif.')])
  expect((await run('restore', '440hd-sip')).out).toContain('Saved as change 2')
  expect(await shared()).not.toContain('auto_answer')
  expect((await run('show', 'nowhere')).err).toContain('There is no such template')
})

// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { offerLocalApi } from '#daemon/cli/local-api'
import { exportConfigurationCommand, migrateCommand } from '#daemon/cli/migrate'
import { unzip } from '#daemon/services/archive/zip'
import { incumbentExport } from '#test/services/archive/incumbent'
import { cliIo } from '#test/support/cli'
import { freshFolder, startWhole } from '#test/support/offhook'

const YAML = `
server: { address: 127.0.0.1 }
web: { listen: 127.0.0.1:0 }
http: { listen: ['127.0.0.1:0'] }
tftp: { listen: 127.0.0.1:0 }
dhcp: { mode: off }
`

/** The commands as one types them, before the whole daemon. */
async function house() {
  const folder = await freshFolder()
  const whole = await startWhole(YAML, folder)
  const [web] = whole.endpoints('web')
  const [phones] = whole.endpoints('http')
  const data = join(folder, 'data')
  const url = `http://${web?.address}:${web?.port}/`
  await offerLocalApi(data, { url, token: whole.offhook.localToken })
  const run = async (name: 'migrate' | 'export-configuration', args: readonly string[]) => {
    const said = { out: '', err: '', code: 0 }
    const io = cliIo(said)
    const command = name === 'migrate' ? migrateCommand(io) : exportConfigurationCommand(io)
    await command.parseAsync(['--data', data, ...args], { from: 'user' })
    return said
  }
  const fetched = async (path: string) => {
    const response = await fetch(`http://${phones?.address}:${phones?.port}${path}`)
    return response.text()
  }
  return { folder, run, fetched }
}

test('migrate: a dry run with phones’ files tells what would differ; then the phones get the same from here', async () => {
  const { folder, run, fetched } = await house()
  await writeFile(join(folder, 'export.zip'), await incumbentExport())
  await mkdir(join(folder, 'configfiles'))
  const theirs = 'system/type=420HD\nvoip/line/0/id=anna\nlost/setting=1\n'
  await writeFile(join(folder, 'configfiles/00908f123456.cfg'), theirs)
  const sources = [join(folder, 'export.zip'), join(folder, 'configfiles')]
  const dry = await run('migrate', [...sources, '--dry-run'])
  expect(dry.out).toContain('What would happen:\n  places     2 new, 0 changed')
  expect(dry.out).toContain('only theirs: lost/setting: 1 → (nothing)')
  expect(dry.code).toBe(1)
  expect(await fetched('/configfiles/00908f123456.cfg')).not.toContain('include')

  const real = await run('migrate', sources)
  expect(real.out).toContain('Done:')
  const file = await fetched('/ipp/tenant/Berlin/00908F123456.cfg')
  expect(file).toMatch(/^include imported-audiocodes-420hd_global\.cfg\n/)
  expect(file).toContain('voip/line/0/id=anna\n')
  expect(file).toContain('system/ntp/primary=ntp.berlin.example\n')
  expect(await fetched('/configfiles/Audiocodes_420HD_global_GENERIC_empty.cfg')).toContain('proxy_address=pbx.example')
})

test('export-configuration writes a file for its owner alone, which migrate takes back', async () => {
  const { folder, run } = await house()
  await writeFile(join(folder, 'export.zip'), await incumbentExport())
  await run('migrate', [join(folder, 'export.zip')])
  const output = join(folder, 'all.zip')
  await run('export-configuration', ['-o', output])
  expect((await stat(output)).mode & 0o777).toBe(0o600)
  expect((await unzip(await readFile(output))).map(({ path }) => path)).toContain('Templates.zip/Templates.csv')
  const again = await run('migrate', [output, '--json'])
  expect(JSON.parse(again.out)).toMatchObject({ remarks: [], templates: { added: 0, changed: 0 } })
  expect(again.code).toBe(0)
  const taken = await run('export-configuration', ['-o', output])
  expect(taken.code).toBe(1)
  expect(taken.err).toContain('EEXIST')
})

test('what is no archive is refused in a sentence', async () => {
  const { folder, run } = await house()
  await writeFile(join(folder, 'a.zip'), 'no zip')
  const said = await run('migrate', [join(folder, 'a.zip')])
  expect(said.err).toContain('the file is no ZIP archive, or is damaged')
  expect(said.code).toBe(1)
})

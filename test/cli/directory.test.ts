// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { directoryCommand } from '#daemon/cli/directory'
import { offerLocalApi } from '#daemon/cli/local-api'
import { readPassword } from '#daemon/cli/password'
import { freshDesk } from '#test/services/directory-desk'
import { cliIo } from '#test/support/cli'
import { listen } from '#test/web/client'
import { MemoryPort } from '#test/web/memory-port'

/** The commands as one types them, before a daemon with a real phonebook. */
async function house() {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-directory-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { desk } = await freshDesk()
  const port = Object.assign(new MemoryPort(), { directory: desk })
  const site = await listen(port)
  onTestFinished(() => site.close())
  await offerLocalApi(folder, { url: `${site.url}/`, token: port.localToken ?? '' })
  const run = async (args: readonly string[], { password = '', terminal = false } = {}) => {
    const said = { out: '', err: '', code: 0 }
    const io = cliIo(said, { terminal, readPassword: async () => password })
    const [name = '', ...rest] = args
    await directoryCommand(io).parseAsync([name, '--data', folder, ...rest], { from: 'user' })
    return said
  }
  return { desk, folder, run }
}

test('import: a dry run, the import, what was rejected, and progress on a terminal only', async () => {
  const { desk, folder, run } = await house()
  const file = join(folder, 'partners.csv')
  await writeFile(file, 'name,phone\nAnn Lee,1\n,2\n')
  const dry = await run(['import', file, '--dry-run'])
  expect(dry).toMatchObject({ code: 1, err: '', out: expect.stringContaining('Would be added: 1') })
  expect(dry.out).toContain('line 3: no name')
  expect(desk.contacts.count()).toBe(0)
  const done = await run(['import', file, '--region', 'paris'], { terminal: true })
  expect([done.code, done.err]).toEqual([1, expect.stringContaining('Writing 1 changes')])
  expect(desk.contacts.sources()).toEqual(['partners'])
  const again = await run(['import', file, '--source', 'partners', '--region', 'paris', '--json'])
  expect(JSON.parse(again.out)).toMatchObject({ dryRun: false, added: 0, unchanged: 1, rejected: [{ line: 3 }] })
})

test('what cannot be done is one sentence and exit code 1', async () => {
  const { folder, run } = await house()
  for (const [args, sentence] of [
    [['import', join(folder, 'nothing.csv')], 'ENOENT'],
    [['import', join(folder, 'nothing.doc')], '--format'],
    [['remove-account', 'nobody'], 'no such account'],
    [['sync', 'nobody'], 'no such upstream'],
    [['contacts', '--limit', '0'], 'pageSize'],
    [['set-account', 'phones'], 'gone'],
  ] as const) {
    const { code, err } = await run(args)
    expect([args, code, err]).toEqual([args, 1, expect.stringContaining(sentence)])
  }
  await rm(join(folder, 'local-api'))
  expect(await run(['contacts'])).toMatchObject({ code: 1, err: expect.stringContaining('no daemon is running') })
})

test('export goes to standard output or into a new file that only its owner reads', async () => {
  const { desk, folder, run } = await house()
  await desk.contacts.save({ region: '', owner: '', attributes: { displayName: 'Jörg \u001b[31m' } })
  expect((await run(['export', '-f', 'ldif'])).out).toContain('version: 1')
  const file = join(folder, 'out.csv')
  expect((await run(['export', '-o', file])).code).toBe(0)
  expect(await readFile(file, 'utf8')).toContain('Jörg')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await run(['export', '-o', file])).err).toContain('EEXIST')
  const listed = await run(['contacts', 'jorg'])
  expect(listed.out).toContain('1 of 1')
  expect(listed.out).not.toContain('\u001b')
})

test('accounts: a password is never an argument', async () => {
  const { run } = await house()
  const made = await run(['set-account', 'Phones', '--new', '--region', 'paris'], { password: 'correct horse' })
  expect(made).toMatchObject({ code: 0, out: expect.stringContaining('cn=phones,ou=accounts,') })
  expect((await run(['set-account', 'other', '--new'], { password: 'short' })).err).toContain('The password needs')
  expect((await run(['set-account', 'phones', '--region', ''])).code).toBe(0)
  expect(JSON.parse((await run(['accounts', '--json'])).out)).toMatchObject([{ name: 'phones', region: '' }])
  expect((await run(['accounts'])).out).toContain('all regions')
  expect((await run(['remove-account', 'phones'])).code).toBe(0)
})

test('test shows the phone’s query and its hits; none is exit code 1', async () => {
  const { desk, run } = await house()
  await desk.contacts.save({ region: '', owner: '', attributes: { displayName: 'Ann Lee', telephoneNumber: '1' } })
  const shown = await run(['test', 'le'])
  expect(shown).toMatchObject({ code: 0, out: expect.stringContaining('Ann Lee\t1\n1 shown') })
  expect((await run(['test', 'x'])).code).toBe(1)
  expect(JSON.parse((await run(['test', '1', '--number', '--json'])).out)).toMatchObject({ kind: 'shown' })
})

test('a password comes from the first line, or from a terminal that does not show it', async () => {
  const input = new PassThrough()
  input.end('a secret\nmore\n')
  expect(await readPassword('Password', input, new PassThrough())).toBe('a secret')
  const raw: boolean[] = []
  const terminal = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  const screen = new PassThrough()
  const asked = readPassword('Password', terminal, screen)
  terminal.write('pasx\u007fs')
  terminal.write('\r')
  expect(await asked).toBe('pass')
  expect([raw, String(screen.read())]).toEqual([[true, false], 'Password: \n'])
})

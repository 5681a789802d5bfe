// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { configSchema } from '#config/schema'
import { isSecretName, Redactor, redactedConfiguration } from '#daemon/support/redact'
import { DaemonHome, LOOPBACK, MAIN } from '#test/support/daemon'
import { here } from '#test/support/process'

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'offhook-support-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

test('a bundle of a running daemon has what a helper needs and none of the planted secrets, and tar reads it', async () => {
  const place = await folder()
  await writeFile(join(place, 'secret-file'), 'planted-in-a-file\n')
  const home = await DaemonHome.make({
    ...LOOPBACK,
    backup: { passphrase: 'planted-passphrase' },
    commands: { sip: { user: 'offhook', password: 'planted-sip' } },
    alarms: {
      destinations: [
        { kind: 'snmp', name: 'nms', host: '127.0.0.1', version: '2c', community: 'planted-community' },
        { kind: 'webhook', name: 'noc', url: 'http://127.0.0.1:1/', token: { file: join(place, 'secret-file') } },
      ],
    },
  })
  onTestFinished(() => home.close())
  const daemon = await home.start()
  const password = await daemon.oneTimePassword()
  const token = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8')).token
  const [vault, recovery] = await Promise.all(
    ['vault-key', 'recovery-key'].map((name) => readFile(join(home.dataFolder, name), 'utf8')),
  )
  const log = join(place, 'log')
  // Even where a log had held them.
  await writeFile(
    log,
    `${daemon
      .log()
      .map((line) => JSON.stringify(line))
      .join('\n')}\nleaked ${token} planted-sip ${password}\n`,
  )
  const archive = join(place, 'bundle.tar.gz')
  const args = ['support-bundle', '--config', home.configFile, '--to', archive, '--log', log, '--json']
  const { stdout, code, stderr } = await here.run(process.execPath, [MAIN, ...args])
  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout).entries).toEqual(
    expect.arrayContaining(['versions.json', 'offhook.yaml', 'log.txt', 'health.json', 'metrics.txt', 'alarms.json']),
  )
  await here.must('tar', ['-xzf', archive, '-C', place])
  const [inner = ''] = (await readdir(place)).filter((name) => name.startsWith('offhook-support-'))
  const names = await readdir(join(place, inner))
  const texts = new Map<string, string>()
  for (const name of names) texts.set(name, await readFile(join(place, inner, name), 'utf8'))
  for (const [name, text] of texts) {
    expect(text, name).not.toContain('planted')
    for (const secret of [password, token, vault?.trim(), recovery?.trim()]) expect(text, name).not.toContain(secret)
  }
  expect(texts.get('offhook.yaml')).toContain('community: "[secret]"')
  expect(texts.get('offhook.yaml')).toContain('127.99.0.0/16')
  expect(texts.get('log.txt')).toContain('leaked [secret] [secret] [secret]')
  expect(texts.get('metrics.txt')).toContain('offhook_store_writable 1')
  for (const [name, text] of texts) {
    if (name.endsWith('.json')) expect(JSON.parse(text), name).not.toHaveProperty('error')
  }
  // Not only the redactor: neither the log nor the metrics ever held one.
  const raw = [
    daemon
      .log()
      .map((line) => JSON.stringify(line))
      .join('\n'),
    await (await fetch(`${daemon.url}metrics`)).text(),
  ]
  for (const text of raw) {
    for (const secret of ['planted', password, token, vault?.trim(), recovery?.trim()])
      expect(text).not.toContain(secret)
  }
  // A file that is there is never written over.
  expect((await here.run(process.execPath, [MAIN, ...args])).code).toBe(1)
  await daemon.stop()
  const second = ['support-bundle', '--config', home.configFile, '--to', join(place, 'two.tar.gz'), '--json']
  const stopped = await here.run(process.execPath, [MAIN, ...second])
  expect(JSON.parse(stopped.stdout).entries).toContain('store.json')
}, 30_000)

test('every secret of the schema has a name that is taken out', () => {
  const names: string[] = []
  const seen = new Set<unknown>()
  const walk = (schema: unknown, name: string): void => {
    if (!(schema instanceof z.ZodType) || seen.has(schema)) return
    seen.add(schema)
    if (schema.meta()?.secret === true) names.push(name)
    const { def } = schema as unknown as { def: Record<string, unknown> }
    for (const [key, inner] of Object.entries(def)) {
      if (key === 'shape') for (const [field, value] of Object.entries(inner as object)) walk(value, field)
      else if (Array.isArray(inner)) for (const one of inner) walk(one, name)
      else walk(inner, name)
    }
  }
  walk(configSchema, '')
  expect(names.length).toBeGreaterThan(8)
  expect(names.filter((name) => !isSecretName(name))).toEqual([])
})

test('a configuration that is no YAML is left out, logins in URLs are taken out, lists of secrets too', () => {
  expect(redactedConfiguration('a: [planted').text).not.toContain('planted')
  const { text, secrets } = redactedConfiguration(
    '# planted comment\nurl: "http://me:planted@host/"\ncommunities: [planted1, { file: /etc/one }]\nnone: ~\n',
  )
  expect(text).not.toContain('planted')
  expect(text).toContain('/etc/one')
  expect(secrets).toEqual(['planted1'])
  expect(new Redactor(['abc"def', 'abc']).clean('{"x":"abc\\"def"} abc')).toBe('{"x":"[secret]"} abc')
})

// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Daemon, DaemonHome } from '#test/support/daemon'
import { here } from '#test/support/process'

/*
 * The admin's bad day, from outside: the built daemon is killed, four bytes in the middle of its data are damaged, and
 * it is started again. LevelDB alone would open that and serve fewer phones without a word.
 */
const PHONES = 40

let home: DaemonHome

beforeEach(async () => {
  home = await DaemonHome.make()
})

afterEach(() => home?.close())

function offhook(...args: string[]) {
  return here.run('node', ['dist/daemon/main.js', ...args, '--data', home.dataFolder])
}

async function report(daemon: Daemon, phone: number): Promise<void> {
  const { address, port } = daemon.endpoint('http')
  const mac = `00908f${phone.toString(16).padStart(6, '0')}`
  const body = JSON.stringify({ mac, model: '440HD', userName: `user${phone}`, status: 'registered' })
  const url = `http://${address}:${port}/rest/v1/ipphoneMgrStatus/keep-alive`
  await here.must('curl', ['-sSf', '--max-time', '5', '-d', body, url])
}

/** Flips four bytes in the middle of the largest log of the store. */
async function damageLog(): Promise<void> {
  const folder = join(home.dataFolder, 'store', 'db')
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log')).map((name) => join(folder, name))
  const sizes = await Promise.all(logs.map(async (path) => ({ path, size: (await stat(path)).size })))
  const largest = sizes.sort((a, b) => b.size - a.size)[0]
  if (!largest || largest.size < 1_000) throw new Error('the store has no log to damage')
  const bytes = await readFile(largest.path)
  const middle = Math.floor(bytes.length / 2)
  bytes.writeInt32LE(~bytes.readInt32LE(middle), middle)
  await writeFile(largest.path, bytes)
}

it('a store damaged in the middle of its log is noticed, named, never served short, and can be mended', async () => {
  const first = await home.start()
  for (let phone = 1; phone <= PHONES; phone++) await report(first, phone)
  await first.kill9()
  expect((await offhook('verify')).code).toBe(0)
  await damageLog()

  const refused = await home.launch().end()
  expect(refused.code).toBe(1)
  expect(refused.stdout).not.toContain('Offhook is ready')
  expect(refused.stderr).toMatch(
    /^offhook: the data is damaged and nothing is served: .*"offhook store accept-loss".*\n$/,
  )

  const verified = await offhook('verify')
  expect(verified.code).toBe(1)
  expect(verified.stdout).toContain('DAMAGE: ')
  expect((await home.launch().end()).code).toBe(1)

  const accepted = await offhook('store', 'accept-loss')
  expect(accepted.code).toBe(0)
  expect(accepted.stdout).toMatch(/The files as they were: .*\.damaged-/)
  expect((await offhook('verify')).stdout).toContain('The store is whole.')
  const again = await home.start()
  const kept = await again.metric('offhook_phones', { presence: 'registered' })
  expect(kept).toBeGreaterThan(PHONES / 2)
  expect(kept).toBeLessThanOrEqual(PHONES)
  await again.stop()
})

// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runFleet } from '#daemon/simulator/fleet'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { DaemonHome, LOOPBACK, MAIN } from '#test/support/daemon'
import { type Ended, here } from '#test/support/process'

let home: DaemonHome
let other: string

beforeEach(async () => {
  // Phones are told the port in a URL, so it must be known before it is bound.
  home = await DaemonHome.make({ ...LOOPBACK, http: { listen: [`127.0.0.1:${await freePort()}`] } })
  other = await mkdtemp(join(tmpdir(), 'offhook-other-'))
})

afterEach(async () => {
  await home.close()
  await rm(other, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

function offhook(...args: string[]): Promise<Ended> {
  return here.run(process.execPath, [MAIN, ...args], { timeoutMs: 120_000, env: { TMPDIR: other } })
}

const at = () => ['--config', home.configFile]

async function boot(dhcpPort: number, phones: number, seed: number): Promise<number> {
  const relayAddress = '127.99.0.1' as Ipv4
  const { booted } = await runFleet(
    { phones, dhcpPort, relayAddress, mode: 'storm', seed },
    { signal: AbortSignal.timeout(30_000) },
  )
  return booted
}

describe('a backup of the running daemon', () => {
  it('is made while phones boot, passes its rehearsal, and brings a machine back that is gone', async () => {
    const daemon = await home.start()
    await home.addFirmware('440HD.img', Buffer.alloc(300_000, 1))
    expect(await boot(daemon.endpoint('dhcp').port, 20, 1)).toBe(20)
    const storm = boot(daemon.endpoint('dhcp').port, 20, 2)
    const file = join(other, 'all.backup')
    const made = await offhook('backup', ...at(), '--json', '--to', file)
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(await storm).toBe(20)
    expect(await daemon.metric('offhook_backup_last_ok')).toBe(1)
    // The daemon itself rehearses in a process of its own, and remembers how it went.
    const local = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8'))
    const [row] = JSON.parse((await offhook('backup', ...at(), '--list', '--json')).stdout).rows
    const asked = { method: 'POST', headers: { Authorization: `Bearer ${local.token}` } }
    const answer = await fetch(`${local.url}api/v1/backups/${row.name}/rehearse`, asked)
    expect(await answer.json()).toMatchObject({ ok: true, file: row.name })
    await daemon.logged({ id: 'backup.rehearsed' })
    const key = (await offhook('backup', ...at(), '--show-recovery-key')).stdout.trim()
    expect(key).toMatch(/^(\w{4}-){7}\w{4}$/)
    await daemon.stop()

    const rehearsed = await offhook('restore', ...at(), '--rehearse', '--json', file)
    const report = JSON.parse(rehearsed.stdout)
    expect(report.checks.filter((check: { ok: boolean }) => !check.ok)).toEqual([])
    expect(report).toMatchObject({ ok: true })
    expect((await readdir(other)).filter((name) => name.startsWith('offhook-rehearsal-'))).toEqual([])

    // The machine is gone: nothing is left but the file and the key on paper.
    await rm(home.dataFolder, { recursive: true })
    await rm(home.configFile)
    const keyFile = join(other, 'key')
    await writeFile(keyFile, `${key}\n`)
    const nothing = ['restore', '--config', home.configFile, '--data', home.dataFolder, file]
    expect(await offhook(...nothing)).toMatchObject({ code: 1, stderr: expect.stringContaining('the recovery key') })
    const back = await offhook(...nothing, '--recovery-key', keyFile)
    expect(back).toMatchObject({ code: 0, stderr: '' })
    expect(back.stdout).toContain(`The configuration was written to ${home.configFile}`)
    const again = await home.start()
    const leases = await again.metric('offhook_store_records', { table: 'leases' })
    expect(leases).toBeGreaterThanOrEqual(20)
    expect(leases).toBeLessThanOrEqual(40)
    expect((await readFile(join(home.dataFolder, 'firmware/440HD.img'))).length).toBe(300_000)
    // Phones of before are at home here.
    expect(await boot(again.endpoint('dhcp').port, 20, 1)).toBe(20)
    await again.stop()
  }, 180_000)

  it('is restored to a running machine at its next start, says what is lost, and keeps what was there', async () => {
    const first = await home.start()
    expect(await boot(first.endpoint('dhcp').port, 3, 1)).toBe(3)
    expect(await offhook('backup', ...at())).toMatchObject({ code: 0 })
    expect(await boot(first.endpoint('dhcp').port, 4, 2)).toBe(4)
    expect(await first.metric('offhook_store_records', { table: 'leases' })).toBe(7)
    const planned = await offhook('restore', ...at(), '--latest')
    expect(planned.stdout).toContain('restart it to put this in place')
    expect(await first.metric('offhook_store_records', { table: 'leases' })).toBe(7)
    await first.stop()
    const second = await home.start()
    await second.logged({ id: 'backup.restored' })
    expect(await second.metric('offhook_store_records', { table: 'leases' })).toBe(3)
    await second.stop()
    const [aside = ''] = (await readdir(home.dataFolder)).filter((name) => name.startsWith('before-restore-'))
    const verified = await offhook('verify', '--data', join(home.dataFolder, aside), '--json')
    expect(JSON.parse(verified.stdout).tables.leases).toBe(7)
  }, 180_000)

  it('is made of a stopped one, too, and before an upgrade; with nothing to back up that is no failure', async () => {
    const empty = await offhook('backup', ...at(), '--before-upgrade')
    expect(empty).toMatchObject({ code: 0, stdout: expect.stringContaining('no data yet') })
    expect((await offhook('backup', ...at())).code).toBe(1)
    const daemon = await home.start()
    expect(await boot(daemon.endpoint('dhcp').port, 2, 1)).toBe(2)
    await daemon.kill9()
    const made = await offhook('backup', ...at(), '--before-upgrade', '--json')
    expect(made).toMatchObject({ code: 0, stderr: '' })
    const { rows } = JSON.parse((await offhook('backup', ...at(), '--list', '--json')).stdout)
    expect(rows).toMatchObject([{ why: 'before upgrade' }])
    const lost = await offhook('restore', ...at(), '--latest')
    expect(lost.stdout).toContain('Lost since then: nothing')
    expect((await offhook('verify', ...at())).stdout).toContain('The store is whole')
  }, 120_000)

  it('with one changed byte it is refused, nothing is touched, and --latest takes the one before it', async () => {
    const daemon = await home.start()
    expect(await boot(daemon.endpoint('dhcp').port, 2, 1)).toBe(2)
    await offhook('backup', ...at())
    const second = JSON.parse((await offhook('backup', ...at(), '--json')).stdout)
    await daemon.stop()
    const bytes = await readFile(second.path)
    const middle = bytes.length - 200
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 4, middle)
    await writeFile(second.path, bytes)
    const before = await readdir(home.dataFolder)
    const refused = await offhook('restore', ...at(), second.path)
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('changed or damaged') })
    expect(await readdir(home.dataFolder)).toEqual(before)
    const latest = await offhook('restore', ...at(), '--latest')
    expect(latest).toMatchObject({ code: 0, stderr: expect.stringContaining('the one before it is tried') })
    expect((await offhook('restore', ...at(), '--rehearse', second.path)).code).toBe(1)
  }, 120_000)

  it('brings a damaged store back with one command, and the refused start says which one and what is lost', async () => {
    const daemon = await home.start()
    expect(await boot(daemon.endpoint('dhcp').port, 3, 1)).toBe(3)
    await offhook('backup', ...at())
    expect(await boot(daemon.endpoint('dhcp').port, 1, 9)).toBe(1)
    await daemon.stop()
    const level = join(home.dataFolder, 'store/db')
    await cp(level, join(other, 'db'), { recursive: true })
    for (const name of (await readdir(level)).filter((one) => /\.(log|ldb)$/.test(one))) {
      const bytes = await readFile(join(level, name))
      if (bytes.length > 400) bytes.fill(0x55, 200, 260)
      await writeFile(join(level, name), bytes)
    }
    const refused = await home.launch().end()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(
      /"offhook restore --latest" brings everything back as of \S+, without the \d+ writes since/,
    )
    const back = await offhook('restore', ...at(), '--latest')
    expect(back.stdout).toMatch(/Lost since then: what \d+ writes changed/)
    const again = await home.start()
    expect(await again.metric('offhook_store_records', { table: 'leases' })).toBe(3)
    await again.stop()
  }, 120_000)
})

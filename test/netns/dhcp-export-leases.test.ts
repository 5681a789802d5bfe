// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { subnet } from '#test/domain/subnets'
import { VOICE_NETWORK } from '#test/support/daemon'
import { DhcpClients } from '#test/support/dhcp-clients'
import { layNetwork, type Network, PHONE_MAC } from '#test/support/netns'
import { type Ended, here, type Running } from '#test/support/process'
import { KEA_AND_ISC, leaseFile, stop } from './dhcp-export-servers.ts'

const ROOT = join(import.meta.dirname, '../..')
const OTHER_MAC = '02:00:5e:00:53:03'
/** The other server leases from here, so that the address it gives is not the first that ours would give. */
const THEIRS = subnet('10.99.0.0/24', '10.99.0.150', '10.99.0.160')

describe.each(KEA_AND_ISC)('a site moves from $name to us', (other) => {
  let network: Network
  let folder: string
  let clients: DhcpClients
  const running = new Set<Running>()

  beforeEach(async () => {
    network = await layNetwork()
    folder = await mkdtemp(join(tmpdir(), 'offhook-move-'))
    await chmod(folder, 0o755)
    await mkdir(join(folder, 'data'))
    await writeFile(
      join(folder, 'offhook.yaml'),
      stringify({ data: { folder: join(folder, 'data') }, ...VOICE_NETWORK }),
    )
    clients = await DhcpClients.on(network.phone)
  })

  afterEach(async () => {
    for (const one of running) one.kill('SIGKILL')
    running.clear()
    await clients?.close()
    await network?.close()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  function program(...args: readonly string[]): readonly string[] {
    const source = ['--conditions=source', '--import', 'tsx', join(ROOT, 'daemon/main.ts')]
    return [...source, ...args, '--config', join(folder, 'offhook.yaml')]
  }

  function leases(...args: readonly string[]): Promise<Ended> {
    return here.run(process.execPath, program('leases', ...args), { cwd: ROOT, timeoutMs: 60_000 })
  }

  /** Another client on the same link, which has no address yet. */
  async function bare(mac: string): Promise<void> {
    await network.phone.must('ip', ['address', 'flush', 'dev', 'eth0'])
    await network.phone.must('ip', ['link', 'set', 'eth0', 'address', mac])
  }

  async function lease(phoneClass: string): Promise<string> {
    const client = await clients.dhclient({ phoneClass })
    const { values } = await client.learns('BOUND', 'REBOOT')
    await client.unplug()
    return values.new_ip_address ?? ''
  }

  it('and its clients keep their addresses', async () => {
    const theirs = await other.start(network.server, folder, THEIRS)
    running.add(theirs)
    const address = await lease('440HD')
    await bare(OTHER_MAC)
    const plain = clients.udhcpc()
    const second = (await plain.learns('bound')).values.ip ?? ''
    await plain.unplug()
    await stop(theirs)
    await bare(PHONE_MAC)
    expect(second).not.toBe(address)
    expect([address, second]).toEqual([
      expect.stringMatching(/^10\.99\.0\.1[56]\d$/),
      expect.stringMatching(/^10\.99\.0\.1[56]\d$/),
    ])

    const file = leaseFile(folder, other)
    const dry = await leases('import', file, '--format', other.name, '--dry-run', '--json')
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, imported: 2, kept: 0, rejected: 0 })
    const done = await leases('import', file, '--format', other.name)
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(done.stdout).toBe('Imported: 2\nOurs are as new or newer: 0\nRejected: 0\n')

    const ours = network.server.start(process.execPath, program('run'), { cwd: ROOT })
    running.add(ours)
    await ours.output(/^Offhook is ready/m, 60_000)
    // The client remembers its lease and asks for it (INIT-REBOOT): a server without the record would stay silent.
    expect(await lease('440HD')).toBe(address)
    // This one remembers nothing, and is known by its identifier.
    await bare(OTHER_MAC)
    const again = clients.udhcpc()
    expect((await again.learns('bound')).values.ip).toBe(second)
    await again.unplug()

    const locked = await leases('export')
    expect(locked).toMatchObject({ code: 1, stdout: '' })
    expect(locked.stderr).toMatch(/^offhook: another Offhook is using .*\n$/)
    await stop(ours)
  }, 180_000)

  it('and back: what we export is loaded, and the client keeps its address', async () => {
    const ours = network.server.start(process.execPath, program('run'), { cwd: ROOT })
    running.add(ours)
    await ours.output(/^Offhook is ready/m, 60_000)
    const address = await lease('440HD')
    await stop(ours)

    const file = leaseFile(folder, other)
    expect(await leases('export', '--format', other.name, '--output', file)).toMatchObject({ code: 0, stderr: '' })
    expect(await readFile(file, 'utf8')).toContain(address)
    const pool = subnet('10.99.0.0/24', '10.99.0.100', '10.99.0.199')
    const theirs = await other.start(network.server, folder, pool)
    running.add(theirs)
    expect(theirs.stdout + theirs.stderr).not.toMatch(/ERROR|corrupt|syntax|expecting/i)
    expect(await lease('440HD')).toBe(address)
    await stop(theirs)
  }, 180_000)
})

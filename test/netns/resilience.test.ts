// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { appendFile, rm, statfs, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { runFleet } from '#daemon/simulator/fleet'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { type Daemon, DaemonHome, LOOPBACK, lives, MAIN, VOICE_NETWORK } from '#test/support/daemon'
import { layNetwork, type Network, SERVER_ADDRESS } from '#test/support/netns'
import { here, placeBehind } from '#test/support/process'

let home: DaemonHome
let network: Network | undefined

afterEach(async () => {
  await home?.close()
  await network?.close()
  network = undefined
})

/** What holds within the time, or the last reason why it does not. */
async function soon<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + 15_000
  for (;;) {
    const found = await probe()
    if (found !== undefined) return found
    if (performance.now() > end) throw new Error(`not within 15 s: ${what}`)
    await delay(100)
  }
}

async function alarm(daemon: Daemon, name: string, isThere: boolean): Promise<void> {
  const id = isThere ? 'alarm.raised' : 'alarm.cleared'
  await soon(`${id} ${name}`, async () =>
    daemon.log().find((line) => line.id === id && JSON.stringify(line).includes(name)),
  )
}

describe('a disk that is full', () => {
  it('reads go on, writes are refused with an alarm, backups with a reason; with room again all goes on by itself', async () => {
    const port = await freePort()
    home = await DaemonHome.make({ ...LOOPBACK, http: { listen: [`127.0.0.1:${port}`] } })
    // A file system of its own, in a mount namespace of its own: it is gone with the daemon.
    const mount = 'mount -t tmpfs -o size=48m tmpfs "$0" && exec "$@"'
    const tiny = placeBehind('unshare', '--mount', '--propagation', 'private', 'sh', '-c', mount, home.dataFolder)
    const daemon = await home.start(tiny)
    const inside = join(`/proc/${daemon.pid}/root`, home.dataFolder)
    expect(await boot(daemon, 3, 1)).toBe(3)
    const file = `http://127.0.0.1:${port}/ipp/dhcpoption160.cfg`
    const served = await (await fetch(file)).text()

    const ballast = join(inside, 'ballast')
    await writeFile(ballast, '')
    const { bavail, bsize } = await statfs(inside)
    await appendFile(ballast, Buffer.alloc(bavail * bsize)).catch(() => {})
    expect((await statfs(inside)).bavail).toBe(0)
    // LevelDB's last page may still have room.
    await soon('a refused write', async () => {
      await boot(daemon, 5, 7, 1_500)
      return (await daemon.metric('offhook_store_writable')) === 0 ? true : undefined
    })
    await alarm(daemon, 'STORE UNWRITABLE', true)
    expect((await fetch(`${daemon.url}readyz`)).status).toBe(503)
    expect(await (await fetch(file)).text()).toBe(served)
    expect((await fetch(`${daemon.url}sign-in`)).status).toBe(200)
    const args = [MAIN, 'backup', '--config', home.configFile]
    const refused = await here.run('nsenter', ['--mount', '--target', `${daemon.pid}`, process.execPath, ...args])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/0 MB free|no space/)

    await rm(ballast)
    expect(await boot(daemon, 3, 2)).toBe(3)
    await alarm(daemon, 'STORE UNWRITABLE', false)
    expect((await fetch(`${daemon.url}readyz`)).status).toBe(200)
    expect(lives(daemon)).toBe(true)
    await daemon.stop()
  }, 180_000)
})

describe('a network card that dies', () => {
  it.each([
    ['the link goes down', 'link set eth0 down', 'link set eth0 up'],
    [
      'the address is taken away',
      `address del ${SERVER_ADDRESS}/24 dev eth0`,
      `address add ${SERVER_ADDRESS}/24 dev eth0`,
    ],
  ])(
    '%s: an alarm says so, and with it back phones are served by the same sockets',
    async (_, gone, back) => {
      network = await layNetwork()
      const { server, phone } = network
      home = await DaemonHome.make(VOICE_NETWORK)
      const daemon = await home.start(server)
      await phone.must('ip', ['address', 'add', '10.99.0.9/24', 'dev', 'eth0'])
      const fetchFile = () =>
        phone.run('curl', ['-sSf', '--max-time', '2', `http://${SERVER_ADDRESS}/ipp/dhcpoption160.cfg`])
      expect((await fetchFile()).code).toBe(0)
      const serving = daemon.log().filter(({ id }) => id === 'server.serving').length

      await server.must('ip', gone.split(' '))
      await alarm(daemon, 'ADDRESS MISSING', true)
      expect((await fetchFile()).code).not.toBe(0)
      await server.must('ip', back.split(' '))
      await alarm(daemon, 'ADDRESS MISSING', false)
      await soon('the file again', async () => ((await fetchFile()).code === 0 ? true : undefined))
      const leased = await phone.run('busybox', [
        'udhcpc',
        '-n',
        '-q',
        '-f',
        '-i',
        'eth0',
        '-s',
        '/bin/true',
        '-t',
        '5',
        '-T',
        '1',
      ])
      expect(`${leased.stdout}${leased.stderr}`).toContain(`obtained from ${SERVER_ADDRESS}`)
      expect(daemon.log().filter(({ id }) => id === 'server.serving').length).toBe(serving)
      await daemon.stop()
    },
    40_000,
  )
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

async function boot(daemon: Daemon, phones: number, seed: number, bootTimeout = 20_000): Promise<number> {
  const relayAddress = '127.99.0.1' as Ipv4
  const order = {
    phones,
    dhcpPort: daemon.endpoint('dhcp').port,
    relayAddress,
    mode: 'storm',
    seed,
    bootTimeout,
  } as const
  return (await runFleet(order, { signal: AbortSignal.timeout(30_000) })).booted
}

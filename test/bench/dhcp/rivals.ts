// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HEAP } from '#test/bench/frame'
import { type ConfigTree, DaemonHome } from '#test/support/daemon'
import type { StarEnd } from '#test/support/netns'
import { placeBehind, type Running } from '#test/support/process'

/** A server that runs at its end of the star. */
export interface Rival {
  readonly name: string
  readonly end: StarEnd
  readonly pid: number
  stop(): Promise<void>
}

const LEASE_SECONDS = 3600

/** Our daemon as it is installed: every server on, the log at its usual level. */
export async function startOffhook(end: StarEnd): Promise<Rival> {
  const home = await DaemonHome.make(offhookConfig(end))
  const daemon = await home.start(placeBehind('ip', 'netns', 'exec', end.namespace.name, 'env', HEAP))
  return { name: 'Offhook', end, pid: daemon.pid, stop: () => home.close() }
}

/** Options 66, 67 and 160 come by themselves for phones. */
function offhookConfig({ address, cidr, first, last }: StarEnd): ConfigTree {
  return {
    server: { address },
    dhcp: {
      mode: 'server',
      subnets: [
        {
          ...{ name: 'bench', cidr, pools: [`${first}-${last}`], leaseSeconds: LEASE_SECONDS },
          ...{ routers: [address], dnsServers: [address], ntpServers: [address] },
        },
      ],
    },
  }
}

/** CoreDHCP knows options 66 and 67 (from one URL), and none of 43, 120 and 160. */
export function startCoreDhcp(end: StarEnd): Promise<Rival> {
  return startPeer('CoreDHCP', end, 'config.yml', coreDhcpConfig, (file) => ['coredhcp', '-c', file, '-L', 'error'])
}

function coreDhcpConfig({ address, netmask, first, last }: StarEnd, folder: string): string {
  return `server4:
    listen: ["${address}:67"]
    plugins:
        - lease_time: ${LEASE_SECONDS}s
        - server_id: ${address}
        - dns: ${address}
        - router: ${address}
        - netmask: ${netmask}
        - nbp: "http://${address}/440HD.img"
        - range: ${join(folder, 'leases')} ${first} ${last} ${LEASE_SECONDS}s
`
}

/** Kea with two threads and its lease file, and all the options that phones get from us. */
export function startKea(end: StarEnd): Promise<Rival> {
  const environment = (folder: string) => ['env', `KEA_PIDFILE_DIR=${folder}`, 'KEA_LOCKFILE_DIR=none']
  return startPeer('Kea', end, 'kea.json', keaConfig, (file, folder) => [
    ...environment(folder),
    ...['kea-dhcp4', '-c', file],
  ])
}

function keaConfig({ address, cidr, first, last }: StarEnd, folder: string): string {
  const data = (name: string, value: string) => ({ name, data: value, 'always-send': true })
  return JSON.stringify({
    Dhcp4: {
      'interfaces-config': { interfaces: ['eth0'], 'dhcp-socket-type': 'udp' },
      'multi-threading': { 'enable-multi-threading': true, 'thread-pool-size': 2, 'packet-queue-size': 64 },
      'lease-database': { type: 'memfile', persist: true, name: join(folder, 'leases.csv'), 'lfc-interval': 0 },
      'valid-lifetime': LEASE_SECONDS,
      'option-def': [{ name: 'provisioning-url', code: 160, type: 'string' }],
      subnet4: [
        {
          subnet: cidr,
          pools: [{ pool: `${first}-${last}` }],
          'option-data': [
            ...['routers', 'domain-name-servers', 'ntp-servers', 'tftp-server-name'].map((name) => data(name, address)),
            data('boot-file-name', '440HD.img'),
            data('provisioning-url', `http://${address}/`),
          ],
        },
      ],
      loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: 'stdout' }] }],
    },
  })
}

async function startPeer(
  name: string,
  end: StarEnd,
  file: string,
  configOf: (end: StarEnd, folder: string) => string,
  commandOf: (file: string, folder: string) => readonly string[],
): Promise<Rival> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-bench-'))
  const path = join(folder, file)
  await writeFile(path, configOf(end, folder))
  const [command = '', ...args] = commandOf(path, folder)
  const running = end.namespace.start(command, args)
  const stop = async () => {
    running.kill('SIGTERM')
    await running.end()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await bound(running, end)
    return { name, end, pid: running.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Peers do not say when they are ready: they are when the kernel knows their socket. */
async function bound(running: Running, end: StarEnd): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { stdout } = await end.namespace.run('ss', ['-Hnul', 'sport = :67'])
    if (stdout !== '') return
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 100)), running.ended])
  }
  throw new Error(`a peer did not open port 67:\n${running.stdout}\n${running.stderr}`)
}

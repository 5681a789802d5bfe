// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HEAP } from '#test/bench/frame'
import { DaemonHome } from '#test/support/daemon'
import type { StarEnd } from '#test/support/netns'
import { placeBehind, type Running } from '#test/support/process'

/** A TFTP server at its end of the star. */
export interface Rival {
  readonly name: string
  readonly address: string
  readonly pid: number
  /** It knows RFC 7440. */
  readonly windows: boolean
  stop(): Promise<void>
}

/** What every server has: the same bytes under the same names. */
export interface Images {
  readonly [name: string]: Uint8Array
}

/** Word n is n * 2654435761, little-endian, as the load expects it. */
export function image(bytes: number): Uint8Array {
  const words = Uint32Array.from({ length: bytes / 4 }, (_, n) => Math.imul(n, 2_654_435_761))
  return new Uint8Array(words.buffer)
}

/** Our daemon as it is installed: every server on, the log at its usual level. */
export async function startOffhook({ namespace, address, cidr, first, last }: StarEnd, images: Images): Promise<Rival> {
  const home = await DaemonHome.make({
    server: { address },
    dhcp: { mode: 'server', subnets: [{ name: 'bench', cidr, pools: [`${first}-${last}`] }] },
  })
  for (const [name, bytes] of Object.entries(images)) await home.addFirmware(name, bytes)
  const daemon = await home.start(placeBehind('ip', 'netns', 'exec', namespace.name, 'env', HEAP))
  return { name: 'Offhook', address, pid: daemon.pid, windows: true, stop: () => home.close() }
}

/** Lays the images into `folder` and starts the others on it; `path` is where the unpacked ones are. */
export async function startPeers(
  ends: readonly StarEnd[],
  images: Images,
  folder: string,
  path: string,
): Promise<Rival[]> {
  await mkdir(folder, { recursive: true })
  for (const [name, bytes] of Object.entries(images)) await writeFile(join(folder, name), bytes)
  const hpa = ['-L', '-s', '-u', 'root', '-a']
  const atftpd = [
    '--daemon',
    '--no-fork',
    '--user',
    'root.root',
    '--port',
    '69',
    '--maxthread',
    '200',
    '--bind-address',
  ]
  const dnsmasq = ['-k', '-C', '/dev/null', '-p', '0', '-u', 'root', '-z', '--enable-tftp', '--tftp-no-fail']
  const many = ['--tftp-max=200', `--tftp-root=${folder}`]
  const [one, two, three] = ends as readonly [StarEnd, StarEnd, StarEnd]
  return [
    peer(one, 'tftpd-hpa', join(path, 'usr/sbin/in.tftpd'), (at) => [...hpa, `${at}:69`, folder]),
    peer(two, 'atftpd', join(path, 'usr/sbin/atftpd'), (at) => [...atftpd, at, folder], true),
    peer(three, 'dnsmasq', 'dnsmasq', (at) => [...dnsmasq, ...many, '-a', at, '-x', `${folder}.pid`]),
  ]
}

function peer(
  { namespace, address }: StarEnd,
  name: string,
  command: string,
  args: (address: string) => readonly string[],
  windows = false,
): Rival {
  const running: Running = namespace.start(command, args(address))
  const stop = async () => {
    running.kill('SIGKILL')
    await running.ended.catch(() => {})
  }
  return { name, address, pid: running.pid, windows, stop }
}

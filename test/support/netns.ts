// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { here, type Place, placeBehind } from './process.ts'

/*
 * A voice network on one machine. Every box is a network namespace; nothing touches the machine's own interfaces.
 *
 *      server                 phone                  relay                     (layRoutedNetwork only)
 *   ┌───────────┐         ┌───────────┐      ┌───────────────────┐          ┌───────────┐
 *   │ 10.99.0.1 │         │ no address│      │ 10.99.0.2 10.99.1.1         │ no address│  farPhone
 *   │   eth0    │         │   eth0    │      │   eth0      eth1  │          │   eth0    │
 *   └─────┬─────┘         └─────┬─────┘      └─────┬─────────┬───┘          └─────┬─────┘
 *         │ veth                │ veth             │         └───────── veth ─────┘
 *   ┌─────┴─────────────────────┴──────────────────┴───┐           10.99.1.0/24, routed by the relay
 *   │                 switch: bridge br0               │
 *   └───────────────── 10.99.0.0/24 ───────────────────┘
 *
 * DHCP clients read raw frames, and a veth pair passes on checksums that a network card would have filled in:
 * checksum offload is off on every leg.
 */

export const SERVER_ADDRESS = '10.99.0.1'
export const LAN = '10.99.0.0/24'
export const RELAY_NEAR = '10.99.0.2'
export const RELAY_FAR = '10.99.1.1'
export const FAR_LAN = '10.99.1.0/24'
/** An AudioCodes hardware address, so that the phone looks the part on every layer. */
export const PHONE_MAC = '00:90:8f:99:00:01'
export const FAR_PHONE_MAC = '00:90:8f:99:00:02'

const PREFIX = 'offhook-test'
const FOLDER = '/run/netns'

/** Programs run in it see only its interfaces. */
export interface Namespace extends Place {
  readonly name: string
}

export interface Network {
  readonly server: Namespace
  readonly phone: Namespace
  /** Ends what still runs inside and removes the namespaces. */
  close(): Promise<void>
}

export interface RoutedNetwork extends Network {
  readonly relay: Namespace
  readonly farPhone: Namespace
}

/** A lone namespace with only its loopback up, for programs that insist on well-known ports. */
export interface Island extends Namespace {
  close(): Promise<void>
}

export async function makeIsland(): Promise<Island> {
  const name = await makeNamespace('island')
  return { ...namespace(name), close: () => removeNamespace(name) }
}

/** Lays the left half of the drawing: a server and a phone on one link. */
export function layNetwork(): Promise<Network> {
  return lay(async (make) => {
    const { server, phone } = await layLan(make)
    return { server: namespace(server), phone: namespace(phone) }
  })
}

export interface TwoPhones extends Network {
  /** On the same link as the first one. */
  readonly second: Namespace
}

/** The left half of the drawing, with two phones on the link. */
export function layTwoPhones(): Promise<TwoPhones> {
  return lay(async (make) => {
    const { lan, server, phone } = await layLan(make)
    const second = await make('phone-2')
    await plug(lan, 'p-second', second, 'eth0', { bridge: 'br0', mac: FAR_PHONE_MAC })
    return { server: namespace(server), phone: namespace(phone), second: namespace(second) }
  })
}

/** Lays all of the drawing: with a second phone that reaches the server through a relay only. */
export function layRoutedNetwork(): Promise<RoutedNetwork> {
  return lay(async (make) => {
    const { lan, server, phone } = await layLan(make)
    const far = await layFarSide(make, lan, server)
    return {
      server: namespace(server),
      phone: namespace(phone),
      relay: namespace(far.relay),
      farPhone: namespace(far.phone),
    }
  })
}

export interface TwoLinks {
  readonly server: Namespace
  /** On the server's eth0, 10.99.0.0/24. */
  readonly phone: Namespace
  /** On the server's eth1, 10.99.1.0/24; the server is 10.99.1.1 there. */
  readonly farPhone: Namespace
  close(): Promise<void>
}

/** Lays two links of one server, each with a phone at its end and nothing between. */
export function layTwoLinks(): Promise<TwoLinks> {
  return lay(async (make) => {
    const server = await make('server')
    const cable = async (device: string, address: string, mac: string) => {
      const phone = await make(`phone-${device}`)
      await plug(server, device, phone, 'eth0', { mac })
      await ip(server, `address add ${address}/24 dev ${device}`)
      return namespace(phone)
    }
    const phone = await cable('eth0', SERVER_ADDRESS, PHONE_MAC)
    const farPhone = await cable('eth1', RELAY_FAR, FAR_PHONE_MAC)
    return { server: namespace(server), phone, farPhone }
  })
}

/** A machine at the end of a star's ray, with a network of its own that it leases from. */
export interface StarEnd {
  readonly namespace: Namespace
  readonly address: string
  /** The hub's address on this ray: where relayed packets come from. */
  readonly hub: string
  readonly cidr: string
  readonly netmask: string
  /** About 130,000 addresses. */
  readonly first: string
  readonly last: string
}

export interface Star {
  readonly hub: Namespace
  readonly ends: readonly StarEnd[]
  close(): Promise<void>
}

/** Lays a hub with a ray to each of so many ends, as fast as a machine can: for load, not for raw-socket clients. */
export function layStar(ends: number): Promise<Star> {
  return lay(async (make) => {
    const hub = await make('hub')
    const rays: StarEnd[] = []
    for (let ray = 0; ray < ends; ray++) {
      const end = await make(`end-${ray}`)
      const net = 96 + 4 * ray
      await ip(hub, `link add ray${ray} type veth peer name eth0 netns ${end}`)
      for (const [name, device, host] of [
        [end, 'eth0', 1],
        [hub, `ray${ray}`, 2],
      ] as const) {
        await ip(name, `link set ${device} up`)
        await ip(name, `address add 10.${net}.0.${host}/14 dev ${device}`)
      }
      const range = { first: `10.${net + 1}.0.0`, last: `10.${net + 2}.255.255` }
      const network = { cidr: `10.${net}.0.0/14`, netmask: '255.252.0.0', ...range }
      rays.push({ namespace: namespace(end), address: `10.${net}.0.1`, hub: `10.${net}.0.2`, ...network })
    }
    return { hub: namespace(hub), ends: rays }
  })
}

type Make = (role: string) => Promise<string>

/** Whatever fails half way, nothing stays behind. */
async function lay<T>(build: (make: Make) => Promise<T>): Promise<T & { close(): Promise<void> }> {
  const made: string[] = []
  const make = async (role: string) => {
    const name = await makeNamespace(role)
    made.push(name)
    return name
  }
  const close = async () => {
    for (const name of made.splice(0)) await removeNamespace(name)
  }
  try {
    return { ...(await build(make)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function layLan(make: Make) {
  const lan = await make('switch')
  await ip(lan, 'link add br0 type bridge forward_delay 0')
  await ip(lan, 'link set br0 up')
  const server = await make('server')
  await plug(lan, 'p-server', server, 'eth0', { bridge: 'br0' })
  await ip(server, `address add ${SERVER_ADDRESS}/24 dev eth0`)
  const phone = await make('phone')
  await plug(lan, 'p-phone', phone, 'eth0', { bridge: 'br0', mac: PHONE_MAC })
  return { lan, server, phone }
}

async function layFarSide(make: Make, lan: string, server: string) {
  const relay = await make('relay')
  await plug(lan, 'p-relay', relay, 'eth0', { bridge: 'br0' })
  await ip(relay, `address add ${RELAY_NEAR}/24 dev eth0`)
  const phone = await make('far-phone')
  await ip(relay, `link add eth1 type veth peer name eth0 netns ${phone}`)
  await ip(phone, `link set eth0 address ${FAR_PHONE_MAC}`)
  for (const [name, device] of [
    [relay, 'eth1'],
    [phone, 'eth0'],
  ] as const) {
    await ip(name, `link set ${device} up`)
    await offloadNothing(name, device)
  }
  await ip(relay, `address add ${RELAY_FAR}/24 dev eth1`)
  await here.must('ip', ['netns', 'exec', relay, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1'])
  await ip(server, `route add ${FAR_LAN} via ${RELAY_NEAR}`)
  return { relay, phone }
}

/** A cable from a port, of the bridge if there is one, to a namespace's interface. */
async function plug(
  lan: string,
  port: string,
  name: string,
  device: string,
  { bridge, mac }: { bridge?: string; mac?: string },
): Promise<void> {
  await ip(lan, `link add ${port} type veth peer name ${device} netns ${name}`)
  await ip(lan, `link set ${port} ${bridge ? `master ${bridge} ` : ''}up`)
  if (mac) await ip(name, `link set ${device} address ${mac}`)
  await ip(name, `link set ${device} up`)
  await offloadNothing(lan, port)
  await offloadNothing(name, device)
}

async function offloadNothing(name: string, device: string): Promise<void> {
  await here.must('ip', ['netns', 'exec', name, 'ethtool', '-K', device, 'tx', 'off'])
}

function ip(name: string, command: string): Promise<string> {
  return here.must('ip', ['-n', name, ...command.split(' ')])
}

function namespace(name: string): Namespace {
  return { name, ...placeBehind('ip', 'netns', 'exec', name) }
}

/** The name carries the process id of the run that owns it, and chance keeps it apart from that run's others. */
async function makeNamespace(role: string): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error('network namespaces need root: run the tests as root')
  await removeStale()
  const name = `${PREFIX}-${process.pid}-${randomBytes(3).toString('hex')}-${role}`
  await here.must('ip', ['netns', 'add', name])
  await ip(name, 'link set lo up')
  return name
}

/** What a killed run left behind: namespaces of ours whose owner no longer lives. */
async function removeStale(): Promise<void> {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER) : []
  for (const name of names) {
    const owner = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1]
    if (owner && !existsSync(`/proc/${owner}`)) await removeNamespace(name)
  }
}

/** Ends the processes that are still inside (all were started there by us), then removes the namespace. */
async function removeNamespace(name: string): Promise<void> {
  const { code, stdout } = await here.run('ip', ['netns', 'pids', name])
  if (code !== 0) return
  for (const pid of stdout.split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It ended by itself in the meantime.
    }
  }
  await here.run('ip', ['netns', 'delete', name])
}

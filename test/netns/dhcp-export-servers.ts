// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Subnet } from '#daemon/domain/subnet'
import { ipv4FromNumber, netmask } from '#protocols/lib/ipv4'
import type { Namespace } from '#test/support/netns'
import type { Running } from '#test/support/process'

/** By its path: the npm package `dhcp` brings a program of the same name. */
const DHCPD = '/usr/sbin/dhcpd'

/** A DHCP server of another maker: how an admin configures it, with an export of ours pasted in. */
export interface OtherServer {
  readonly name: 'kea' | 'isc' | 'dnsmasq'
  /** Starts it on `eth0` in a folder of its own; `insideSubnet` says what the export asks to put there. */
  start(where: Namespace, folder: string, subnet: Subnet, pasted?: string, insideSubnet?: string): Promise<Running>
}

const LEASES = { kea: 'kea-leases4.csv', isc: 'dhcpd.leases', dnsmasq: 'dnsmasq.leases' } as const

export function leaseFile(folder: string, { name }: OtherServer): string {
  return join(folder, LEASES[name])
}

/** As the daemon does at its end, so that the lease file is whole. */
export async function stop(server: Running): Promise<void> {
  server.kill('SIGTERM')
  await server.end()
}

const kea: OtherServer = {
  name: 'kea',
  async start(where, folder, subnet, pasted = '', insideSubnet = '') {
    const file = join(folder, 'kea.json')
    const { cidr, range } = placesOf(subnet)
    const pools = insideSubnet.includes('"pools"') ? '' : `, "pools": [{ "pool": "${range}" }]`
    await writeFile(
      file,
      `{ "Dhcp4": {
        "interfaces-config": { "interfaces": ["eth0"], "dhcp-socket-type": "raw" },
        "lease-database": { "type": "memfile", "name": "${join(folder, LEASES.kea)}", "lfc-interval": 0 },
        "loggers": [{ "name": "kea-dhcp4", "severity": "INFO", "output_options": [{ "output": "stdout", "flush": true }] }],
        "valid-lifetime": 3600,
        "subnet4": [{ "id": 1, "subnet": "${cidr}" ${pools} ${insideSubnet && `, ${insideSubnet}`} }]
        ${pasted && `, ${pasted}`}
      } }`,
    )
    await mkdir(join(folder, 'run'), { recursive: true })
    const env = { KEA_PIDFILE_DIR: join(folder, 'run'), KEA_LOCKFILE_DIR: join(folder, 'run') }
    return ready(where.start('kea-dhcp4', ['-c', file], { env }), /DHCP4_STARTED/)
  },
}

const isc: OtherServer = {
  name: 'isc',
  async start(where, folder, subnet, pasted = '', insideSubnet = '') {
    const { network, mask, first, last } = placesOf(subnet)
    const conf = join(folder, 'dhcpd.conf')
    await writeFile(
      conf,
      `authoritative; ping-check false; default-lease-time 3600; ddns-update-style none;
${pasted}
subnet ${network} netmask ${mask} {
  range ${first} ${last};
  ${insideSubnet}
}
`,
    )
    const leases = join(folder, LEASES.isc)
    await writeFile(leases, await readFile(leases).catch(() => ''))
    const files = ['-cf', conf, '-lf', leases, '-pf', join(folder, 'dhcpd.pid')]
    return ready(where.start(DHCPD, ['-4', '-f', '-d', ...files, 'eth0']), /Server starting service/)
  },
}

const dnsmasq: OtherServer = {
  name: 'dnsmasq',
  async start(where, folder, subnet, pasted = '', insideSubnet = '') {
    const { mask, first, last } = placesOf(subnet)
    const conf = join(folder, 'dnsmasq.conf')
    const range = `dhcp-range=${insideSubnet && `${insideSubnet},`}${first},${last},${mask},3600`
    await writeFile(
      conf,
      `port=0\ninterface=eth0\nbind-interfaces\nno-ping\ndhcp-authoritative\nuser=root\n${range}\n` +
        `dhcp-leasefile=${join(folder, LEASES.dnsmasq)}\npid-file=${join(folder, 'dnsmasq.pid')}\n${pasted}`,
    )
    const args = ['--keep-in-foreground', '--log-facility=-', '--log-dhcp', `--conf-file=${conf}`]
    return ready(where.start('dnsmasq', args), /DHCP, IP range/)
  },
}

export const OTHER_SERVERS: readonly OtherServer[] = [kea, isc, dnsmasq]
export const KEA_AND_ISC: readonly OtherServer[] = [kea, isc]

async function ready(server: Running, sign: RegExp): Promise<Running> {
  await server.output(sign)
  return server
}

function placesOf({ cidr, pools }: Subnet) {
  const [pool] = pools
  if (!pool) throw new Error('the subnet has no pool')
  const [network, first, last] = [cidr.network, pool.first, pool.last].map(ipv4FromNumber)
  return { network, mask: netmask(cidr), cidr: `${network}/${cidr.prefix}`, first, last, range: `${first}-${last}` }
}

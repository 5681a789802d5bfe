// SPDX-License-Identifier: Apache-2.0
import type { LinkSocket } from '#protocols/dhcp/server'
import { type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import type { PassedSocket } from '#protocols/lib/listen'

/** The first file descriptor that systemd passes; sd_listen_fds(3) calls it SD_LISTEN_FDS_START. */
const FIRST = 3
/** More sockets than any machine has voice links; a number beyond it is a mistake. */
const MOST = 64

/**
 * The sockets that systemd bound for us, in the order of LISTEN_FDNAMES; none when the variables are absent or speak
 * of another process [sd_listen_fds(3)].
 */
export function passedSockets(environment: Readonly<Record<string, string | undefined>>, pid: number): PassedSocket[] {
  const { LISTEN_PID, LISTEN_FDS = '', LISTEN_FDNAMES = '' } = environment
  if (LISTEN_PID !== String(pid) || !/^\d{1,3}$/.test(LISTEN_FDS)) return []
  const names = LISTEN_FDNAMES.split(':')
  const count = Math.min(Number(LISTEN_FDS), MOST)
  return Array.from({ length: count }, (_, index) => ({ fd: FIRST + index, name: names[index] || 'unknown' }))
}

/** Whether a variable of systemd that names a process names us; without it, it speaks to whoever reads it. */
export function passedTo(variable: string | undefined, pid: number): boolean {
  return variable === undefined || variable === String(pid)
}

/** A link's DHCP socket is called `dhcp-` and the interface it is bound to (systemd/offhook-dhcp@.socket). */
const DHCP = 'dhcp-'

type Interfaces = Readonly<Record<string, readonly { readonly family: string; readonly address: string }[] | undefined>>

/** The DHCP sockets among those passed, each with our address on its interface; other sockets are not ours to use. */
export function dhcpLinks(sockets: readonly PassedSocket[], interfaces: Interfaces): LinkSocket[] {
  return sockets
    .filter(({ name }) => name.startsWith(DHCP))
    .map((socket) => ({ ...socket, address: addressOf(interfaces[socket.name.slice(DHCP.length)]) }))
}

/** The first IPv4 address. */
function addressOf(addresses: Interfaces[string]): Ipv4 | undefined {
  const first = addresses?.find(({ family }) => family === 'IPv4')
  return first && parseIpv4(first.address)
}

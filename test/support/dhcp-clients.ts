// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Namespace } from './netns.ts'
import type { Ended, Running } from './process.ts'

/** What a client learnt, in its own words, e.g. `ip` and `opt160` (udhcpc), `new_ip_address` (dhclient, dhcpcd). */
export interface Learnt {
  /** `bound`, `renew`, `deconfig` (udhcpc); `BOUND`, `REBOOT`, `RENEW`, `FAIL` (dhclient); `INFORM` (dhcpcd). */
  readonly event: string
  readonly values: Readonly<Record<string, string>>
}

export interface ClientOptions {
  /** Option 60, and 77 in the raw form; a plain client sends neither. */
  readonly phoneClass?: string
  readonly device?: string
}

/*
 * All clients call this script. It prints what they learnt and sets the interface, as their own scripts would, but
 * never touches the machine's resolver.
 */
const SCRIPT = `#!/bin/sh
event=\${1:-$reason}
address=\${ip:-$new_ip_address}
mask=\${subnet:-$new_subnet_mask}
case $event in
  bound | renew | BOUND | REBOOT | RENEW | REBIND)
    ip address replace "$address/$mask" dev "$interface" ;;
  deconfig | EXPIRE | FAIL | RELEASE | STOP)
    ip address flush dev "$interface" ;;
esac
echo "<learnt $event>"
env
echo "</learnt>"
`

/** One machine's DHCP clients, with their script and lease files in a folder of their own. */
export class DhcpClients {
  readonly #namespace: Namespace
  readonly #folder: string

  private constructor(namespace: Namespace, folder: string) {
    this.#namespace = namespace
    this.#folder = folder
  }

  static async on(namespace: Namespace): Promise<DhcpClients> {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-dhcp-client-'))
    await writeFile(join(folder, 'script'), SCRIPT)
    await chmod(join(folder, 'script'), 0o755)
    return new DhcpClients(namespace, folder)
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true })
  }

  /** BusyBox udhcpc; asks for the boot options whatever its class, so that what a plain client gets is our doing. */
  udhcpc({ phoneClass, device = 'eth0' }: ClientOptions = {}): Client {
    const wanted = ['1', '3', '6', '15', '42', '43', '66', '67', '160'].flatMap((code) => ['-O', code])
    const userClass = phoneClass && Buffer.from(phoneClass).toString('hex')
    const phone = phoneClass ? ['-V', phoneClass, '-x', `0x4d:${userClass}`] : ['-V', '']
    const often = ['-t', '5', '-T', '2', '-A', '1']
    const args = [
      '-i',
      device,
      '-f',
      '-n',
      '-R',
      '-s',
      join(this.#folder, 'script'),
      ...often,
      '-o',
      ...wanted,
      ...phone,
    ]
    return new Client(this.#namespace.start('udhcpc', args))
  }

  /** Makes dhclient believe that it held this address somewhere else until now; it will ask for it again. */
  async dhclientRemembers(address: string, device = 'eth0'): Promise<void> {
    const later = new Date(Date.now() + 3_600_000)
      .toISOString()
      .replace(/^(.{10})T(.{8}).*$/, '$1 $2')
      .replaceAll('-', '/')
    const times = ['renew', 'rebind', 'expire'].map((name) => `  ${name} 0 ${later};`)
    const lease = [
      `  interface "${device}";`,
      `  fixed-address ${address};`,
      '  option subnet-mask 255.255.255.0;',
      ...times,
    ]
    await writeFile(join(this.#folder, 'dhclient.leases'), `lease {\n${lease.join('\n')}\n}\n`)
  }

  /** ISC dhclient; keeps its lease file, so a second one asks for the same address again (INIT-REBOOT). */
  async dhclient({ phoneClass, device = 'eth0' }: ClientOptions = {}): Promise<Client> {
    await writeFile(join(this.#folder, 'dhclient.conf'), dhclientConf(phoneClass))
    const args = ['-4', '-d', '-1', ...this.#dhclientFiles(), device]
    return new Client(this.#namespace.start('dhclient', args), /^bound to /m)
  }

  /** `dhclient -r`: gives the address in the lease file back. */
  dhclientRelease(device = 'eth0'): Promise<Ended> {
    return this.#namespace.run('dhclient', ['-4', '-d', '-r', ...this.#dhclientFiles(), device])
  }

  /** dhcpcd with DHCPINFORM: the interface has its address already and asks for options only. */
  async dhcpcdInform({ phoneClass, device = 'eth0' }: ClientOptions = {}): Promise<Client> {
    const conf = join(this.#folder, 'dhcpcd.conf')
    await writeFile(conf, dhcpcdConf(phoneClass))
    // It keeps state in fixed places: give it empty ones, which only this process sees (`ip netns exec` unshares mounts).
    const hide = ['/var/lib/dhcpcd', '/run/dhcpcd'].map((path) => `mkdir -p ${path} && mount -t tmpfs none ${path}`)
    const dhcpcd = `exec dhcpcd -4 -1 -B -f ${conf} -c ${join(this.#folder, 'script')} --inform ${device}`
    return new Client(this.#namespace.start('sh', ['-c', [...hide, dhcpcd].join(' && ')]))
  }

  #dhclientFiles(): string[] {
    const file = (name: string) => join(this.#folder, name)
    const files = ['-cf', file('dhclient.conf'), '-lf', file('dhclient.leases'), '-pf', file('dhclient.pid')]
    return [...files, '-sf', file('script')]
  }
}

/** A running client; `settled` is what it says when it has also written its lease down, if it says so. */
export class Client {
  readonly #running: Running
  readonly #settled: RegExp | undefined

  constructor(running: Running, settled?: RegExp) {
    this.#running = running
    this.#settled = settled
  }

  /** The first event of one of these kinds, since the start. */
  async learns(...events: readonly string[]): Promise<Learnt> {
    const kinds = events.join('|')
    const [, event = '', text = ''] = await this.#running.output(
      new RegExp(`<learnt (${kinds})>\\n([\\s\\S]*?)</learnt>`),
      15_000,
    )
    if (this.#settled) await this.#running.output(this.#settled)
    const lines = text.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)])
    return { event, values: Object.fromEntries(lines) as Record<string, string> }
  }

  /** udhcpc asks for its lease again at once. */
  renew(): void {
    this.#running.kill('SIGUSR1')
  }

  /** The program's own end, for those that end by themselves. */
  end(): Promise<Ended> {
    return this.#running.end()
  }

  /** udhcpc releases its lease on SIGTERM (it runs with -R); dhclient just ends. */
  async stop(): Promise<Ended> {
    this.#running.kill('SIGTERM')
    return this.#running.end()
  }

  /** Ends without a word to the server, as a phone whose plug is pulled. */
  async unplug(): Promise<void> {
    this.#running.kill('SIGKILL')
    await this.#running.end()
  }

  get said(): string {
    return this.#running.stdout + this.#running.stderr
  }
}

function dhclientConf(phoneClass: string | undefined): string {
  const send = phoneClass && `send vendor-class-identifier "${phoneClass}";\nsend user-class "${phoneClass}";\n`
  return `option provisioning-url code 160 = text;
${send ?? ''}request subnet-mask, routers, domain-name-servers, domain-name, ntp-servers, vendor-encapsulated-options,
  tftp-server-name, bootfile-name, provisioning-url;
timeout 15; retry 5; initial-interval 1; reboot 3; backoff-cutoff 2;
`
}

function dhcpcdConf(phoneClass: string | undefined): string {
  const send = phoneClass && `vendorclassid ${phoneClass}\nuserclass ${phoneClass}\n`
  return `define 160 string provisioning_url
option provisioning_url, tftp_server_name, bootfile_name, ntp_servers
nodelay
noarp
${send ?? ''}`
}

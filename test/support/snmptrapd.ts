// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthProtocol, PrivProtocol, SnmpUser } from '#protocols/snmp/port'
import { here, type Running } from '#test/support/process'

/** One notification as net-snmp's own receiver understood it. */
export interface Received {
  /** `TRAP2`, `INFORM` or `TRAP`, with version and community or user, e.g. `TRAP2, SNMP v2c, community public`. */
  readonly how: string
  /** Of a version 1 trap. */
  readonly v1: {
    readonly enterprise: string
    readonly generic: string
    readonly specific: string
    readonly uptime: string
    readonly agent: string
  }
  /** `.1.3.6.1 = INTEGER: 5`; strings as `Hex-STRING: 47 72`. */
  readonly varbinds: readonly string[]
}

export interface Snmptrapd {
  readonly port: number
  readonly pid: number
  /** Waits until at least so many notifications were received. */
  received(count: number): Promise<readonly Received[]>
  /** How many there are by now. */
  count(): number
  kill(signal: NodeJS.Signals): void
  /** Ends it and removes its folder. */
  close(): Promise<void>
}

export interface SnmptrapdOptions {
  readonly communities?: readonly string[]
  /** Each may send at no lower a level than its own. */
  readonly users?: readonly SnmpUser[]
  /** Of whoever sends version 3 traps: the receiver makes the keys for it. */
  readonly engineId?: Uint8Array
  /** Where to listen; a free port of 127.0.0.1 unless told. */
  readonly port?: number
}

const AUTH: Readonly<Record<AuthProtocol, string>> = {
  ...{ md5: 'MD5', sha1: 'SHA', sha224: 'SHA-224', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' },
}
const PRIV: Readonly<Record<PrivProtocol, string>> = { aes128: 'AES', aes256: 'AES-256', aes256c: 'AES-256-C' }
const LEVEL = { noAuthNoPriv: 'noauth', authNoPriv: 'auth', authPriv: 'priv' } as const
/** Between what the log shows of one notification: nothing that a value could hold. */
const MARK = '@@'
const FORMAT = ['BEGIN', '%P', '%N', '%w', '%q', '%T', '%a', `%V${MARK}%v`, 'END'].join(MARK)

/** Starts Debian's snmptrapd on the loopback, without MIBs and with a folder of its own. */
export async function startSnmptrapd(options: SnmptrapdOptions = {}): Promise<Snmptrapd> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-snmptrapd-'))
  const port = options.port ?? (await freeUdpPort())
  const state = join(folder, 'state')
  await mkdir(state)
  const conf = join(folder, 'snmptrapd.conf')
  await writeFile(conf, configuration(options))
  const env = { MIBS: '', SNMP_PERSISTENT_DIR: state, SNMPCONFPATH: folder }
  const args = ['-m', '', '-f', '-n', '-On', '-Ox', '-Oe', '-C', '-c', conf, '-Lo', `udp:127.0.0.1:${port}`]
  const running = here.start('/usr/sbin/snmptrapd', args, { env })
  const close = async () => {
    running.kill('SIGKILL')
    await running.ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await running.output(/NET-SNMP version/)
  } catch (error) {
    await close()
    throw error
  }
  return {
    port,
    pid: running.pid,
    received: (count) => receivedBy(running, count),
    count: () => running.stdout.split(`${MARK}END`).length - 1,
    kill: (signal) => running.kill(signal),
    close,
  }
}

function configuration({ communities = [], users = [], engineId }: SnmptrapdOptions): string {
  const lines = [`format1 ${FORMAT}\\n`, `format2 ${FORMAT}\\n`]
  for (const community of communities) lines.push(`authCommunity log ${community}`)
  for (const user of users) {
    const { name, level, authProtocol, authKey, privProtocol, privKey } = user
    const auth = authProtocol && level !== 'noAuthNoPriv' ? `${AUTH[authProtocol]} ${authKey}` : ''
    const priv = privProtocol && level === 'authPriv' ? `${PRIV[privProtocol]} ${privKey}` : ''
    lines.push(`createUser ${name} ${auth} ${priv}`, `authUser log ${name} ${LEVEL[level]}`)
    if (engineId) lines.push(`createUser -e 0x${Buffer.from(engineId).toString('hex')} ${name} ${auth} ${priv}`)
  }
  return `${lines.join('\n')}\n`
}

async function receivedBy(running: Running, count: number): Promise<readonly Received[]> {
  let ended = 0
  const isLast = (line: string) => line.endsWith(`${MARK}END`) && ++ended === count
  await running.line(isLast, `${count} notifications`)
  return [...running.stdout.matchAll(/BEGIN@@([\s\S]*?)@@END/g)].map(([, text = '']) => {
    const [how = '', enterprise = '', generic = '', specific = '', uptime = '', agent = '', ...varbinds] =
      text.split(MARK)
    return {
      how,
      v1: { enterprise, generic, specific, uptime, agent },
      // Long strings run over several lines.
      varbinds: varbinds.map((one) => one.replaceAll(/\s*\n/g, ' ').trim()),
    }
  })
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>((bound) => socket.bind(0, '127.0.0.1', bound))
  const { port } = socket.address()
  await new Promise<void>((closed) => socket.close(closed))
  return port
}

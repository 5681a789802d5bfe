// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { DaemonHome, LOOPBACK, MAIN } from '#test/support/daemon'
import { NotifySocket } from '#test/support/notify-socket'
import { here, type Place, placeBehind, type Running } from '#test/support/process'
import { fillCompany } from './company.ts'
import { HEAP, limit, type Metric, median, progress, report } from './frame.ts'
import { cpuMicros, residentMegabytes } from './process-cost.ts'

/*
 * What an operator waits for, and what the appliance costs while nothing happens. Started as systemd does: with the unit's
 * heap, a NOTIFY_SOCKET and a watchdog; "ready" is when READY=1 is sent.
 */
const ROUNDS = 3
const IDLE_SECONDS = 60
const STARTS = [
  { phones: 0, seconds: 2 },
  { phones: 10_000, seconds: 3 },
  { phones: 100_000, seconds: 6 },
] as const
const LIMITS = { backupSeconds: 15, restoreSeconds: 30, idlePercent: 1, idleMegabytes: 120 }

/** Every server that there is, each on a free port. */
const EVERYTHING = {
  ...LOOPBACK,
  ldap: { enabled: true, listen: '127.0.0.1:0', baseDn: 'dc=example,dc=com', anonymous: true },
  sip: { enabled: true, listen: '127.0.0.1:0' },
  syslog: { enabled: true, listen: '127.0.0.1:0' },
  snmp: { agent: { enabled: true, listen: '127.0.0.1:0', communities: ['public'] } },
  log: { level: 'info' },
}

async function starts(socket: NotifySocket, count: number, most: number): Promise<Metric[]> {
  const home = await DaemonHome.make(EVERYTHING)
  try {
    if (count > 0) await fillCompany(join(home.dataFolder, 'store'), count)
    const times: number[] = []
    const cpu: number[] = []
    let megabytes = 0
    for (let round = 0; round < ROUNDS; round++) {
      const since = performance.now()
      const daemon = await started(home, asInstalled(socket))
      times.push((performance.now() - since) / 1000)
      cpu.push(cpuMicros(daemon.pid) / 1e6)
      megabytes = residentMegabytes(daemon.pid)
      await stopped(daemon)
    }
    progress(`${count} phones: ready in ${times.map((time) => time.toFixed(2)).join(', ')} s`)
    progress(`${count} phones: ${cpu.map((time) => time.toFixed(2)).join(', ')} s of CPU, ${megabytes.toFixed(0)} MB`)
    return [
      limit(`start to ready with ${count} phones, s`, median(times), most),
      ...(count === 100_000 ? await safety(home) : []),
    ]
  } finally {
    await home.close()
  }
}

/** A backup of a running daemon, and its way onto an empty machine. */
async function safety(home: DaemonHome): Promise<Metric[]> {
  const empty = await DaemonHome.make(EVERYTHING)
  try {
    const daemon = await started(home, placeBehind('env', HEAP))
    const file = join(empty.folder, 'whole.backup')
    const offhook = (...args: string[]) => here.must(process.execPath, [MAIN, ...args], { timeoutMs: 300_000 })
    const backupSince = performance.now()
    await offhook('backup', '--config', home.configFile, '--to', file)
    const backupSeconds = (performance.now() - backupSince) / 1000
    await stopped(daemon)
    const restoreSince = performance.now()
    const key = ['--recovery-key', join(home.dataFolder, 'recovery-key')]
    await offhook('restore', file, ...key, '--config', empty.configFile)
    const restoreSeconds = (performance.now() - restoreSince) / 1000
    return [
      limit('backup of 100000 phones while serving, s', backupSeconds, LIMITS.backupSeconds),
      limit('restore of it to an empty machine, s', restoreSeconds, LIMITS.restoreSeconds),
    ]
  } finally {
    await empty.close()
  }
}

async function idle(socket: NotifySocket): Promise<Metric[]> {
  const home = await DaemonHome.make(EVERYTHING)
  try {
    const daemon = await started(home, asInstalled(socket))
    // What a start still does behind READY=1 is no idling.
    await pause(10_000)
    const [since, before] = [performance.now(), cpuMicros(daemon.pid)]
    await pause(IDLE_SECONDS * 1000)
    const percent = ((cpuMicros(daemon.pid) - before) / ((performance.now() - since) * 1000)) * 100
    const megabytes = residentMegabytes(daemon.pid)
    await stopped(daemon)
    return [
      limit('idle CPU with an empty fleet, % of a core', percent, LIMITS.idlePercent),
      limit('idle RSS with an empty fleet, MB', megabytes, LIMITS.idleMegabytes),
    ]
  } finally {
    await home.close()
  }
}

/** As "ready" is told to systemd; a machine with much else to do may take its time. */
async function started(home: DaemonHome, place: Place): Promise<Running> {
  const running = home.launch(place)
  await running.output(/^Offhook is ready: /m, 120_000)
  return running
}

async function stopped(running: Running): Promise<void> {
  running.kill('SIGTERM')
  const { code } = await running.end(60_000)
  if (code !== 0) throw new Error(`the daemon ended with ${code}`)
}

function asInstalled({ path }: NotifySocket) {
  return placeBehind('env', HEAP, `NOTIFY_SOCKET=${path}`, 'WATCHDOG_USEC=120000000')
}

const socket = await NotifySocket.open()
try {
  const metrics: Metric[] = []
  for (const { phones, seconds } of STARTS) metrics.push(...(await starts(socket, phones, seconds)))
  report('operate', [...metrics, ...(await idle(socket))])
} finally {
  await socket.close()
}

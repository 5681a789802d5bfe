// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { callDaemon } from '#daemon/cli/local-api'
import { DaemonHome, LOOPBACK } from '#test/support/daemon'
import { here } from '#test/support/process'
import { type Metric, median, progress, rate, report } from './frame.ts'

/*
 * Keep-alives of 10,000 phones over 16 connections, posted by wrk: to the built daemon with every server on, and to a
 * handler of node:http that parses the same JSON and does nothing else. They take turns.
 */
const PHONES = 10_000
const CONNECTIONS = 16
const SECONDS = 5
const ROUNDS = 5
const AIM = 0.6
const BARE_PORT = 18_081

interface Target {
  readonly name: string
  readonly url: string
}

async function main(): Promise<void> {
  const home = await DaemonHome.make({ ...LOOPBACK, log: { level: 'info' } })
  const bareFile = join(import.meta.dirname, 'keepalive-bare.mjs')
  const bare = here.start(process.execPath, [bareFile, String(BARE_PORT)])
  try {
    await bare.output(/ready/)
    const daemon = await home.start()
    const { port } = daemon.endpoint('http')
    const path = '/rest/v1/ipphoneMgrStatus/keep-alive'
    const ours = { name: 'Offhook', url: `http://127.0.0.1:${port}${path}` }
    const peer = { name: 'node:http', url: `http://127.0.0.1:${BARE_PORT}${path}` }
    // All phones are known then, and what compiles itself while it runs has done so.
    for (const target of [ours, peer]) await post(target, false, 0)
    const metrics = [await race('unchanged', ours, peer, false), await race('changing', ours, peer, true)]
    await isTrue(home.dataFolder, ours)
    report('keepalive', metrics)
  } finally {
    bare.kill('SIGTERM')
    await bare.end()
    await home.close()
  }
}

/** In turns, so that whatever else the machine does meets both. */
async function race(what: string, ours: Target, peer: Target, changing: boolean): Promise<Metric> {
  const found: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    found[0].push(await post(ours, changing, round))
    found[1].push(await post(peer, changing, round))
  }
  return rate(`posts/s, ${what} bodies`, median(found[0]), peer.name, median(found[1]), AIM)
}

/** Posts in a second; throws when one was not answered with 200. */
async function post({ name, url }: Target, changing: boolean, round: number): Promise<number> {
  const environment = [`OFFHOOK_PHONES=${PHONES}`, `OFFHOOK_CHANGING=${changing ? 1 : 0}`, `OFFHOOK_ROUND=${round}`]
  const script = ['-s', join(import.meta.dirname, 'keepalive.lua')]
  const wrk = ['wrk', '-t', '1', '-c', String(CONNECTIONS), '-d', `${SECONDS}s`, ...script, url]
  const { stdout } = await here.run('env', [...environment, ...wrk], { timeoutMs: (SECONDS + 20) * 1000 })
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`${name} did not take all:\n${stdout}`)
  const posts = Number(/^Requests\/sec:\s+([\d.]+)$/m.exec(stdout)?.[1] ?? Number.NaN)
  if (!(posts > 0)) throw new Error(`wrk told nothing:\n${stdout}`)
  progress(`${name.padEnd(10)} ${changing ? 'changing ' : 'unchanged'} ${posts.toFixed(0)} posts/s`)
  return posts
}

/** Every phone is known once, and what the last ones posted is what they are. */
async function isTrue(folder: string, { url }: Target): Promise<void> {
  const summary = (await (await callDaemon(folder, 'api/v1/devices?pageSize=1')).json()) as { readonly total: number }
  if (summary.total !== PHONES) throw new Error(`${summary.total} phones are known of ${PHONES}`)
  for (let n = 0; n < 50; n++) {
    const mac = `00908f${n.toString(16).padStart(6, '0')}`
    const status = n % 2 === 0 ? 'registered' : 'unregistered'
    await fetch(url, { method: 'POST', body: JSON.stringify({ mac, status, ip: '127.0.0.1', model: '440HD' }) })
    const device = (await (await callDaemon(folder, `api/v1/devices/${mac}`)).json()) as { readonly status: string }
    if (device.status !== status) throw new Error(`${mac} posted ${status}, and is ${device.status}`)
  }
}

await main()

// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Progress } from '#daemon/domain/job'
import { type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'

/** `npm run proof -- job` sets more. */
const PHONES = Number(process.env.OFFHOOK_PHONES ?? '300')
/** Phones that report at once. */
const AT_ONCE = 20

function macOf(n: number): string {
  return `00908f${n.toString(16).padStart(6, '0')}`
}

it(
  'a job over 300 phones (1,000 in the long form) and a kill -9 in its midst: every phone is told once, and all are done',
  async () => {
    const home = await DaemonHome.make(LOOPBACK)
    onTestFinished(() => home.close())
    let daemon = await home.start()
    const macs = Array.from({ length: PHONES }, (_, n) => macOf(n))
    const told = new Map(macs.map((mac) => [mac, 0]))

    await each(macs, (mac) => reports(daemon, mac, 'registered'))
    const draft = { kind: 'restart', macs, batch: 100, delaySeconds: 0, retries: 0 }
    const { id } = (await api(home, daemon, 'jobs', draft)) as { id: string }

    await each(macs.slice(0, PHONES / 2), fetchesAndStarts)
    await daemon.kill9()
    daemon = await home.start()
    for (let round = 0; round < 50; round++) {
      await each(
        macs.filter((mac) => told.get(mac) === 0),
        fetchesAndStarts,
      )
      const job = (await api(home, daemon, `jobs/${id}`)) as { state: string; progress: Progress }
      if (job.state === 'done') break
    }
    expect(await api(home, daemon, `jobs/${id}`)).toMatchObject({ state: 'done', progress: { confirmed: PHONES } })
    await each(macs, fetchesAndStarts)
    expect([...told.values()].filter((times) => times !== 1)).toEqual([])
    await daemon.stop()

    async function fetchesAndStarts(mac: string): Promise<void> {
      const { requests } = await reports(daemon, mac, 'registered')
      if (requests.length === 0) return
      told.set(mac, (told.get(mac) ?? 0) + requests.length)
      await reports(daemon, mac, 'started')
      await reports(daemon, mac, 'registered')
    }
  },
  300 * PHONES,
)

async function reports(daemon: Daemon, mac: string, status: string): Promise<{ readonly requests: readonly string[] }> {
  const { address, port } = daemon.endpoint('http')
  const body = JSON.stringify({
    mac,
    ip: '127.0.0.1',
    model: '440HD',
    fwVersion: '2.2.16',
    userName: `u${mac}`,
    status,
  })
  const url = `http://${address}:${port}/rest/v1/ipphoneMgrStatus/keep-alive`
  const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(10_000) })
  return (await response.json()) as { requests: readonly string[] }
}

async function api(home: DaemonHome, daemon: Daemon, path: string, body?: object): Promise<unknown> {
  const { token } = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8')) as { token: string }
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const init = body ? { method: 'POST', body: JSON.stringify(body), headers } : { headers }
  const response = await fetch(`${daemon.url}api/v1/${path}`, { ...init, signal: AbortSignal.timeout(10_000) })
  return response.json()
}

async function each(macs: readonly string[], run: (mac: string) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < macs.length; i += AT_ONCE) await Promise.all(macs.slice(i, i + AT_ONCE).map(run))
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { newPhone } from '#daemon/domain/phone'
import type { Rollout } from '#daemon/domain/rollout/rollout'
import { LevelStore } from '#daemon/store/level-store'
import { put } from '#daemon/store/store'
import { firmwareChoices, phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { image } from '#test/services/firmware/image'
import { type Daemon, DaemonHome, LOOPBACK } from '#test/support/daemon'

const PHONES = 8
const MODEL = '440HD'
const [OLD, NEW] = ['2.2.12.1', '2.2.16.7']
const IMAGES = [OLD, NEW].map((version) => image({ version, bytes: 20_000 }))
const [OLD_ID = '', NEW_ID = ''] = IMAGES.map((bytes) => createHash('sha256').update(bytes).digest('hex'))
const MACS = Array.from({ length: PHONES }, (_, n) => `00908f0000${n.toString(16).padStart(2, '0')}` as Mac)
/** Looks at rollouts are seconds apart, and each of the stages needs one or two. */
const IN_TIME = 90_000

type RolloutJson = Rollout & { readonly verdicts: Readonly<Record<string, number>>; readonly size: number }

it(
  'a kill -9 in each stage of a rollout, amid its phones: every phone is told once, and the rollout ends well',
  async () => {
    const home = await DaemonHome.make({ ...LOOPBACK, fleet: { zeroTouch: false } })
    onTestFinished(() => home.close())
    await prepare(home)
    let daemon = await home.start()
    const told = new Map(MACS.map((mac) => [mac, 0]))
    const runs = new Map(MACS.map((mac) => [mac, OLD]))

    const limits = { soakMinutes: 0, patienceMinutes: 90, tolerancePercent: 0 }
    const draft = { images: [NEW_ID], shares: [50, 100], batch: PHONES, delaySeconds: 0, ...limits }
    const { id } = await api<Rollout>(home, daemon, 'rollouts', draft)

    const killedIn = new Set<number>()
    const deadline = AbortSignal.timeout(IN_TIME - 10_000)
    let rollout = await api<RolloutJson>(home, daemon, `rollouts/${id}`)
    while (rollout.state === 'running') {
      deadline.throwIfAborted()
      for (const mac of MACS) {
        const { requests } = await reports(mac, 'registered')
        if (requests.length === 0) continue
        told.set(mac, (told.get(mac) ?? 0) + requests.length)
        // The phone that is told first in a stage starts only after the daemon has been killed and is back.
        const { stage } = await api<RolloutJson>(home, daemon, `rollouts/${id}`)
        if (!killedIn.has(stage)) {
          killedIn.add(stage)
          await daemon.kill9()
          daemon = await home.start()
        }
        runs.set(mac, NEW)
        await reports(mac, 'started')
        await reports(mac, 'registered')
      }
      rollout = await api<RolloutJson>(home, daemon, `rollouts/${id}`)
    }
    expect(rollout).toMatchObject({ state: 'done', size: PHONES, verdicts: { updated: PHONES } })
    expect([...killedIn]).toEqual([0, 1, 2])
    expect(rollout.decisions.filter(({ text }) => text.includes('passed'))).toHaveLength(3)
    for (const mac of MACS) expect((await reports(mac, 'registered')).requests).toEqual([])
    expect([...told.values()]).toEqual(MACS.map(() => 1))
    await daemon.stop()

    async function reports(mac: Mac, status: string): Promise<{ readonly requests: readonly string[] }> {
      const { address, port } = daemon.endpoint('http')
      const body = JSON.stringify({ mac, ip: '127.0.0.1', model: MODEL, fwVersion: runs.get(mac), status })
      const url = `http://${address}:${port}/rest/v1/ipphoneMgrStatus/keep-alive`
      const response = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(10_000) })
      return (await response.json()) as { requests: readonly string[] }
    }
  },
  IN_TIME,
)

/** Phones with the old image, which is chosen for all of their model. */
async function prepare(home: DaemonHome): Promise<void> {
  await home.addFirmware(`${OLD_ID}.img`, IMAGES[0] ?? new Uint8Array())
  await home.addFirmware(`${NEW_ID}.img`, IMAGES[1] ?? new Uint8Array())
  await mkdir(join(home.dataFolder, 'store'), { recursive: true })
  const store = new LevelStore({ folder: join(home.dataFolder, 'store') })
  await store.open()
  const choice = { model: MODEL, where: 'system', image: OLD_ID, at: 1, by: 'test' }
  const facts = { model: MODEL, firmware: OLD, approval: 'approved', status: 'registered' } as const
  const known = MACS.map((mac) => put(phones, mac, { ...newPhone(mac, 1), ...facts, reportedAt: Date.now() }))
  await store.commit([put(firmwareChoices, 'choices', { choices: [choice] }), ...known], { durable: true })
  await store.close()
}

async function api<T>(home: DaemonHome, daemon: Daemon, path: string, body?: object): Promise<T> {
  const { token } = JSON.parse(await readFile(join(home.dataFolder, 'local-api'), 'utf8')) as { token: string }
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const init = body ? { method: 'POST', body: JSON.stringify(body), headers } : { headers }
  const response = await fetch(`${daemon.url}api/v1/${path}`, { ...init, signal: AbortSignal.timeout(10_000) })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

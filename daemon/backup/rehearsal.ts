// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { compose, type Offhook } from '#daemon/compose'
import type { Check } from '#daemon/domain/backup'
import { startAll, stopAll } from '#daemon/lifecycle'
import { runFleet } from '#daemon/simulator/fleet'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Keys } from './header.ts'
import { ACTING_TABLES, REHEARSAL_RELAY, rehearsalConfig } from './rehearsal-config.ts'
import type { Rehearsal } from './rehearsal-report.ts'
import { type Staged, stage } from './staging.ts'

export interface RehearsalOptions {
  readonly file: string
  readonly keys: Keys
  readonly phones: number
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly signal: AbortSignal
  /** Told of each check as it is done. */
  readonly onCheck?: (check: Check) => void
}

/** Milliseconds for all virtual phones to boot, and for a part to stop. */
const BOOT_MS = 60_000
const STOP_MS = 10_000

/**
 * Restores a backup into a folder of its own, starts a daemon on it that only loopback can reach, boots virtual phones
 * against it, and removes everything again. A check that fails ends it: the later ones need the earlier ones.
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
  const began = performance.now()
  const checks: Check[] = []
  const folder = await mkdtemp(join(tmpdir(), 'offhook-rehearsal-'))
  const check = async <T>(name: string, work: () => Promise<{ detail: string; value: T }>): Promise<T> => {
    try {
      options.signal.throwIfAborted()
      const { detail, value } = await work()
      tell({ name, ok: true, detail })
      return value
    } catch (error) {
      tell({ name, ok: false, detail: error instanceof Error ? error.message : String(error) })
      throw new Stopped()
    }
  }
  const tell = (one: Check) => {
    checks.push(one)
    options.onCheck?.(one)
  }
  try {
    await playThrough(options, join(folder, 'data'), check)
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return { ok: checks.every(({ ok }) => ok), checks, seconds: (performance.now() - began) / 1_000 }
}

class Stopped extends Error {}

type Checking = <T>(name: string, work: () => Promise<{ detail: string; value: T }>) => Promise<T>

async function playThrough(options: RehearsalOptions, data: string, check: Checking): Promise<void> {
  const { file, keys, signal } = options
  const staged = await check('every byte', async () => {
    const value = await stage({ folder: data, file, keys, signal, without: ACTING_TABLES })
    return { detail: inWords(value), value }
  })
  const config = await check('configuration', async () => {
    const value = await rehearsalConfig(data, staged.configuration)
    return { detail: staged.configuration === undefined ? 'none was backed up' : 'accepted', value }
  })
  const offhook = compose(config, pino({ level: 'silent' }), options.now)
  await check('start', async () => {
    await startAll(offhook.parts, signal, STOP_MS)
    return { detail: 'the store is whole, and migrations ran', value: undefined }
  })
  try {
    await lookAround(options, offhook, check)
  } finally {
    await stopAll(offhook.parts, STOP_MS)
  }
}

async function lookAround(options: RehearsalOptions, offhook: Offhook, check: Checking): Promise<void> {
  const { phones, signal } = options
  const portOf = (name: string) =>
    offhook
      .serving()
      .find((server) => server.name === name)
      ?.health().endpoints[0]?.port
  await check('servers', async () => {
    const states = offhook.serving().map((server) => ({ name: server.name, ...server.health() }))
    const down = states.filter(({ state }) => state !== 'serving')
    if (down.length > 0) throw new Error(down.map(({ name, detail }) => `${name}: ${detail}`).join('; '))
    return { detail: `${states.map(({ name }) => name).join(', ')} serve`, value: undefined }
  })
  await check('readiness', async () => {
    const response = await fetch(`http://127.0.0.1:${portOf('web')}/readyz`, { signal: AbortSignal.timeout(5_000) })
    if (!response.ok) throw new Error(`/readyz answers ${response.status}: ${(await response.text()).slice(0, 200)}`)
    return { detail: 'ready', value: undefined }
  })
  const report = await check('phones boot', async () => {
    const fleet = { server: '127.0.0.1', dhcpPort: portOf('dhcp') ?? 0, relayAddress: REHEARSAL_RELAY as Ipv4 }
    const order = { ...fleet, phones, rate: 20, bootTimeout: BOOT_MS, seed: 11 }
    const value = await runFleet(order, { signal: AbortSignal.any([signal, AbortSignal.timeout(2 * BOOT_MS)]) })
    const why = Object.entries(value.steps).flatMap(([step, { failures }]) =>
      Object.keys(failures).map((reason) => `${step}: ${reason}`),
    )
    if (value.booted !== phones) throw new Error(`${value.booted} of ${phones} booted (${why.join('; ')})`)
    return { detail: `${phones} of ${phones}, the slowest in ${Math.round(value.boot.max)} ms`, value }
  })
  await check('phones are known', async () => {
    const metrics = await fetch(`http://127.0.0.1:${portOf('web')}/metrics`, { signal: AbortSignal.timeout(5_000) })
    const text = await metrics.text()
    const registered = Number(/^offhook_phones\{presence="registered"\} (\d+)$/m.exec(text)?.[1] ?? 0)
    if (registered < report.booted) throw new Error(`only ${registered} are shown as registered`)
    return { detail: `${report.booted} of them reported themselves registered`, value: undefined }
  })
}

function inWords({ totals, tables }: Staged): string {
  return `${totals.records} records in ${tables.size} tables and ${totals.files} files, every checksum is right`
}

// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { loadConfig } from '#config/load'
import { compose, type Offhook } from '#daemon/compose'
import { startAll, stopAll } from '#daemon/lifecycle'
import type { Endpoint } from '#protocols/lib/exchange'

export interface Whole {
  readonly offhook: Offhook
  readonly folder: string
  /** Every line of the log so far, as JSON. */
  readonly log: readonly string[]
  /** Where a server listens, in the order of the configuration. */
  endpoints(server: string): readonly Endpoint[]
  /** Before the test ends, to look at what it left. */
  stop(): Promise<void>
}

export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-whole-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The whole product in this process, started with this YAML (its `data` is `folder`); stopped when the test ends. */
export async function startWhole(yaml: string, folder: string): Promise<Whole> {
  const config = loadConfig(`data: { folder: ${join(folder, 'data')} }\n${yaml}`, 'offhook.yaml', {})
  const log: string[] = []
  const offhook = compose(config, pino({ level: 'trace' }, { write: (line: string) => log.push(line) }), Date.now, {
    readConfig: () => config,
  })
  let stopped: Promise<unknown> | undefined
  const stop = async () => {
    stopped ??= stopAll(offhook.parts, 5_000)
    await stopped
  }
  onTestFinished(stop)
  await startAll(offhook.parts, new AbortController().signal, 5_000)
  const endpoints = (server: string) =>
    offhook
      .serving()
      .find(({ name }) => name === server)
      ?.health().endpoints ?? []
  return { offhook, folder, log, endpoints, stop }
}

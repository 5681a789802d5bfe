// SPDX-License-Identifier: Apache-2.0
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Exchange } from '#protocols/lib/exchange'
import type { ProtocolServer } from '#protocols/server'

/** A number that is read when the metrics are scraped. */
export interface Reading {
  readonly name: string
  readonly help: string
  /** The label's name, when `read` gives several values. */
  readonly label?: string
  /** The labels' names, when `read` gives rows. */
  readonly labels?: readonly string[]
  /** It only grows; the name ends in `_total`. */
  readonly isCounter?: boolean
  read(): number | Readonly<Record<string, number>> | readonly LabelledValue[]
}

export interface LabelledValue {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One write of the store to disk. */
export interface StoreWrite {
  readonly records: number
  readonly synced: boolean
  readonly milliseconds: number
}

export interface Metrics {
  exchange(exchange: Exchange): void
  stored(write: StoreWrite): void
  expose(): Promise<{ contentType: string; body: string }>
}

/** Prometheus metrics: one counter and one histogram for every protocol, and the readings given. */
export function createMetrics(servers: () => readonly ProtocolServer[], readings: readonly Reading[]): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'offhook_' })
  const exchanges = new Counter({
    name: 'offhook_exchanges_total',
    help: 'Requests by protocol, operation and how they ended.',
    labelNames: ['protocol', 'operation', 'ending'] as const,
    registers,
  })
  const malformed = new Counter({
    name: 'offhook_malformed_total',
    help: 'Undecodable requests by protocol and reason.',
    labelNames: ['protocol', 'reason'] as const,
    registers,
  })
  const seconds = new Histogram({
    name: 'offhook_exchange_seconds',
    help: 'Time from receiving a request to sending its answer.',
    labelNames: ['protocol'] as const,
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10],
    registers,
  })
  const writes = new Histogram({
    name: 'offhook_store_write_seconds',
    help: 'Time of one write of the store, of all commits that waited; synced: with an fsync.',
    labelNames: ['synced'] as const,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  })
  const written = new Counter({
    name: 'offhook_store_records_written_total',
    help: 'Records put or deleted on disk.',
    registers,
  })
  const up = new Gauge({
    name: 'offhook_server_up',
    help: '1 while the server is serving.',
    labelNames: ['server'] as const,
    registers,
    collect() {
      this.reset() // one that was switched off is not down
      for (const server of servers()) this.set({ server: server.name }, server.health().state === 'serving' ? 1 : 0)
    },
  })
  for (const reading of readings) register(reading)
  void up

  return {
    exchange({ protocol, operation, ending, reason, micros }) {
      exchanges.inc({ protocol, operation, ending })
      if (ending === 'malformed') malformed.inc({ protocol, reason: reason ?? 'unknown' })
      seconds.observe({ protocol }, micros / 1e6)
    },
    stored({ records, synced, milliseconds }) {
      writes.observe({ synced: String(synced) }, milliseconds / 1_000)
      written.inc(records)
    },
    async expose() {
      return { contentType: registry.contentType, body: await registry.metrics() }
    },
  }

  function register({
    name,
    help,
    label,
    labels = label === undefined ? [] : [label],
    isCounter,
    read,
  }: Reading): void {
    const rows = () => {
      const value = read()
      if (typeof value === 'number') return [{ labels: {}, value }]
      if (isRows(value)) return value
      return Object.entries(value).map(([key, count]) => ({ labels: { [label ?? 'kind']: key }, value: count }))
    }
    const settings = { name, help, labelNames: [...labels], registers }
    // What a label stood for may be gone: each scrape begins anew.
    if (isCounter) {
      new Counter({
        ...settings,
        collect() {
          this.reset()
          for (const row of rows()) this.inc({ ...row.labels }, row.value)
        },
      })
      return
    }
    new Gauge({
      ...settings,
      collect() {
        this.reset()
        for (const row of rows()) this.set({ ...row.labels }, row.value)
      },
    })
  }
}

function isRows(value: Exclude<ReturnType<Reading['read']>, number>): value is readonly LabelledValue[] {
  return Array.isArray(value)
}

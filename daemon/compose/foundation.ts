// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '#config/schema'
import { Configuration } from '#daemon/configuration'
import { createJournal, faultText, type Journal } from '#daemon/journal'
import type { StoreWrite } from '#daemon/metrics'
import { Alarms } from '#daemon/services/alarms/alarms'
import { Vault } from '#daemon/services/vault'
import { alarmSettings } from '#daemon/settings'
import { LevelStore } from '#daemon/store/level-store'
import type { Snapshots, Store } from '#daemon/store/store'
import type { Exchange } from '#protocols/lib/exchange'

/** What every part of the product stands on. */
export interface Foundation extends Journal {
  /** As it was at the start. Settings that may change while we run: ask `configuration.current`, or follow it. */
  readonly config: Config
  readonly configuration: Configuration
  readonly store: Store & Snapshots
  readonly alarms: Alarms
  readonly vault: Vault
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly onFault: (error: unknown) => void
  /** Adds an ear for every request. */
  readonly listen: (listener: (exchange: Exchange) => void) => void
  /** Adds an ear for every write of the store. */
  readonly listenToWrites: (ear: (write: StoreWrite) => void) => void
}

export function composeFoundation(config: Config, logger: Logger, now: () => number, read?: () => Config): Foundation {
  const listeners: ((exchange: Exchange) => void)[] = []
  const journal = createJournal(logger, now, listeners)
  const onFault = (error: unknown) => journal.announce('daemon.fault', { error: faultText(error) })
  const writeEars: ((write: StoreWrite) => void)[] = []
  const onGroup = (write: StoreWrite) => {
    for (const ear of writeEars) ear(write)
  }
  const steady = () => performance.now()
  const store = new LevelStore({ folder: join(config.data.folder, 'store'), now: steady, onFault, onGroup })
  const alarms = new Alarms(store, now, journal.announce, alarmSettings(config))
  const listenToWrites = (ear: (write: StoreWrite) => void) => void writeEars.push(ear)
  const listen = (listener: (exchange: Exchange) => void) => void listeners.push(listener)
  const configuration = new Configuration({ config, read, alarms, now, announce: journal.announce })
  configuration.follow('log.level', ({ log }) => () => {
    logger.level = log.level
  })
  return { config, configuration, store, alarms, vault: new Vault(), now, onFault, listen, listenToWrites, ...journal }
}

// SPDX-License-Identifier: Apache-2.0
import type { FleetView } from '#web/port'
import type { Reading } from './metrics.ts'
import type { Alarms } from './services/alarms.ts'
import type { Store, Table } from './store/store.ts'
import * as tables from './store/tables.ts'

/** What the metrics tell about the fleet and the store at the moment of a scrape. */
export function readings(store: Store, fleet: FleetView, alarms: Alarms): Reading[] {
  return [
    {
      name: 'offhook_phones',
      help: 'Phones by presence.',
      label: 'presence',
      read() {
        const { registered, notRegistered, disconnected, starting, seen } = fleet.summary()
        return { registered, not_registered: notRegistered, disconnected, starting, seen }
      },
    },
    {
      name: 'offhook_phones_pending',
      help: 'Phones that wait for approval.',
      read: () => fleet.summary().pendingApproval,
    },
    { name: 'offhook_alarms_active', help: 'Active alarms.', read: () => alarms.active().length },
    {
      name: 'offhook_store_records',
      help: 'Records in each table.',
      label: 'table',
      read: () =>
        Object.fromEntries(Object.values<Table<unknown>>(tables).map((table) => [table.name, store.count(table)])),
    },
    { name: 'offhook_store_writable', help: '1 while the store can write.', read: () => (store.trouble() ? 0 : 1) },
  ]
}

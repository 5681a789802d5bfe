// SPDX-License-Identifier: Apache-2.0
import type { FleetView } from '#web/port'
import type { PoolUse } from './domain/address-pool.ts'
import { poolName } from './domain/dhcp/evaluate.ts'
import type { Reading } from './metrics.ts'
import type { Addressing } from './services/addressing/addressing.ts'
import type { Alarms } from './services/alarms/alarms.ts'
import type { DhcpCounts } from './services/dhcp-counts.ts'
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
      name: 'offhook_alarms',
      help: 'Active alarms by severity.',
      label: 'severity',
      read: () => alarms.bySeverity(),
    },
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

/** Addresses of each pool, and messages by class and by pool. */
export function dhcpReadings(
  addressing: Pick<Addressing, 'useByPool'>,
  counts: Pick<DhcpCounts, 'byClass' | 'byPool'>,
): Reading[] {
  const by = (pick: (use: PoolUse) => number) => () =>
    [...addressing.useByPool()].flatMap(([subnet, parts]) =>
      parts.map((part) => ({ labels: { subnet, pool: part.pool ? poolName(part.pool) : 'none' }, value: pick(part) })),
    )
  const pool = { labels: ['subnet', 'pool'] }
  return [
    { name: 'offhook_dhcp_pool_addresses', help: 'Addresses to lease.', ...pool, read: by(({ size }) => size) },
    { name: 'offhook_dhcp_pool_leased', help: 'Addresses leased now.', ...pool, read: by(({ leased }) => leased) },
    { name: 'offhook_dhcp_pool_offered', help: 'Offers that wait.', ...pool, read: by(({ offered }) => offered) },
    {
      name: 'offhook_dhcp_pool_quarantined',
      help: 'Addresses that another host uses.',
      ...pool,
      read: by(({ quarantined }) => quarantined),
    },
    {
      name: 'offhook_dhcp_class_messages_total',
      help: 'Messages of clients in each class by what they asked.',
      labels: ['class', 'type'],
      isCounter: true,
      read: () => counts.byClass().map(({ count, ...labels }) => ({ labels, value: count })),
    },
    {
      name: 'offhook_dhcp_pool_messages_total',
      help: 'Messages by the pool of the address, what they asked and how they were answered.',
      labels: ['subnet', 'pool', 'type', 'answer'],
      isCounter: true,
      read: () => counts.byPool().map(({ count, ...labels }) => ({ labels, value: count })),
    },
  ]
}

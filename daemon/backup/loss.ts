// SPDX-License-Identifier: Apache-2.0
import type { StoreSnapshot } from '#daemon/store/store'
import type { BackupHeader } from './header.ts'

/** Of the bookkeeping that changes by itself, nobody misses anything. */
const NOT_TOLD = new Set(['backupRuns', 'forwardCursors'])

/**
 * Records by table that were added or changed since a backup of the same store: what restoring it loses. Removals leave
 * no trace and are not counted.
 */
export function changedSince(
  { tables }: Pick<StoreSnapshot, 'tables'>,
  { revision }: Pick<BackupHeader, 'revision'>,
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const [table, rows] of tables) {
    const changed = rows.reduce((sum, row) => sum + (row.revision > revision ? 1 : 0), 0)
    if (changed > 0 && !NOT_TOLD.has(table)) counts[table] = changed
  }
  return counts
}

/** `leases 3, phones 1`, or `nothing`. */
export function lossInWords(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).map(([table, count]) => `${table} ${count}`)
  return words.length === 0 ? 'nothing' : words.join(', ')
}

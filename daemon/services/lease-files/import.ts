// SPDX-License-Identifier: Apache-2.0
import type { Subnet } from '#daemon/domain/subnet'
import { put, type Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import { planImport, type Verdict } from './import-plan.ts'
import { type LeaseFile, MOST_REJECTIONS, type Rejection } from './lease-file.ts'

/** What became of a file; with `dryRun`, what would. Lists are cut at MOST_REJECTIONS, numbers are not. */
export interface ImportReport {
  readonly dryRun: boolean
  readonly imported: number
  readonly kept: number
  readonly rejected: number
  readonly keeps: readonly Rejection[]
  readonly rejections: readonly Rejection[]
}

/** So many records share one write to disk: one fsync each would take minutes for a large site. */
const BATCH = 1_000

/**
 * Writes the leases of a file into an open store. When it resolves they are on disk; when it rejects (a full disk),
 * whole batches may be, and the same import may simply be run again.
 */
export async function importLeases(
  { found, rejections, rejected }: LeaseFile,
  store: Store,
  subnets: readonly Subnet[],
  { dryRun }: { readonly dryRun: boolean },
): Promise<ImportReport> {
  const ours = Array.from(store.entries(leases), ({ value }) => value)
  const verdicts = planImport(found, ours, subnets)
  const taken = verdicts.flatMap((verdict) => (verdict.kind === 'take' ? [verdict.lease] : []))
  for (let start = 0; !dryRun && start < taken.length; start += BATCH) {
    const changes = taken
      .slice(start, start + BATCH)
      .map((lease) => put(leases, lease.address, lease, store.get(leases, lease.address)?.revision ?? 'absent'))
    await store.commit(changes, { durable: true })
  }
  const kept = reasons(verdicts, 'keep')
  const refused = reasons(verdicts, 'reject')
  return {
    dryRun,
    imported: taken.length,
    kept: kept.length,
    rejected: rejected + refused.length,
    keeps: kept.slice(0, MOST_REJECTIONS),
    rejections: [...rejections, ...refused].sort((a, b) => a.line - b.line).slice(0, MOST_REJECTIONS),
  }
}

function reasons(verdicts: readonly Verdict[], kind: 'keep' | 'reject'): Rejection[] {
  return verdicts.flatMap((verdict) => (verdict.kind === kind ? [{ line: verdict.line, reason: verdict.reason }] : []))
}

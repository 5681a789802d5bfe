// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newPhone, newUser } from '#daemon/domain/phone'
import { SYSTEM } from '#daemon/domain/scope'
import { Vault } from '#daemon/services/vault'
import { type Change, put } from '#daemon/store/store'
import { levels, phones, scopes, users } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { deskAt } from '#test/services/provisioning/changes/desk-at'
import { limit, type Metric, progress } from './frame.ts'

const SIZES = [
  { count: 10_000, seconds: 2 },
  { count: 100_000, seconds: 20 },
]
const REGIONS = 50

/** What an edit for the whole system would change, over all phones: each with a user of its own, in fifty regions. */
export async function previews(): Promise<Metric[]> {
  const metrics: Metric[] = []
  for (const { count, seconds } of SIZES) {
    const took = (await previewOf(count)) / 1_000
    progress(`preview over ${count} phones in ${took.toFixed(1)} s`)
    metrics.push(limit(`preview over ${count} phones, seconds`, took, seconds))
  }
  return metrics
}

async function previewOf(count: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-preview-'))
  const vault = new Vault()
  vault.unlock(randomBytes(32))
  const { store, desk, close } = await deskAt(folder, vault)
  try {
    for (let first = 0; first < count; first += 5_000)
      await store.commit(records(first, first + 5_000), { durable: false })
    const value = {
      values: { MwiVmNumber: '99' },
      sealed: {},
      lines: 'voip/line/0/label=%ITCS_Line1Id%\n',
      template: '',
    }
    const preview = await desk.preview({
      summary: 'Change the settings of the system',
      subject: { kind: 'settings', key: 'system', name: 'System' },
      changes: [{ table: levels.name, key: 'system', value }],
    })
    if (preview.changed !== count) throw new Error(`${preview.changed} of ${count} phones change`)
    return preview.milliseconds
  } finally {
    await close()
    await rm(folder, { recursive: true, force: true })
  }
}

function records(from: number, to: number): Change[] {
  const regions = Array.from({ length: REGIONS }, (_, index) => {
    return {
      ...SYSTEM,
      id: `r${index}`,
      kind: 'region' as const,
      name: `Region ${index}`,
      parent: SYSTEM.id,
      version: 1,
    }
  })
  const all: Change[] = from === 0 ? [put(scopes, 'tree', { scopes: regions })] : []
  for (let index = from; index < to; index++) {
    const mac = `00908f${index.toString(16).padStart(6, '0')}` as Mac
    const owner = `user${index}`
    const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
    const person = { ...newUser(owner, 0), phoneNumber: String(index), region: `r${index % REGIONS}` }
    all.push(put(users, owner, person))
    const known = { model: '440HD', approval: 'approved' as const, owner, ownerFrom: 'admin' as const, address }
    all.push(put(phones, mac, { ...newPhone(mac, 0), ...known }))
  }
  return all
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { newPhone, newUser, type Phone, type User } from '#daemon/domain/phone'
import { type LevelKey, type LevelSettings, NO_SETTINGS } from '#daemon/domain/provisioning/level-settings'
import type { Draft, DraftChange } from '#daemon/domain/provisioning/revision'
import type { Template } from '#daemon/domain/provisioning/template'
import type { Scope } from '#daemon/domain/scope'
import type { HistorySettings } from '#daemon/services/provisioning/changes/history'
import { put, type Store } from '#daemon/store/store'
import { levels, phones, scopes, templates, users } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { unlockedVault } from '#test/support/vault'
import { deskAt, KEPT } from './desk-at.ts'

export interface WorldOptions {
  readonly settings?: HistorySettings
  /** Of an earlier world. */
  readonly folder?: string
  readonly vault?: ReturnType<typeof unlockedVault>
}

/** The real parts on a real store, for one test. */
export async function world({ settings = KEPT, folder, vault = unlockedVault() }: WorldOptions = {}) {
  const at = folder ?? (await mkdtemp(join(tmpdir(), 'offhook-changes-')))
  if (folder === undefined) onTestFinished(() => rm(at, { recursive: true, force: true }))
  const parts = await deskAt(at, vault, settings)
  onTestFinished(() => parts.close())
  return parts
}

export type World = Awaited<ReturnType<typeof world>>

export function macAt(index: number): Mac {
  return `00908f${index.toString(16).padStart(6, '0')}` as Mac
}

/** An approved phone of a user of its own, at an address of 10.x. */
export function phoneOf(index: number, change: Partial<Phone> = {}): Phone {
  const address = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`
  const base = newPhone(macAt(index), 0)
  return { ...base, model: '440HD', approval: 'approved', owner: `u${index}`, ownerFrom: 'admin', address, ...change }
}

export function userOf(index: number, change: Partial<User> = {}): User {
  const name = `u${index}`
  return { ...newUser(name, 0), displayName: `User ${index}`, phoneNumber: String(40_000 + index), ...change }
}

export function scopeOf(id: string, change: Partial<Scope> = {}): Scope {
  const plain = { parent: 'system', timeZone: '', subnets: [], description: '', version: 1, createdAt: 0 }
  return { id, kind: 'region', name: id.toUpperCase(), ...plain, ...change }
}

export function settings(change: Partial<LevelSettings>): LevelSettings {
  return { ...NO_SETTINGS, ...change }
}

export function levelChange(key: LevelKey, value: LevelSettings | undefined): DraftChange {
  return { table: levels.name, key, value }
}

export function templateChange(template: Template): DraftChange {
  return { table: templates.name, key: template.id, value: template }
}

export function draftOf(...changes: readonly DraftChange[]): Draft {
  return { summary: 'Try something', subject: { kind: 'settings', key: changes[0]?.key ?? '', name: 'Test' }, changes }
}

/** Phones with their users, and a tree. */
export async function populate(
  store: Store,
  count: number,
  tree: readonly Scope[] = [],
  regionOf: (index: number) => string = () => '',
): Promise<void> {
  const indexes = Array.from({ length: count }, (_, index) => index)
  await store.commit(
    [
      put(scopes, 'tree', { scopes: tree }),
      ...indexes.map((index) => put(phones, macAt(index), phoneOf(index))),
      ...indexes.map((index) => put(users, `u${index}`, userOf(index, { region: regionOf(index) }))),
    ],
    { durable: false },
  )
}

/** What a phone gets from its own address: its own file, with the shared one in the place of its include line. */
export async function served({ provisioning, store }: World, mac: Mac): Promise<string | undefined> {
  const address = store.get(phones, mac)?.value.address ?? ''
  const asker = { peer: { address, port: 4_000 }, transport: 'http', userAgent: undefined } as const
  const own = await provisioning.fileFor({ kind: 'device-config', mac }, asker)
  if (own.kind !== 'file') return undefined
  const text = await textOf(own.resource)
  const [, name = ''] = /^include (\S+)$/m.exec(text) ?? []
  const shared = await provisioning.fileFor({ kind: 'global-config', name }, asker)
  return shared.kind === 'file' ? `${text}\n---\n${await textOf(shared.resource)}` : text
}

async function textOf(resource: {
  readonly size: number
  open(start: number, end: number): Uint8Array | NodeJS.ReadableStream
}): Promise<string> {
  const opened = resource.open(0, resource.size - 1)
  return (opened instanceof Uint8Array ? Buffer.from(opened) : await buffer(opened)).toString('utf8')
}

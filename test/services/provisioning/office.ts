// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import { newPhone, newUser, type Phone } from '#daemon/domain/phone'
import type { LevelSettings } from '#daemon/domain/provisioning/level-settings'
import type { Draft } from '#daemon/domain/provisioning/revision'
import { type Scope, SYSTEM } from '#daemon/domain/scope'
import { FirmwareFiles } from '#daemon/services/firmware/dropped'
import { ChangeDesk } from '#daemon/services/provisioning/changes/desk'
import { History } from '#daemon/services/provisioning/changes/history'
import { Secrecy } from '#daemon/services/provisioning/changes/secrecy'
import { Programs } from '#daemon/services/provisioning/programs'
import { Provisioning } from '#daemon/services/provisioning/provisioning'
import { Levels } from '#daemon/services/provisioning/settings/levels'
import type { LintText } from '#daemon/services/provisioning/templates/findings'
import { Templates } from '#daemon/services/provisioning/templates/templates'
import { Scopes } from '#daemon/services/scopes/scopes'
import { put } from '#daemon/store/store'
import { levels as levelsTable, phones, scopes, users } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { freshStore } from '#test/support/store'
import { unlockedVault } from '#test/support/vault'
import type { Drafted } from '#web/ports/templates'

export const ANNA = '00908f000001' as Mac
export const LOBBY = '00908f000002' as Mac

const place = (id: string, kind: 'region' | 'site', name: string, parent: string): Scope => {
  return { ...SYSTEM, id, kind, name, parent, version: 1 }
}

/** Germany with Berlin in it, France, Anna in Berlin with a 440HD, and a 405HD in a lobby of France. */
export async function office(lint?: LintText) {
  const store = await freshStore()
  const vault = unlockedVault()
  const programs = new Programs()
  const shipped = shippedTemplates()
  const tree = [
    place('de', 'region', 'Germany', SYSTEM.id),
    place('ber', 'site', 'Berlin', 'de'),
    place('fr', 'region', 'France', SYSTEM.id),
  ]
  const phone = (mac: Mac, facts: Partial<Phone>): Phone => {
    return { ...newPhone(mac, 0), approval: 'approved', status: 'registered', ...facts }
  }
  await store.commit(
    [
      put(scopes, 'tree', { scopes: tree }),
      put(users, 'anna', { ...newUser('anna', 0), displayName: 'Anna Arnold', region: 'ber' }),
      put(phones, ANNA, phone(ANNA, { model: '440HD', owner: 'anna', userName: 'anna', address: '10.1.0.7' })),
      put(phones, LOBBY, phone(LOBBY, { model: '405HD', scope: 'fr', address: '10.1.0.8' })),
    ],
    { durable: true },
  )
  const provisioning = new Provisioning({
    ...{ store, vault, programs, shipped, now: () => Date.parse('2026-01-02T03:04:05Z') },
    ...{ identify: () => undefined, firmware: new FirmwareFiles('/nonexistent'), subnets: [] },
    ...{ serverAddress: '10.1.0.2' as Ipv4, ports: { files: 80, keepAlive: 8081 }, keepAliveMinutes: 60 },
    builtIn: builtInPlaceholders(),
  })
  await provisioning.start()
  onTestFinished(() => provisioning.stop())
  const templates = new Templates({ store, shipped, programs, provisioning, ...(lint && { lint }) })
  const levels = new Levels({ store, vault, programs, provisioning })
  const history = new History({ store, now: () => 0, settings: { revisions: 100, days: 30 } })
  await history.start()
  onTestFinished(() => history.stop())
  const open = (sealed: string, place: string) => provisioning.openSecret(sealed, place)
  const changes = new ChangeDesk({
    ...{ store, programs, history, announce: () => {} },
    secrecy: new Secrecy(() => 'test', open),
    rendererOver: (reader) => provisioning.imagined(reader),
  })
  const places = new Scopes({ store, now: () => 0, random: randomBytes, announce: () => {}, networks: [] })
  await places.start()
  onTestFinished(() => places.stop())
  /** Makes a draft without looking at it. */
  const make = async (drafted: Drafted) => {
    const { changes } = draftOf(drafted)
    await store.commit(changes, { durable: true })
  }
  const set = async (key: string, settings: Partial<LevelSettings>) => {
    const record = { values: {}, sealed: {}, lines: '', template: '', ...settings }
    await store.commit([put(levelsTable, key, record)], { durable: true })
  }
  return { store, vault, provisioning, templates, levels, make, set, changes, scopes: places }
}

export function draftOf(drafted: Drafted): Draft {
  if (drafted.kind === 'draft') return drafted.draft
  throw new Error(`no draft: ${JSON.stringify(drafted)}`)
}

/** What it was refused for, as `field: message`. */
export function refusalsOf(drafted: Drafted): string[] {
  return drafted.kind === 'refused' ? drafted.errors.map(({ field, message }) => `${field}: ${message}`) : []
}

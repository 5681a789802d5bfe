// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { onTestFinished } from 'vitest'
import type { Phone, Presence } from '#daemon/domain/phone'
import { type Scope, SYSTEM } from '#daemon/domain/scope'
import type { MessageId } from '#daemon/messages'
import { PeopleFiles } from '#daemon/services/people/people-files'
import { Users } from '#daemon/services/people/users'
import { Scopes } from '#daemon/services/scopes/scopes'
import { Vault } from '#daemon/services/vault'
import { put } from '#daemon/store/store'
import { scopes as scopesTable } from '#daemon/store/tables'
import { freshStore } from './store.ts'

export const BERLIN: Scope = { ...SYSTEM, id: 'b', kind: 'region', name: 'Berlin', parent: 'system', version: 1 }
export const MITTE: Scope = { ...SYSTEM, id: 'm', kind: 'site', name: 'Mitte', parent: 'b', version: 1 }

/** The real services of people and places upon a real store; by default with the region Berlin and its site Mitte. */
export async function peopleWith(tree: readonly Scope[] = [BERLIN, MITTE]) {
  const store = await freshStore()
  if (tree.length > 0) await store.commit([put(scopesTable, 'tree', { scopes: tree })], { durable: true })
  const log: [MessageId, Readonly<Record<string, unknown>>][] = []
  const announce = (id: MessageId, fields: Readonly<Record<string, unknown>> = {}) => void log.push([id, fields])
  const vault = new Vault()
  vault.unlock(randomBytes(32))
  const scopes = new Scopes({ store, now: () => 7, random: randomBytes, announce, networks: [] })
  await scopes.start()
  const presenceOf = (phone: Phone): Presence => (phone.status === 'registered' ? 'registered' : 'seen')
  const people = new Users({ store, now: () => 7, vault, announce, scopes, presenceOf })
  await people.start()
  const files = new PeopleFiles({ store, now: () => 7, vault, announce, scopes, users: people })
  onTestFinished(() => {
    people.stop()
    scopes.stop()
  })
  return { store, people, vault, log, scopes, files }
}

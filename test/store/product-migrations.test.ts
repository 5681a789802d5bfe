// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newPhone, newUser, type Phone, type User } from '#daemon/domain/phone'
import { LevelStore } from '#daemon/store/level-store'
import { put, type Table } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { freshFolder, openStore } from '#test/store/folder'

const NEW_USER_FIELDS = ['lineUri', 'region', 'authName', 'sipPassword', 'language'] as const
const NEW_PHONE_FIELDS = [
  ...(['owner', 'ownerFrom', 'scope', 'label', 'serial'] as const),
  ...(['language', 'vlanMode', 'vlanId', 'vlanPriority'] as const),
]

/** A record as version 0 wrote it. */
function without<T extends object>(record: T, fields: readonly (keyof T)[]): Partial<T> {
  const gone: ReadonlySet<PropertyKey> = new Set(fields)
  return Object.fromEntries(Object.entries(record).filter(([key]) => !gone.has(key))) as Partial<T>
}

test('a store of the first version opens, and its phones are their signed-in users’', async () => {
  const folder = join(freshFolder(), 'store')
  const [oldUsers, oldPhones]: [Table<Partial<User>>, Table<Partial<Phone>>] = [{ name: 'users' }, { name: 'phones' }]
  const anna = { ...newUser('anna', 5), displayName: 'Anna', phoneNumber: '4711' }
  const phone = (mac: string, fields: Partial<Phone>) => ({ ...newPhone(mac as Mac, 5), ...fields })
  const approved = phone('00908f000001', { approval: 'approved', userName: 'Anna' })
  const pending = phone('00908f000002', { userName: 'anna' })
  const stranger = phone('00908f000003', { approval: 'approved', userName: 'nobody' })
  const old = await openStore({ folder, migrations: [] })
  await old.commit(
    [
      put(oldUsers, 'anna', without(anna, NEW_USER_FIELDS)),
      ...[approved, pending, stranger].map((one) => put(oldPhones, one.mac, without(one, NEW_PHONE_FIELDS))),
    ],
    { durable: true },
  )
  await old.close()

  const store = new LevelStore({ folder })
  await store.open()
  expect(store.get(users, 'anna')?.value).toEqual(anna)
  expect(store.get(phones, approved.mac)?.value).toEqual({ ...approved, owner: 'anna', ownerFrom: 'report' })
  expect(store.get(phones, pending.mac)?.value).toEqual(pending)
  expect(store.get(phones, stranger.mac)?.value).toEqual(stranger)
  await store.close()
})

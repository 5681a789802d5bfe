// SPDX-License-Identifier: Apache-2.0
import { newPhone, newUser } from '#daemon/domain/phone'
import { LevelStore } from '#daemon/store/level-store'
import { put } from '#daemon/store/store'
import { leases, phones, users } from '#daemon/store/tables'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4 } from '#protocols/lib/ipv4'

/** What a company with so many phones, a multiple of 500, has in its store: phones, users and leases. */
export async function fillCompany(folder: string, size: number): Promise<void> {
  const store = new LevelStore({ folder })
  await store.open()
  const first = ipv4ToNumber(parseIpv4('10.0.0.1') ?? ('' as Ipv4))
  for (let n = 0; n < size; n += 500) {
    const changes = Array.from({ length: 500 }, (_, i) => recordsOf(n + i, ipv4FromNumber(first + n + i))).flat()
    await store.commit(changes, { durable: false })
  }
  await store.close()
}

function recordsOf(n: number, address: Ipv4) {
  const mac = `00908f${n.toString(16).padStart(6, '0')}` as Parameters<typeof newPhone>[0]
  const name = `user${n}`
  const now = Date.now()
  const seen = { model: '440HD', firmware: '2.2.16.704', status: 'registered', approval: 'approved' } as const
  const phone = {
    ...newPhone(mac, now),
    ...seen,
    address,
    externalAddress: address,
    userName: name,
    owner: name,
    reportedAt: now,
  }
  const times = { expiresAt: now + 3_600_000, updatedAt: now }
  return [
    put(phones, mac, phone),
    put(users, name, { ...newUser(name, now), displayName: `Person ${n}`, phoneNumber: String(n) }),
    put(leases, address, { address, state: 'leased', clientKey: mac, mac, hostname: '', ...times } as const),
  ]
}

// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { NetworkScopes } from '#daemon/services/alarms/scopes'
import { Scopes } from '#daemon/services/scopes/scopes'
import { ip, subnet } from '#test/domain/subnets'
import { freshStore } from '#test/support/store'

test('a reload puts addresses into the regions that the subnets name now', async () => {
  const voice = { name: 'voice', cidr: subnet('10.99.0.0/24', '10.99.0.1', '10.99.0.2').cidr }
  const networks = [{ ...voice, region: 'Berlin' }]
  const scopes = new Scopes({
    store: await freshStore(),
    now: () => 1,
    random: randomBytes,
    announce: () => {},
    networks,
  })
  await scopes.start()
  expect(scopes.ofAddress(ip('10.99.0.5'))?.name).toBe('Berlin')
  await scopes.placeNetworks([{ ...voice, region: 'Hamburg' }])
  expect(scopes.ofAddress(ip('10.99.0.5'))?.name).toBe('Hamburg')
  await scopes.placeNetworks([])
  expect(scopes.ofAddress(ip('10.99.0.5'))).toBeUndefined()
  scopes.stop()
})

test('alarms lie in the subnets of the configuration in force', () => {
  let subnets = [subnet('10.99.0.0/24', '10.99.0.1', '10.99.0.2')]
  const scopes = new NetworkScopes(() => subnets)
  expect(scopes.list()).toEqual([{ id: 'subnet/voice', label: 'voice' }])
  subnets = []
  expect(scopes.list()).toEqual([])
})

// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { partOf } from '#daemon/lifecycle'
import type { StoreFleetView } from '#daemon/services/fleet-view'
import { PeopleFiles } from '#daemon/services/people/people-files'
import { Users } from '#daemon/services/people/users'
import type { ChangeLog } from '#daemon/services/provisioning/changes/history'
import { Scopes } from '#daemon/services/scopes/scopes'
import { namedNetworks } from '#daemon/settings'
import type { Foundation } from './foundation.ts'

/** Regions and sites, the people in them, and whose phone is whose. */
export function composePeople(base: Foundation, view: StoreFleetView, history: ChangeLog) {
  const { config, configuration, store, now, announce, vault } = base
  const scopes = new Scopes({ store, now, random: randomBytes, announce, history, networks: namedNetworks(config) })
  configuration.follow('dhcp.subnets', (next) => () => scopes.placeNetworks(namedNetworks(next)))
  const presenceOf = view.presenceOf.bind(view)
  const users = new Users({ store, now, vault, announce, scopes, presenceOf, history })
  const peopleFiles = new PeopleFiles({ store, now, vault, announce, scopes, users })
  const networks = () => namedNetworks(configuration.current)
  return { networks, parts: [partOf('scopes', scopes), partOf('users', users)], scopes, users, peopleFiles }
}

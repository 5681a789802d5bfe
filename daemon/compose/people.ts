// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { partOf } from '#daemon/lifecycle'
import { Scopes } from '#daemon/services/scopes/scopes'
import { namedNetworks } from '#daemon/settings'
import type { Foundation } from './foundation.ts'

/** Regions and sites: where people and phones are. */
export function composePeople({ config, store, now, announce }: Foundation) {
  const scopes = new Scopes({ store, now, random: randomBytes, announce, networks: namedNetworks(config) })
  return { parts: [partOf('scopes', scopes)], scopes }
}

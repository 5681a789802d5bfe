// SPDX-License-Identifier: Apache-2.0
import { ENGINE_ID_OCTETS, newEngineId, nextBoot, parseEngineId } from '#protocols/snmp/engine'
import type { EngineState } from '#protocols/snmp/port'
import { put, type Store } from './store/store.ts'
import { snmpEngine } from './store/tables.ts'

const KEY = 'engine'

/**
 * Who we are in SNMPv3 from this start on, on disk before anybody hears of it [RFC3414 §2.2.2]. A configured id that is
 * another one than before begins to count anew.
 */
export async function beginBoot(
  store: Store,
  configured: string | undefined,
  random: (size: number) => Uint8Array,
): Promise<EngineState> {
  const known = store.get(snmpEngine, KEY)?.value
  const id = parseEngineId(configured ?? known?.id ?? '')
  const last = id && { id, boots: known && known.id === hexOf(id) ? known.boots : 0 }
  const engine = nextBoot(last, () => newEngineId(random(ENGINE_ID_OCTETS)))
  await store.commit([put(snmpEngine, KEY, { id: hexOf(engine.id), boots: engine.boots })], { durable: true })
  return engine
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

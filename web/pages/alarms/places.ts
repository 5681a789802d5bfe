// SPDX-License-Identifier: Apache-2.0
import type { AlarmScope, AlarmsPort } from '#web/ports/alarms'

/** Of sources that are places: what the daemon calls them, and what people do. */
const KINDS = [
  { prefix: 'subnet/', word: 'Subnet' },
  { prefix: 'network/', word: 'Network' },
] as const

/** What is affected, for people: a place by its name, anything else as its raiser called it. */
export function sourceText(source: string, alarms: Pick<AlarmsPort, 'scopes'> | undefined): string {
  if (source.startsWith('scope/')) return placeText(source.slice('scope/'.length), alarms?.scopes() ?? [])
  return KINDS.some(({ prefix }) => source.startsWith(prefix)) ? placeText(source, []) : source
}

/** `Subnet voice`, `Network 10.1.2.0/24 at 203.0.113.7`, `Europe / Berlin`; its id where it has no name any more. */
export function placeText(place: string, scopes: readonly AlarmScope[]): string {
  if (place === 'system') return 'The whole fleet'
  const kind = KINDS.find(({ prefix }) => place.startsWith(prefix))
  if (kind) return `${kind.word} ${place.slice(kind.prefix.length)}`
  return scopes.find(({ id }) => id === place)?.label ?? place
}

// SPDX-License-Identifier: Apache-2.0
import type { LevelKey } from '#daemon/domain/provisioning/level-settings'
import { formatMac, parseMac } from '#protocols/lib/mac'
import type { WebPort } from '#web/port'

/** A level out of `system`, `scope/<id>`, `user/<name>` or `device/<mac>`; undefined when there is none such. */
export function levelOf(port: WebPort, text: string): LevelKey | undefined {
  if (text === 'system') return text
  const [, kind = '', name = ''] = /^(scope|user|device)\/(.{1,256})$/s.exec(text) ?? []
  if (kind === 'scope') return port.scopes?.tree().get(name) ? `scope/${name}` : undefined
  if (kind === 'user') return port.users?.get(name.toLowerCase()) ? `user/${name.toLowerCase()}` : undefined
  const mac = parseMac(name)
  return kind === 'device' && mac && port.fleet.device(mac) ? `device/${mac}` : undefined
}

/** What people call a level. */
export function levelText(port: WebPort, level: string): string {
  const [kind = '', name = ''] = [level.slice(0, level.indexOf('/')), level.slice(level.indexOf('/') + 1)]
  if (level === 'system') return 'Everybody'
  const mac = parseMac(name)
  if (kind === 'device' && mac) return `Phone ${formatMac(mac)}`
  if (kind === 'user') return `User ${name}`
  const path = port.scopes?.tree().path(name) ?? []
  const names = path.filter(({ id }) => id !== 'system').map((scope) => scope.name)
  return names.length > 0 ? names.join(' / ') : 'A place that is gone'
}

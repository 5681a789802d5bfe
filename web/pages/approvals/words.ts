// SPDX-License-Identifier: Apache-2.0
import { SYSTEM } from '#daemon/domain/scope'
import { type Mac, parseMac } from '#protocols/lib/mac'
import type { Option } from '#web/kit/form'
import type { ScopesPort } from '#web/ports/scopes'

export const HOME = '/approvals'

/** `Germany/Berlin`; the system is called so. */
export function pathText(scopes: ScopesPort, id: string): string {
  return scopes.tree().pathText(id) || SYSTEM.name
}

/** For a choice of where phones go; the empty one leaves them where their address puts them. */
export function regionChoices(scopes: ScopesPort): Option[] {
  const all = scopes.tree().below()
  return [
    { value: '', label: 'Where its address puts it' },
    ...all.map(({ id }) => ({ value: id, label: pathText(scopes, id) })).sort((a, b) => a.label.localeCompare(b.label)),
  ]
}

/** What is no MAC address was not on the page. */
export function macsOf(texts: readonly string[]): Mac[] {
  return texts.map((text) => parseMac(text)).filter((mac) => mac !== undefined)
}

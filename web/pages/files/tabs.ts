// SPDX-License-Identifier: Apache-2.0
import type { Tab } from '#web/kit/cell'
import type { WebPort } from '#web/port'

const TABS = [
  { label: 'Files', href: '/files', needs: 'auxiliary' },
  { label: 'Pinned files', href: '/pinned', needs: 'pinned' },
] as const

/** What phones are given beside what is made for them. */
export function fileTabs(port: WebPort, current: string): { readonly label: string; readonly tabs: readonly Tab[] } {
  const there = TABS.filter(({ needs }) => port[needs] !== undefined)
  return { label: 'Files', tabs: there.map(({ label, href }) => ({ label, href, current: href === current })) }
}

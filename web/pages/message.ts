// SPDX-License-Identifier: Apache-2.0
import type { Web, WebContext } from '#web/context'
import { type SectionId, showPage } from './shell.ts'

export interface Message {
  readonly title: string
  /** What happened, and what to do. */
  readonly sentence: string
  readonly section?: SectionId
  /** Ways on; the devices and the dashboard unless told. */
  readonly ways?: readonly { readonly label: string; readonly href: string }[]
  /** Offers the device search, filled with this. */
  readonly search?: string
}

/** A page that says one thing: what was not found, refused or broken, and the ways on. */
export function showMessage(web: Web, ctx: WebContext, status: number, message: Message): void {
  const { title, section, ...data } = message
  ctx.status = status
  showPage(web, ctx, { view: 'message', title, ...(section ? { section } : {}), data: { status, ...data } })
}

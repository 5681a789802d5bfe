// SPDX-License-Identifier: Apache-2.0
import { sessionOf, type WebContext } from '#web/context'
import type { Tone } from '#web/pages/presence'

/** What the next page says first. */
export interface Flash {
  readonly text: string
  readonly tone: Tone
  /** Shown once, to be copied. */
  readonly code?: string
}

/** Messages that outlive a redirect: one for each session, in memory, gone once shown. */
export class Flashes {
  readonly #waiting = new WeakMap<object, Flash>()

  put(ctx: WebContext, text: string, tone: Tone = 'ok', code?: string): void {
    this.#waiting.set(sessionOf(ctx), { text, tone, ...(code !== undefined && { code }) })
  }

  take(ctx: WebContext): Flash | undefined {
    const { session } = ctx.state
    if (!session) return undefined
    const flash = this.#waiting.get(session)
    this.#waiting.delete(session)
    return flash
  }
}

/** After a change: go on with a page that says what was done. 303 makes browsers fetch it [RFC 9110 §15.4.4]. */
export function goOn(
  web: { readonly flashes: Flashes },
  ctx: WebContext,
  href: string,
  text?: string,
  tone?: Tone,
): void {
  if (text !== undefined) web.flashes.put(ctx, text, tone)
  if (ctx.get('X-Upload') !== '') {
    // A script sent it, and would fetch the page itself before the browser does.
    ctx.set('X-Go-On', href)
    ctx.status = 204
    return
  }
  ctx.redirect(href)
  ctx.status = 303
}

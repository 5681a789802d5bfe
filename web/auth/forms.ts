// SPDX-License-Identifier: Apache-2.0
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Middleware } from 'koa'
import { formField, type NoExtras, type WebContext, type WebState } from '#web/context'
import { FORM_COOKIE, getCookie, setCookie } from './cookies.ts'
import { safeReturnPath, signInUrl } from './return-path.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** A form was not ours, not this browser's, or not this session's. */
export class ForgedForm extends Error {
  override readonly name = 'ForgedForm'
  readonly status = 403
  readonly expose = true
}

/**
 * Against cross-site request forgery: a request that changes state must come from our own origin and carry a token
 * that only our page could have. The token is a MAC of the session's id, or, before sign-in, of a cookie's random
 * value: nothing to store, so anonymous visitors cannot fill any table.
 */
export class FormGuard {
  readonly #key: Uint8Array
  readonly #random: (bytes: number) => Uint8Array

  constructor(random: (bytes: number) => Uint8Array) {
    this.#key = random(32)
    this.#random = random
  }

  /** The token for the forms of the page being answered; sets the form cookie when there is no session. */
  token(ctx: WebContext): string {
    let binding = bindingOf(ctx)
    if (binding === undefined) {
      binding = Buffer.from(this.#random(32)).toString('base64url')
      setCookie(ctx, FORM_COOKIE, binding)
    }
    return this.#mac(binding)
  }

  /** Throws ForgedForm. Runs behind the body parser and before any route that changes something. */
  middleware(): Middleware<WebState, NoExtras> {
    return async (ctx, next) => {
      // No browser adds the local token by itself, so a request that has it cannot be forged.
      if (SAFE_METHODS.has(ctx.method) || ctx.state.local) return next()
      if (this.accepts(ctx, ctx.get('X-CSRF-Token') || formField(ctx, 'csrf'))) return next()
      // Somebody signed in, or asked for the page, in another tab meanwhile: nothing is lost but one try.
      if (ctx.path !== '/sign-in') throw new ForgedForm('The page was loaded before the last sign-in. Load it again.')
      ctx.redirect(signInUrl(safeReturnPath(formField(ctx, 'next')), 'stale'))
      ctx.status = 303
    }
  }

  /** False for a token of ours that belongs to another session or cookie, or none. Throws ForgedForm. */
  accepts(ctx: WebContext, token: string): boolean {
    if (!sameOrigin(ctx)) throw new ForgedForm('The request came from another site.')
    const binding = bindingOf(ctx)
    if (binding === undefined) throw new ForgedForm('The browser sent no cookie: this site needs them.')
    const wanted = Buffer.from(this.#mac(binding))
    const offered = Buffer.from(token)
    return offered.length === wanted.length && timingSafeEqual(offered, wanted)
  }

  #mac(binding: string): string {
    return createHmac('sha256', this.#key).update(binding).digest('base64url')
  }
}

function bindingOf(ctx: WebContext): string | undefined {
  return ctx.state.session?.id ?? getCookie(ctx, FORM_COOKIE)
}

/**
 * Browsers send Origin with every POST, and Sec-Fetch-Site where they trust the connection; where neither is sent, it
 * was no browser and the token decides. Only hosts are compared: behind a proxy that ends TLS the scheme differs.
 */
function sameOrigin(ctx: WebContext): boolean {
  const origin = ctx.get('Origin')
  const site = ctx.get('Sec-Fetch-Site')
  if (origin !== '' && (!URL.canParse(origin) || new URL(origin).host !== ctx.host)) return false
  return site === '' || site === 'same-origin'
}

// SPDX-License-Identifier: Apache-2.0
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Middleware } from 'koa'
import { formField, type NoExtras, type WebContext, type WebState } from '#web/context'
import { FORM_COOKIE, getCookie, setCookie } from './cookies.ts'

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
      if (!SAFE_METHODS.has(ctx.method)) this.#check(ctx)
      await next()
    }
  }

  #check(ctx: WebContext): void {
    if (!sameOrigin(ctx)) throw new ForgedForm('The request came from another site.')
    const binding = bindingOf(ctx)
    const given = ctx.get('X-CSRF-Token') || formField(ctx, 'csrf')
    if (binding === undefined)
      throw new ForgedForm('The browser sent no cookie: cookies must be allowed for this site.')
    const wanted = Buffer.from(this.#mac(binding))
    const offered = Buffer.from(given)
    if (offered.length !== wanted.length || !timingSafeEqual(offered, wanted)) {
      throw new ForgedForm('The page was loaded before the last sign-in, so its form is no longer valid.')
    }
  }

  #mac(binding: string): string {
    return createHmac('sha256', this.#key).update(binding).digest('base64url')
  }
}

function bindingOf(ctx: WebContext): string | undefined {
  return ctx.state.session?.id ?? getCookie(ctx, FORM_COOKIE)
}

/** Browsers send Origin with every POST; where neither header is sent, it was no browser and the token decides. */
function sameOrigin(ctx: WebContext): boolean {
  const origin = ctx.get('Origin')
  if (origin !== '') return origin === `${ctx.protocol}://${ctx.host}`
  const site = ctx.get('Sec-Fetch-Site')
  return site === '' || site === 'same-origin'
}

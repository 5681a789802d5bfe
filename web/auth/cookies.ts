// SPDX-License-Identifier: Apache-2.0
import type { WebContext } from '#web/context'

/** `__Host-` makes browsers refuse the cookie from a sibling host or without TLS [RFC 6265bis §4.1.3.2]. */
function cookieName(ctx: WebContext, name: string): string {
  return ctx.secure ? `__Host-${name}` : name
}

/** Lives until the browser closes; the server's own limits end it sooner. */
export function setCookie(ctx: WebContext, name: string, value: string): void {
  ctx.cookies.set(cookieName(ctx, name), value, {
    httpOnly: true,
    sameSite: 'strict',
    secure: ctx.secure,
    path: '/',
    overwrite: true,
  })
}

export function clearCookie(ctx: WebContext, name: string): void {
  ctx.cookies.set(cookieName(ctx, name), null, {
    httpOnly: true,
    sameSite: 'strict',
    secure: ctx.secure,
    path: '/',
    overwrite: true,
  })
}

/** Undefined for an absent cookie and for one that is longer than any we set. */
export function getCookie(ctx: WebContext, name: string): string | undefined {
  const value = ctx.cookies.get(cookieName(ctx, name))
  return value === undefined || value.length > 128 ? undefined : value
}

export const SESSION_COOKIE = 'offhook-session'
/**
 * Ties the sign-in form to the browser that loaded it, before there is a session. It stays: tabs whose session ends
 * together load their forms at once, and must not invalidate each other's.
 */
export const FORM_COOKIE = 'offhook-form'
